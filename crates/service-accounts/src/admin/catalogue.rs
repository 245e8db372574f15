//! Replacing the catalogue of roles while requests run.

use service_accounts_access::{Catalogue, Permission};
use service_accounts_audit::Action;
use service_accounts_store::Store;

use super::Acting;
use crate::{Error, core::authority::Call};

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// Judges by another catalogue from the next request on, once that is recorded.
    ///
    /// Every process of a host has a catalogue of its own, so call it in each.
    ///
    /// Credentials whose role or scopes the new catalogue does not know are refused until it knows them again.
    ///
    /// ```
    /// use service_accounts::access::presets::data_quality;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// accounts.acting(&ada).replace_catalogue(data_quality::catalogue()).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ChangePolicies`](crate::Call::ChangePolicies). Event: `catalogue.replaced`, one in each process
    /// that replaces it. A call that is under way may still be judged by the earlier one.
    ///
    /// # Errors
    /// The actor does not hold everything on every team, or the store failed; the present catalogue stays then.
    pub async fn replace_catalogue(&self, catalogue: Catalogue<P>) -> Result<(), Error> {
        self.may(Call::ChangePolicies)?;
        self.core.record_by(self.actor, self.core.realm_event(Action::CatalogueReplaced, self.actor)).await?;
        self.core.rules.catalogue.replace(catalogue);
        Ok(())
    }
}
