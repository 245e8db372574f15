//! How long a call may take.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::{
    task::unconstrained,
    time::{Instant, Sleep, sleep},
};

use crate::PostgresError;

/// How long a call may take, and timers that are used again.
///
/// A new timer wakes the driver of the runtime, which costs two system calls. One that is put off keeps its place. It goes
/// off once more after the last call, and then wakes a caller that has its answer, which a future may do.
pub(crate) struct Deadline {
    after: Duration,
    kept: Mutex<Vec<Pin<Box<Sleep>>>>,
    most: usize,
}

/// Longer than any process lives; a duration may be too long to be added to an instant.
pub(crate) const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

impl Deadline {
    /// Keeps at most so many timers.
    pub(crate) fn new(after: Duration, most: usize) -> Arc<Self> {
        Arc::new(Self { after: after.min(NEVER), kept: Mutex::default(), most })
    }

    /// The work, or [`PostgresError::TooSlow`].
    pub(crate) fn bound<F>(self: &Arc<Self>, work: F) -> Bounded<F> {
        Bounded { deadline: self.clone(), timer: None, work }
    }

    fn timer(&self) -> Pin<Box<Sleep>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(mut timer) = kept else { return Box::pin(sleep(self.after)) };
        timer.as_mut().reset(Instant::now() + self.after);
        timer
    }

    fn keep(&self, timer: Pin<Box<Sleep>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < self.most {
            kept.push(timer);
        }
    }
}

pin_project! {
    /// Work that ends within the deadline, counted from when it first had to wait.
    pub(crate) struct Bounded<F> {
        deadline: Arc<Deadline>,
        timer: Option<Pin<Box<Sleep>>>,
        #[pin]
        work: F,
    }
}

impl<T, F: Future<Output = Result<T, PostgresError>>> Future for Bounded<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Poll::Ready(answer) = this.work.poll(context) {
            this.timer.take().into_iter().for_each(|timer| this.deadline.keep(timer));
            return Poll::Ready(answer);
        }
        let timer = this.timer.get_or_insert_with(|| this.deadline.timer());
        // Work that has used up its share of the runtime's time would otherwise never see its deadline.
        pin!(unconstrained(timer.as_mut())).poll(context).map(|()| Err(PostgresError::TooSlow))
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
    }

    const SHORT: Duration = Duration::from_millis(20);

    async fn after(pause: Duration) -> Result<(), PostgresError> {
        sleep(pause).await;
        Ok(())
    }

    #[test]
    fn a_timer_that_is_used_again_bounds_each_call_anew() {
        runtime().block_on(async {
            let deadline = Deadline::new(Duration::from_millis(200), 4);
            for _ in 0..4 {
                deadline.bound(after(SHORT)).await.unwrap();
                assert_eq!(deadline.kept.lock().unwrap().len(), 1);
            }
            let start = Instant::now();
            let answer = deadline.bound(pending::<Result<(), _>>()).await;
            assert!(matches!(answer, Err(PostgresError::TooSlow)));
            assert!(start.elapsed() >= Duration::from_millis(200), "an earlier call's time counted");
        });
    }

    #[test]
    fn a_timer_that_went_off_works_again() {
        runtime().block_on(async {
            let deadline = Deadline::new(SHORT, 4);
            deadline.bound(after(Duration::from_millis(1))).await.unwrap();
            sleep(SHORT * 3).await;
            let start = Instant::now();
            assert!(deadline.bound(pending::<Result<(), _>>()).await.is_err());
            assert!(start.elapsed() >= SHORT);
        });
    }

    #[test]
    fn no_more_timers_are_kept_than_asked_for_and_none_where_nothing_waits() {
        runtime().block_on(async {
            let deadline = Deadline::new(Duration::MAX, 4);
            deadline.bound(ready(Ok(()))).await.unwrap();
            assert!(deadline.kept.lock().unwrap().is_empty());
            let calls = (0..20).map(|_| deadline.bound(after(SHORT)));
            futures_util::future::join_all(calls).await;
            assert_eq!(deadline.kept.lock().unwrap().len(), 4);
        });
    }

    /// A call that was dropped, or too slow, takes its timer with it.
    #[test]
    fn a_dropped_call_leaves_no_timer_behind() {
        runtime().block_on(async {
            let deadline = Deadline::new(SHORT, 4);
            assert!(futures_util::FutureExt::now_or_never(deadline.bound(pending::<Result<(), _>>())).is_none());
            assert!(deadline.bound(pending::<Result<(), _>>()).await.is_err());
            assert!(deadline.kept.lock().unwrap().is_empty());
        });
    }
}
