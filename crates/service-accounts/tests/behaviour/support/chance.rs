//! Randomness that can be foretold.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use service_accounts::{Randomness, RandomnessError};

/// The same bytes in every run.
pub(crate) struct Seeded(Mutex<ChaCha20Rng>);

impl Seeded {
    pub(crate) fn new(seed: u8) -> Self {
        Self(Mutex::new(ChaCha20Rng::from_seed([seed; 32])))
    }
}

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        self.0.lock().unwrap().fill_bytes(bytes);
        Ok(())
    }
}

/// A broken source: the same bytes again and again, for so many calls.
pub(crate) struct Stuck {
    repeats: AtomicUsize,
    after: Seeded,
}

impl Stuck {
    pub(crate) fn for_calls(repeats: usize) -> Self {
        Self { repeats: AtomicUsize::new(repeats), after: Seeded::new(9) }
    }
}

impl Randomness for Stuck {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        let one_less = |left: usize| left.checked_sub(1);
        if self.repeats.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_err() {
            return self.after.fill(bytes);
        }
        Seeded::new(3).fill(bytes)
    }
}
