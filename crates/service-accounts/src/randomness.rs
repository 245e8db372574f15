//! The one place that asks the operating system for randomness.

use std::error::Error;

use rand_core::{TryCryptoRng, TryRng};

/// A source of randomness fit for secrets; the host may bring its own.
///
/// It is asked for the ids and secrets of credentials, for seeds, and for nothing on a request's way in.
pub trait Randomness: Send + Sync + 'static {
    /// Fills `bytes` whole.
    ///
    /// # Errors
    /// The source failed; no secret may be made then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The source of randomness failed.
///
/// Nothing was minted. There is no fallback to a weaker source.
#[derive(Debug, thiserror::Error)]
#[error("the source of randomness failed")]
pub struct RandomnessError(#[source] Box<dyn Error + Send + Sync>);

impl RandomnessError {
    /// Wraps the source's own error.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::SysRng.try_fill_bytes(bytes).map_err(RandomnessError::new)
    }
}

/// Any source in the shape that minting takes.
pub(crate) struct Source<'a>(pub(crate) &'a dyn Randomness);

impl TryRng for Source<'_> {
    type Error = RandomnessError;

    fn try_next_u32(&mut self) -> Result<u32, RandomnessError> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, RandomnessError> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        self.0.fill(bytes)
    }
}

impl TryCryptoRng for Source<'_> {}
