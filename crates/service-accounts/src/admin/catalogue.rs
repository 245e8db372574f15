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
    /// # Errors
    /// The actor does not hold everything on every team, or the store failed; the present catalogue stays then.
    pub async fn replace_catalogue(&self, catalogue: Catalogue<P>) -> Result<(), Error> {
        self.may(Call::ChangePolicies)?;
        self.core.record(self.core.event(Action::CatalogueReplaced, self.actor)).await?;
        self.core.rules.catalogue.replace(catalogue);
        Ok(())
    }
}
