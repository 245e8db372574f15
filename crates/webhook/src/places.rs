//! Which subscriptions are at work, and how many of them are failing.
//!
//! Given up: more than 32 receivers that begin to hang in the same ten seconds delay others once, by at most that
//! time.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use service_accounts::store::DocumentId;

/// The subscriptions at work; as many as there are attempts at once.
#[derive(Debug, Default)]
pub(crate) struct Places {
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    busy: HashSet<DocumentId>,
    failing: usize,
}

/// A subscription at work: nobody else works on it until this is dropped.
#[derive(Debug)]
pub(crate) struct Place<'p> {
    places: &'p Places,
    id: DocumentId,
}

/// One of the places of those that failed before.
#[derive(Debug)]
pub(crate) struct FailingPlace<'p>(&'p Places);

impl Places {
    /// `None` where the subscription is at work already.
    pub(crate) fn take(&self, id: &DocumentId) -> Option<Place<'_>> {
        self.taken().busy.insert(id.clone()).then(|| Place { places: self, id: id.clone() })
    }

    /// `None` where as many failing ones are at work as may be.
    pub(crate) fn take_failing(&self, most: usize) -> Option<FailingPlace<'_>> {
        let mut taken = self.taken();
        if taken.failing >= most {
            return None;
        }
        taken.failing = taken.failing.saturating_add(1);
        Some(FailingPlace(self))
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    pub(crate) const fn id(&self) -> &DocumentId {
        &self.id
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.places.taken().busy.remove(&self.id);
    }
}

impl Drop for FailingPlace<'_> {
    fn drop(&mut self) {
        let mut taken = self.0.taken();
        taken.failing = taken.failing.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_is_worked_on_once_at_a_time_and_failing_ones_share_their_places() {
        let (places, id) = (Places::default(), DocumentId::parse("a").unwrap());
        let first = places.take(&id);
        assert!(first.is_some() && places.take(&id).is_none());
        drop(first);
        assert!(places.take(&id).is_some());
        let (one, two) = (places.take_failing(2), places.take_failing(2));
        assert!(one.is_some() && two.is_some() && places.take_failing(2).is_none());
        drop(one);
        assert!(places.take_failing(2).is_some());
    }
}
