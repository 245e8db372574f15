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
    /// Hand it out where one event must be shown and the others are nobody's business: it holds the event, its seal and
    /// the digests on the way between them.
    ///
    /// Rule: [`Call::ReadTrail`](crate::Call::ReadTrail). It reads the segment, at most
    /// [`Sealer::MOST_EVENTS`](service_accounts_audit::seal::Sealer::MOST_EVENTS) events.
    ///
    /// ```
    /// use service_accounts::{UpkeepBounds, audit::{Sequence, seal::SealKey}};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::sealing(async |host::Host { accounts, ada, id, .. }| {
    /// # accounts.acting(&ada).account(&id).disable().await?;
    /// accounts.upkeep(UpkeepBounds::default()).await?;
    /// let proof = accounts.acting(&ada).trail().inclusion(Sequence::new(1)).await?;
    /// assert!(proof.holds(&SealKey::new(&[7; 32])));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`DocumentMissing`](Error::DocumentMissing) where no seal covers such an event, or it belongs to another realm.
    /// The newest events are sealed within the hour.
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
