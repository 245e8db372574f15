//! Which commit the lines are true of, read as one by many threads while one writes.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use crate::watch::Head;

/// Of which state of the file the lines tell. The sequence is odd while the rest is being written.
#[derive(Default)]
pub(super) struct Stamp {
    sequence: AtomicU64,
    head: [AtomicU64; Head::WORDS],
    generation: AtomicU64,
}

impl Stamp {
    #[inline]
    pub(super) fn fits(&self, head: &Head, generation: u64) -> bool {
        let before = self.sequence.load(Ordering::Acquire);
        let fits = self.is_of(head) && self.generation() == generation;
        fence(Ordering::Acquire);
        fits && before & 1 == 0 && self.sequence.load(Ordering::Relaxed) == before
    }

    /// For whoever writes.
    #[inline]
    pub(super) fn is_of(&self, head: &Head) -> bool {
        self.head.iter().zip(head.words()).all(|(slot, word)| slot.load(Ordering::Relaxed) == word)
    }

    #[inline]
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Only one thread writes at a time.
    pub(super) fn set(&self, head: &Head, generation: u64) {
        let before = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(before | 1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.head.iter().zip(head.words()).for_each(|(slot, word)| slot.store(word, Ordering::Relaxed));
        self.generation.store(generation, Ordering::Relaxed);
        self.sequence.store((before | 1).wrapping_add(1), Ordering::Release);
    }
}
