//! Events in, seals out.

use alloc::vec::Vec;

use time::{Duration, UtcDateTime};

use super::{
    key::{Digest, SealKey},
    merkle,
    record::{Chain, Seal},
};
use crate::{LineError, Recorded, Sequence, to_line};

/// Closes the trail in segments.
///
/// It keeps 32 bytes for each event of the open segment and nothing else. After a restart, go on with
/// [`after`](Self::after) the last seal that was kept and the events that follow [`Seal::last`].
///
/// Two sealers that start after the same seal make two seals with the same number: keep a seal only if the number is free.
#[derive(Clone, Debug)]
pub struct Sealer {
    key: SealKey,
    chain: Chain,
    /// The last event that is sealed or will be.
    last: Option<Sequence>,
    first: Option<(Sequence, UtcDateTime)>,
    leaves: Vec<Digest>,
    most_events: usize,
    longest: Duration,
}

/// Why an event or a seal does not continue the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The seal was not made under this key, or was changed.
    #[error("seal {0} is not genuine under this key; check the key before the trail")]
    Forged(u64),
    /// The event does not come after the one before it.
    #[error("event {0} is out of order; pass events oldest first, from after the last seal")]
    Order(Sequence),
    /// The event has no text.
    #[error(transparent)]
    Line(#[from] LineError),
}

impl Sealer {
    /// Most events a segment can have.
    pub const MOST_EVENTS: usize = 65_536;

    /// A sealer for a trail that has no seal yet: at most 1,000 events or one hour a segment.
    #[must_use]
    pub const fn new(key: SealKey) -> Self {
        Self {
            key,
            chain: Chain { number: 0, previous: Digest([0; 32]) },
            last: None,
            first: None,
            leaves: Vec::new(),
            most_events: 1000,
            longest: Duration::HOUR,
        }
    }

    /// A sealer that goes on after the last seal.
    ///
    /// # Errors
    /// The seal is not genuine under this key.
    pub fn after(key: SealKey, seal: &Seal) -> Result<Self, SealError> {
        if !seal.is_genuine(&key) {
            return Err(SealError::Forged(seal.number));
        }
        Ok(Self { chain: Chain::after(seal), last: Some(seal.last), ..Self::new(key) })
    }

    /// A sealer that goes on under another key after the last seal, which was made under an earlier one.
    ///
    /// # Errors
    /// The seal is not genuine under the earlier key.
    pub fn succeeding(key: SealKey, earlier: &SealKey, seal: &Seal) -> Result<Self, SealError> {
        Ok(Self { key, ..Self::after(earlier.clone(), seal)? })
    }

    /// Closes segments at so many events (between 1 and [`MOST_EVENTS`](Self::MOST_EVENTS)), or when their first event is
    /// so old.
    #[must_use]
    pub fn closing_at(self, most_events: usize, longest: Duration) -> Self {
        Self { most_events: most_events.clamp(1, Self::MOST_EVENTS), longest, ..self }
    }

    /// Adds the next event, and gives the seal of the segment that it fills.
    ///
    /// # Errors
    /// The event is not newer than the one before it. Nothing was added.
    pub fn push(&mut self, recorded: &Recorded) -> Result<Option<Seal>, SealError> {
        if self.last.is_some_and(|last| recorded.sequence <= last) {
            return Err(SealError::Order(recorded.sequence));
        }
        let line = to_line(recorded)?;
        self.leaves.push(merkle::leaf(line.trim_end().as_bytes()));
        self.last = Some(recorded.sequence);
        self.first.get_or_insert((recorded.sequence, recorded.event.at()));
        Ok(if self.leaves.len() >= self.most_events { self.close() } else { None })
    }

    /// Closes the open segment if its time is over.
    #[must_use = "the seal is made once; keep it"]
    pub fn close_due(&mut self, now: UtcDateTime) -> Option<Seal> {
        let (_, since) = self.first?;
        // Neither does a clock that ran ahead for a while keep a segment open for as long.
        if (now - since).abs() >= self.longest { self.close() } else { None }
    }

    /// Closes the open segment, if it has an event.
    #[must_use = "the seal is made once; keep it"]
    pub fn close(&mut self) -> Option<Seal> {
        let ((first, _), last) = (self.first.take()?, self.last?);
        let seal = Seal::make(&self.key, &self.chain, first, last, &self.leaves);
        self.leaves.clear();
        self.chain = Chain::after(&seal);
        Some(seal)
    }

    /// How many events wait for a seal.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.leaves.len()
    }
}
