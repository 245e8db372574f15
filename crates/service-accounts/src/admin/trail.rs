//! Reading the trail: pages of events, alerts, seals, files, and the proof of one event.

mod export;
mod inclusion;

use service_accounts_access::Permission;
use service_accounts_audit::{Page, Query, detect::Alert};
use service_accounts_store::{DocumentId, DocumentKind, Paged, Store};
use time::UtcDateTime;

pub use self::export::{ExportForm, TrailExport};
use super::Acting;
use crate::{
    Error, TrailSeal, Unavailable,
    core::{authority::Call, journal::Due, trail::alerts::before_alerts_of},
};

impl<'a, S: Store + 'static, P: Permission> Acting<'a, S, P> {
    /// A page of the audit trail, up to this instant.
    ///
    /// A page may be short, even empty, and still have a `next`; follow it until there is none.
    ///
    /// What waits in this process is written first. What other processes gathered may come up to a minute later.
    ///
    /// ```
    /// use service_accounts::audit::{Action, Label, Query};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let query = Query::default().for_account(Label::new(id.as_str()));
    /// let page = accounts.acting(&ada).audit(&query).await?;
    /// assert_eq!(page.events[0].event.action(), Action::AccountCreated);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Where several realms share a store, events of other realms' accounts are left out: a page may hold fewer than asked and still
    /// name the next one.
    ///
    /// Rule: [`Call::ReadTrail`](crate::Call::ReadTrail). Reading the trail is itself no event; exporting it is.
    ///
    /// # Errors
    /// The actor may not, the query's `since` lies after its `until` ([`PeriodReversed`](Error::PeriodReversed)), or the store failed.
    pub async fn audit(&self, query: &Query) -> Result<Page, Error> {
        self.may(Call::ReadTrail)?;
        if query.earliest().zip(query.end()).is_some_and(|(since, until)| since > until) {
            return Err(Error::PeriodReversed);
        }
        self.core.journal.flush(&self.core.store, Due::Now, self.core.now()).await?;
        let mut page = self.core.store.events(query).await.map_err(Unavailable::new)?;
        page.events.retain(|recorded| self.core.shows_event(&recorded.event));
        Ok(page)
    }

    /// What is made of the trail: alerts, seals, files and proofs.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// // One handle reads alerts, seals, files and proofs.
    /// assert!(accounts.acting(&ada).trail().seals(None, 50).await?.items.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn trail(self) -> TrailHandle<'a, S, P> {
        TrailHandle { acting: self }
    }
}

/// The trail as a whole, on somebody's word: what [`Acting::trail`] returns.
///
/// Alerts are there where the host has [`detect`](crate::Builder::detect), seals and proofs where it has
/// [`seal`](crate::Builder::seal); without them the lists are empty. Upkeep makes both.
#[derive(Debug)]
pub struct TrailHandle<'a, S, P: Permission> {
    acting: Acting<'a, S, P>,
}

impl<S: Store + 'static, P: Permission> TrailHandle<'_, S, P> {
    /// A page of the alerts in the order of time, from `since` on, starting behind `after`.
    ///
    /// Rule: [`Call::ReadTrail`](crate::Call::ReadTrail). Alerts are kept as long as sealed events are, or a year;
    /// beyond a thousand a day, those about the failures of strangers go to `tracing` alone.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let page = accounts.acting(&ada).trail().alerts(None, None, 50).await?;
    /// page.items.iter().for_each(|alert| println!("{}: {}", alert.kind.as_str(), alert.subject));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of every call.
    pub async fn alerts(
        &self,
        since: Option<UtcDateTime>,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Alert, DocumentId>, Error> {
        self.acting.may(Call::ReadTrail)?;
        let start = since.map(before_alerts_of).transpose()?;
        let after = after.max(start.as_ref());
        let page = self.acting.core.kept_page(DocumentKind::Alert, after, limit).await?;
        let alerts = page.items.into_iter().map(|kept| kept.value);
        Ok(Paged { items: alerts.filter(|alert| self.acting.core.shows_alert(alert)).collect(), next: page.next })
    }

    /// A page of the seals in the order of their chain, starting behind `after`. Those of trimmed segments are gone.
    ///
    /// Keep the newest tag where whoever runs the store cannot change it: a verifier that knows it finds a trail that
    /// was put back.
    ///
    /// Rule: [`Call::ReadTrail`](crate::Call::ReadTrail).
    ///
    /// ```
    /// use service_accounts::{UpkeepBounds, audit::seal::SealKey};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::sealing(async |host::Host { accounts, ada, id, .. }| {
    /// # accounts.acting(&ada).account(&id).disable().await?;
    /// accounts.upkeep(UpkeepBounds::default()).await?;
    /// let page = accounts.acting(&ada).trail().seals(None, 50).await?;
    /// assert!(page.items[0].seal.is_genuine(&SealKey::new(&[7; 32])));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of every call.
    pub async fn seals(&self, after: Option<&DocumentId>, limit: usize) -> Result<Paged<TrailSeal, DocumentId>, Error> {
        self.acting.may(Call::ReadTrail)?;
        let page = self.acting.core.kept_seals(after, limit).await?;
        Ok(Paged { items: page.items.into_iter().map(|kept| kept.value).collect(), next: page.next })
    }
}
