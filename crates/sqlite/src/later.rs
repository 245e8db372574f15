//! Steps of long jobs, which nobody waits for as for an answer to a request.
//!
//! While others ask for changes, a step shares their write to disk, and after it the next one rests for four times as
//! long as it took. So a long job takes a fifth of the writer's time at most, and goes on however much others write. While
//! nobody else writes, step follows step.
//!
//! Given up: while others write without a pause, an account of 40,000 sessions is gone after some 40 seconds, not ten.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How many times as long as a step took the next one rests.
const RESTS: u32 = 4;

/// The most that it rests, where the disk is slow.
const LONGEST: Duration = Duration::from_millis(250);

/// For how long a change of others tells that more will follow.
const BUSY: Duration = Duration::from_millis(50);

/// How long a step that is due waits for something that it can share a write to disk with, while others are busy.
const COMPANY: Duration = Duration::from_millis(2);

/// The steps that wait, in the order in which they were asked for.
pub(crate) struct Later<Step> {
    steps: VecDeque<Step>,
    /// When the next one may be done.
    due: Instant,
    /// When somebody else last asked for a change.
    others: Option<Instant>,
}

impl<Step> Later<Step> {
    pub(crate) const fn new(now: Instant) -> Self {
        Self { steps: VecDeque::new(), due: now, others: None }
    }

    pub(crate) fn put_off(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    /// Somebody else asked for a change.
    pub(crate) const fn give_way(&mut self, now: Instant) {
        self.others = Some(now);
    }

    /// How long to wait for others before the next step is done alone; `None` where no step waits.
    pub(crate) fn patience(&self, now: Instant) -> Option<Duration> {
        let company = if self.is_busy(now) { COMPANY } else { Duration::ZERO };
        (!self.steps.is_empty()).then(|| self.due.saturating_duration_since(now) + company)
    }

    /// The next step, if it has rested.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Step> {
        if now >= self.due { self.steps.pop_front() } else { None }
    }

    /// After a step that began at this instant.
    pub(crate) fn rest(&mut self, began: Instant, now: Instant) {
        let rest = now.saturating_duration_since(began).saturating_mul(RESTS).min(LONGEST);
        self.due = if self.is_busy(now) { now + rest } else { now };
    }

    /// All that wait, rested or not.
    pub(crate) fn into_steps(self) -> VecDeque<Step> {
        self.steps
    }

    fn is_busy(&self, now: Instant) -> bool {
        self.others.is_some_and(|others| now.saturating_duration_since(others) < BUSY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn while_nobody_else_writes_step_follows_step() {
        let start = Instant::now();
        let mut later = Later::new(start);
        assert_eq!(later.patience(start), None);
        [1, 2].into_iter().for_each(|step| later.put_off(step));
        assert_eq!((later.patience(start), later.next(start)), (Some(Duration::ZERO), Some(1)));
        later.rest(start, start + millis(3));
        assert_eq!((later.patience(start + millis(3)), later.next(start + millis(3))), (Some(Duration::ZERO), Some(2)));
    }

    #[test]
    fn while_others_write_a_step_waits_for_them_and_rests_after_it_but_never_for_good() {
        let start = Instant::now();
        let mut later = Later::new(start);
        [1, 2].into_iter().for_each(|step| later.put_off(step));
        later.give_way(start);
        assert_eq!((later.patience(start), later.next(start)), (Some(COMPANY), Some(1)));
        let after = start + millis(3);
        later.rest(start, after);
        let due = after + RESTS * millis(3);
        for now in [after, due - Duration::from_nanos(1)] {
            later.give_way(now);
            assert_eq!(later.next(now), None);
        }
        assert_eq!((later.patience(due), later.next(due)), (Some(COMPANY), Some(2)));
        later.rest(due, due + Duration::from_secs(5));
        later.put_off(3);
        assert!(later.patience(due + Duration::from_secs(5)).is_some_and(|wait| wait <= LONGEST + COMPANY));
    }

    #[test]
    fn others_who_have_stopped_are_waited_for_no_longer() {
        let start = Instant::now();
        let mut later = Later::new(start);
        later.give_way(start);
        later.put_off(1);
        assert_eq!(later.patience(start + BUSY - millis(1)), Some(COMPANY));
        assert_eq!(later.patience(start + BUSY), Some(Duration::ZERO));
    }
}
