//! Randomness that can be foretold.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU8, AtomicUsize, Ordering},
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
#[derive(Clone)]
pub(crate) struct Stuck {
    repeats: Arc<AtomicUsize>,
    seed: Arc<AtomicU8>,
    after: Arc<Seeded>,
}

impl Stuck {
    pub(crate) fn for_calls(repeats: usize) -> Self {
        Self {
            repeats: Arc::new(AtomicUsize::new(repeats)),
            seed: Arc::new(AtomicU8::new(3)),
            after: Arc::new(Seeded::new(9)),
        }
    }

    /// For so many calls from now on.
    pub(crate) fn repeat(&self, calls: usize) {
        self.repeats.store(calls, Ordering::SeqCst);
    }

    /// The same with bytes that it has not given yet.
    pub(crate) fn repeat_others(&self, calls: usize) {
        self.seed.store(4, Ordering::SeqCst);
        self.repeat(calls);
    }
}

impl Randomness for Stuck {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        let one_less = |left: usize| left.checked_sub(1);
        if self.repeats.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_err() {
            return self.after.fill(bytes);
        }
        Seeded::new(self.seed.load(Ordering::SeqCst)).fill(bytes)
    }
}
