//! That one event stands in the sealed trail, shown without the others.

use service_accounts_access::Permission;
use service_accounts_audit::{
    Sequence,
    seal::{Inclusion, Seal},
};
use service_accounts_store::Store;

use super::TrailHandle;
use crate::{
    Error, TrailSeal, Unavailable,
    core::{authority::Call, documents::Kept},
};

impl<S: Store + 'static, P: Permission> TrailHandle<'_, S, P> {
    /// The proof that an event stands in the sealed trail; [`Inclusion::holds`] verifies it anywhere.
    ///
    /// # Errors
    /// The actor may not, the store failed, or there is no such event under a seal:
    /// [`DocumentMissing`](Error::DocumentMissing). The newest events are sealed within the hour.
    pub async fn inclusion(&self, event: Sequence) -> Result<Inclusion, Error> {
        self.acting.may(Call::ReadTrail)?;
        let seal = self.seal_over(event).await?.ok_or(Error::DocumentMissing)?;
        let segment = self.acting.core.events_within(seal.first(), seal.last()).await?;
        let found = Inclusion::of(&segment, event, seal).map_err(Unavailable::new)?;
        found.filter(|found| self.acting.core.shows_event(&found.event.event)).ok_or(Error::DocumentMissing)
    }

    /// Seals are numbered without a gap, so half of them are left out with each look.
    async fn seal_over(&self, event: Sequence) -> Result<Option<Seal>, Error> {
        let core = self.acting.core;
        let oldest = core.kept_seals(None, 1).await?.items.into_iter().next();
        let (Some(oldest), Some(newest)) = (oldest, core.newest_seal().await?) else { return Ok(None) };
        let number = |kept: &Kept<TrailSeal>| kept.value.seal.number();
        let (mut low, mut high) = (number(&oldest), number(&newest));
        while low <= high {
            let middle = low.midpoint(high);
            let Some(kept) = core.seal_numbered(middle).await? else { return Ok(None) };
            let seal = kept.value.seal;
            if event > seal.last() {
                low = middle.saturating_add(1);
            } else if event >= seal.first() {
                return Ok(Some(seal));
            } else if middle == 0 {
                return Ok(None);
            } else {
                high = middle - 1;
            }
        }
        Ok(None)
    }
}
