//! A store that fails on demand, to test what stands on one.

use std::{
    fmt,
    future::{Future, pending, poll_fn},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use service_accounts_audit::{Event, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    Account, AccountFilter, Authority, Brief, Change, Clearance, Committed, Credential, Cursor, Document, DocumentId,
    DocumentKind, Listed, Paged, Sighting, Store, Usage, port_calls::port_calls,
};

/// Any store, made to fail, to hang, or to be interrupted, when a test asks for it.
///
/// ```
/// use service_accounts_store::{MemoryStore, Store, conformance::{Call, Fault, FaultyStore, When}};
/// use service_accounts_audit::Query;
///
/// let store = FaultyStore::new(MemoryStore::new());
/// store.fail(When::From(1), Fault::Refused);
/// let read = || pollster::block_on(store.events(&Query::default()));
/// assert!(read().is_ok(), "the first call");
/// assert!(read().is_err() && read().is_err(), "every later one");
/// store.heal();
/// assert_eq!(store.calls_of(|| assert!(read().is_ok())), [Call::Events]);
/// ```
pub struct FaultyStore<S> {
    store: S,
    state: Mutex<State>,
}

macro_rules! calls {
    ($($variant:ident $call:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        /// One method of the port.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each variant is named after its method")]
        pub enum Call {
            $($variant,)+
        }

        impl<S: Store> Store for FaultyStore<S> {
            type Error = FaultyError<S::Error>;

            fn answers_at_once(&self) -> bool {
                self.store.answers_at_once()
            }

            fn prefetch(&self, id: &TokenId) {
                self.store.prefetch(id);
            }

            fn brief(&self, id: &TokenId) -> Option<&Brief> {
                if self.is_undisturbed() { self.store.brief(id) } else { None }
            }

            fn clear(&self, credential: &Arc<Credential>, clearance: Clearance) {
                self.store.clear(credential, clearance);
            }

            $(async fn $call(&self, $($argument: $type),*) -> Result<$answer, Self::Error> {
                self.around(Call::$variant, self.store.$call($($argument),*)).await
            })+
        }
    };
}

port_calls!(calls);

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done.
    Refused,
    /// It is done, but the answer never arrives.
    AnswerLost,
    /// Nothing is done, and no answer comes.
    Hangs,
    /// Nothing is done until the store fails no longer; poll it again then.
    Waits,
}

/// Which calls fail. They are counted from zero, from [`fail`](FaultyStore::fail) on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// All.
    Always,
    /// Only the call with this number.
    At(usize),
    /// The call with this number and all after it.
    From(usize),
    /// All of one method.
    Each(Call),
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    fault: Option<(When, Fault)>,
    interruption: Option<(Call, Box<dyn FnOnce() + Send>)>,
}

impl<S> FaultyStore<S> {
    /// A store that does not fail yet.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store, state: Mutex::default() }
    }

    /// The store behind, which never fails on demand.
    #[must_use]
    pub const fn inner(&self) -> &S {
        &self.store
    }

    /// Fails from now on.
    pub fn fail(&self, when: When, fault: Fault) {
        let mut state = self.state();
        state.calls.clear();
        state.fault = Some((when, fault));
    }

    /// Fails no longer.
    pub fn heal(&self) {
        self.state().fault = None;
    }

    /// Fails while `work` runs.
    pub fn failing<T>(&self, when: When, fault: Fault, work: impl FnOnce() -> T) -> T {
        self.fail(when, fault);
        let done = work();
        self.heal();
        done
    }

    /// Does something else just before the next call of one method: what another request could have done meanwhile.
    pub fn interrupt(&self, call: Call, work: impl FnOnce() + Send + 'static) {
        self.state().interruption = Some((call, Box::new(work)));
    }

    /// The calls that `work` makes, in order.
    pub fn calls_of(&self, work: impl FnOnce()) -> Vec<Call> {
        self.state().calls.clear();
        work();
        std::mem::take(&mut self.state().calls)
    }

    /// Whether nothing is to happen: a brief would lead around the call that it is to happen to.
    fn is_undisturbed(&self) -> bool {
        let state = self.state();
        state.fault.is_none() && state.interruption.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, call: Call) -> Option<Fault> {
        let interruption = self.state().interruption.take_if(|(awaited, _)| *awaited == call);
        if let Some((_, work)) = interruption {
            work();
        }
        let mut state = self.state();
        let number = state.calls.len();
        state.calls.push(call);
        state.fault.and_then(|(when, fault)| when.is_now(call, number).then_some(fault))
    }

    async fn around<T, E>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, FaultyError<E>> {
        match self.enter(call) {
            None => Ok(work.await?),
            Some(Fault::Refused) => Err(FaultyError::Injected),
            Some(Fault::AnswerLost) => {
                work.await?;
                Err(FaultyError::Injected)
            }
            Some(Fault::Hangs) => pending().await,
            Some(Fault::Waits) => {
                poll_fn(|_| if self.state().fault.is_none() { Poll::Ready(()) } else { Poll::Pending }).await;
                Ok(work.await?)
            }
        }
    }
}

