//! Accesses between the request and the store.

use std::sync::{Mutex, MutexGuard, PoisonError};

use service_accounts_audit::Event;

use super::Access;

/// Accesses that wait to be written.
#[derive(Default)]
pub(crate) struct Pending(Mutex<Vec<Access>>);

/// How many accesses may wait before a request writes them itself: the bound on memory when nobody else does.
const MOST_PENDING: usize = 4096;

/// How many accesses are kept while the store refuses them.
const MOST_KEPT: usize = 65_536;

/// Accesses on their way to the store; what is not written goes back, even if nobody waits for the write any more.
pub(crate) struct AccessBatch<'a> {
    pending: &'a Pending,
    accesses: Vec<Access>,
}

impl Pending {
    /// Adds one, and tells whether it is time to write.
    pub(crate) fn push(&self, access: Access) -> bool {
        let mut pending = self.lock();
        pending.push(access);
        pending.len() >= MOST_PENDING
    }

    /// Hands over all that wait, oldest first.
    pub(crate) fn take(&self) -> AccessBatch<'_> {
        AccessBatch { pending: self, accesses: std::mem::take(&mut *self.lock()) }
    }

    /// Takes back, before what came meanwhile, what could not be written. Past the bound the oldest are given up, loudly.
    fn put_back(&self, mut accesses: Vec<Access>) {
        let mut pending = self.lock();
        accesses.append(&mut pending);
        let lost = accesses.len().saturating_sub(MOST_KEPT);
        if lost > 0 {
            tracing::error!(target: "service_accounts::audit", lost, "access events lost: the store refuses them");
        }
        *pending = accesses.split_off(lost);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Access>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AccessBatch<'_> {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.accesses.iter().map(Access::event).collect()
    }

    pub(crate) fn written(mut self) {
        self.accesses.clear();
    }
}

impl Drop for AccessBatch<'_> {
    fn drop(&mut self) {
        if !self.accesses.is_empty() {
            self.pending.put_back(std::mem::take(&mut self.accesses));
        }
    }
}

#[cfg(test)]
mod tests {
    use service_accounts_token::TokenId;
    use time::UtcDateTime;

    use super::*;
    use crate::{Rejection, access_log::Outcome};

    fn access(at: usize) -> Access {
        Access {
            token: TokenId::parse("0123456789abcdef").unwrap(),
            credential: None,
            address: None,
            at: UtcDateTime::from_unix_timestamp(i64::try_from(at).unwrap()).unwrap(),
            outcome: Outcome::Denied(Rejection::Unknown),
        }
    }

    fn times(pending: &Pending) -> Vec<i64> {
        pending.take().events().iter().map(|event| event.at().unix_timestamp()).collect()
    }

    #[test]
    fn what_was_not_written_comes_back_in_its_old_place() {
        let pending = Pending::default();
        pending.push(access(1));
        pending.push(access(2));
        let batch = pending.take();
        pending.push(access(3));
        drop(batch);
        assert_eq!(times(&pending), [1, 2, 3]);
    }

    #[test]
    fn what_was_written_does_not_come_back() {
        let pending = Pending::default();
        pending.push(access(1));
        pending.take().written();
        assert!(times(&pending).is_empty());
    }

    #[test]
    fn it_is_time_to_write_at_the_bound() {
        let pending = Pending::default();
        let calls: Vec<_> = (1..=MOST_PENDING + 1).map(|at| pending.push(access(at))).collect();
        assert_eq!(calls.iter().position(|is_time| *is_time), Some(MOST_PENDING - 1));
        assert!(calls.ends_with(&[false, true, true]));
    }

    #[test]
    fn while_the_store_refuses_the_newest_are_kept_up_to_a_bound() {
        let pending = Pending::default();
        (1..=MOST_KEPT + 2).for_each(|at| _ = pending.push(access(at)));
        drop(pending.take());
        let kept = times(&pending);
        assert_eq!((kept.len(), kept.first()), (MOST_KEPT, Some(&3)));
    }
}
