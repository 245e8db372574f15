//! Records that were read once.
//!
//! Most records that no cache holds are asked for once in a long time, and what was found out about a good one stands in its
//! brief. To keep such a record costs more than to read it: its text is copied, and another record is taken apart. So a
//! record is kept with its text when it is read a second time. Until then a few are remembered for what is found out about
//! them within the request, without their texts.
//!
//! Given up: after a commit, a record that was read once is decoded once more.

use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use service_accounts_store::Credential;
use service_accounts_token::{TokenId, TokenIdHasher};

use super::Seen;
use crate::snapshot::Snapshot;

/// The last records that were read for the first time; one slot for each.
const SLOTS: usize = 64;

/// How many ids are remembered, by a part of their hash: 256 KiB.
const MARKS: usize = 1 << 16;

pub(super) struct Newcomers {
    slots: Box<[Mutex<Option<Seen>>]>,
    marks: Box<[AtomicU32]>,
}

impl Newcomers {
    pub(super) fn new() -> Self {
        let marks = (0..MARKS).map(|_| AtomicU32::default()).collect();
        Self { slots: (0..SLOTS).map(|_| Mutex::default()).collect(), marks }
    }

    /// Whether this id was read before, as far as is remembered; from now on it was.
    pub(super) fn is_known(&self, id: &TokenId) -> bool {
        let hash = hash(id);
        let mark = u32::try_from(hash >> 32).unwrap_or_default().max(1);
        self.marks.get(place(hash, MARKS)).is_some_and(|slot| slot.swap(mark, Ordering::Relaxed) == mark)
    }

    pub(super) fn put(&self, credential: &Arc<Credential>, at: Snapshot) {
        let seen = Seen { credential: credential.clone(), at };
        let before = self.slot(&credential.token().id).and_then(|mut slot| slot.replace(seen));
        // Taken apart when the slot is free again.
        drop(before);
    }

    pub(super) fn get(&self, id: &TokenId) -> Option<Seen> {
        let slot = self.slot(id)?;
        slot.as_ref().filter(|seen| seen.credential.token().id == *id).cloned()
    }

    fn slot(&self, id: &TokenId) -> Option<MutexGuard<'_, Option<Seen>>> {
        let slot = self.slots.get(place(hash(id), SLOTS))?;
        Some(slot.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn hash(id: &TokenId) -> u64 {
    let mut hasher = TokenIdHasher::default();
    id.hash(&mut hasher);
    hasher.finish()
}

fn place(hash: u64, places: usize) -> usize {
    usize::try_from(hash & 0xffff_ffff).unwrap_or_default() % places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_from_its_second_read_on() {
        let newcomers = Newcomers::new();
        let ids = ["0000000000000001", "0000000000000002"].map(|id| TokenId::parse(id).unwrap());
        assert_eq!(ids.map(|id| newcomers.is_known(&id)), [false; 2]);
        assert_eq!(ids.map(|id| newcomers.is_known(&id)), [true; 2]);
    }
}