impl When {
    fn is_now(self, call: Call, number: usize) -> bool {
        match self {
            Self::Always => true,
            Self::At(at) => at == number,
            Self::From(first) => first <= number,
            Self::Each(each) => each == call,
        }
    }
}

impl<S> fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore").field("fault", &self.state().fault).finish_non_exhaustive()
    }
}

/// Why a faulty store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultyError<E> {
    /// Because it was told to.
    #[error("a failure was injected")]
    Injected,
    /// By itself.
    #[error(transparent)]
    Store(#[from] E),
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    use service_accounts_audit::{Action, Label};

    use super::*;
    use crate::MemoryStore;

    fn store() -> FaultyStore<MemoryStore> {
        FaultyStore::new(MemoryStore::new())
    }

    fn event() -> Event {
        Event::new(Action::AccessDenied, Label::new("unknown"), UtcDateTime::UNIX_EPOCH)
    }

    fn append(store: &FaultyStore<MemoryStore>) -> bool {
        pollster::block_on(store.append(&[event()])).is_ok()
    }

    fn kept(store: &FaultyStore<MemoryStore>) -> usize {
        pollster::block_on(store.inner().events(&Query::default())).unwrap().events.len()
    }

    #[test]
    fn a_refused_call_does_nothing_and_a_lost_answer_was_given() {
        for (fault, done) in [(Fault::Refused, 0), (Fault::AnswerLost, 1)] {
            let store = store();
            assert!(!store.failing(When::Always, fault, || append(&store)));
            assert_eq!(kept(&store), done, "{fault:?}");
            assert!(append(&store), "healed");
        }
    }

    #[test]
    fn a_hanging_call_does_nothing_and_never_answers() {
        let store = store();
        store.fail(When::Always, Fault::Hangs);
        let events = [event()];
        let mut call = pin!(store.append(&events));
        assert!((0..3).all(|_| call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()));
        assert_eq!(kept(&store), 0);
    }

    #[test]
    fn a_waiting_call_is_done_once_the_store_is_healed() {
        let store = store();
        store.fail(When::Always, Fault::Waits);
        let events = [event()];
        let mut call = pin!(store.append(&events));
        let mut poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        assert!(!poll() && !poll());
        assert_eq!(kept(&store), 0);
        store.heal();
        assert!(poll());
        assert_eq!(kept(&store), 1);
    }

    #[test]
    fn the_calls_that_fail_are_those_asked_for() {
        for (when, expected) in [
            (When::Always, [false, false, false]),
            (When::At(1), [true, false, true]),
            (When::From(1), [true, false, false]),
            (When::Each(Call::Append), [false, false, false]),
            (When::Each(Call::Touch), [true, true, true]),
        ] {
            let store = store();
            append(&store);
            store.fail(when, Fault::Refused);
            assert_eq!([append(&store), append(&store), append(&store)], expected, "{when:?}");
        }
    }

    #[test]
    fn an_interruption_comes_once_and_before_the_call() {
        let store = Arc::new(store());
        let other = store.clone();
        store.interrupt(Call::Events, move || assert!(append(&other)));
        let seen = || pollster::block_on(store.events(&Query::default())).unwrap().events.len();
        let calls = store.calls_of(|| assert_eq!((seen(), seen()), (1, 1)));
        assert_eq!(calls, [Call::Append, Call::Events, Call::Events]);
        assert_eq!(store.calls_of(|| ()), []);
    }
}
