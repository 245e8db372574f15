//! That one event stands in the sealed trail, shown without the others.

use service_accounts_access::Permission;
use service_accounts_audit::{
    Recorded, Sequence,
    seal::{Proof, SealKey},
};
use service_accounts_store::Store;

use super::TrailHandle;
use crate::{
    Error, TrailSeal, Unavailable,
    core::{authority::Call, documents::Kept},
};

/// An event, the seal that covers it, and the way from the one to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The event.
    pub event: Recorded,
    /// The seal of its segment.
    pub seal: TrailSeal,
    /// From the event's line to the root in the seal.
    pub proof: Proof,
}

impl Inclusion {
    /// Whether the seal was made under this key and covers the event.
    #[must_use]
    pub fn holds(&self, key: &SealKey) -> bool {
        self.seal.seal.is_genuine(key) && self.proof.holds(&self.event, &self.seal.seal)
    }
}

impl<S: Store + 'static, P: Permission> TrailHandle<'_, S, P> {
    /// The proof that an event stands in the sealed trail.
    ///
    /// # Errors
    /// The actor may not, the store failed, or there is no such event under a seal:
    /// [`DocumentMissing`](Error::DocumentMissing). The newest events are sealed within the hour.
    pub async fn inclusion(&self, event: Sequence) -> Result<Inclusion, Error> {
        self.acting.may(Call::ReadTrail)?;
        let seal = self.seal_over(event).await?.ok_or(Error::DocumentMissing)?;
        let segment = self.acting.core.events_within(seal.seal.first(), seal.seal.last()).await?;
        let proof = Proof::of(&segment, event).map_err(Unavailable::new)?.ok_or(Error::DocumentMissing)?;
        let shown = |recorded: &Recorded| recorded.sequence == event && self.acting.core.shows_event(&recorded.event);
        let event = segment.into_iter().find(shown).ok_or(Error::DocumentMissing)?;
        Ok(Inclusion { event, seal, proof })
    }

    /// Seals are numbered without a gap, so half of them are left out with each look.
    async fn seal_over(&self, event: Sequence) -> Result<Option<TrailSeal>, Error> {
        let core = self.acting.core;
        let oldest = core.kept_seals(None, 1).await?.items.into_iter().next();
        let (Some(oldest), Some(newest)) = (oldest, core.newest_seal().await?) else { return Ok(None) };
        let number = |kept: &Kept<TrailSeal>| kept.value.seal.number();
        let (mut low, mut high) = (number(&oldest), number(&newest));
        while low <= high {
            let middle = low.midpoint(high);
            let Some(Kept { value, .. }) = core.seal_numbered(middle).await? else { return Ok(None) };
            if event > value.seal.last() {
                low = middle.saturating_add(1);
            } else if event >= value.seal.first() {
                return Ok(Some(value));
            } else if middle == 0 {
                return Ok(None);
            } else {
                high = middle - 1;
            }
        }
        Ok(None)
    }
}
