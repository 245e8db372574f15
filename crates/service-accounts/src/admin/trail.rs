//! Reading the audit trail.

use service_accounts_access::Permission;
use service_accounts_audit::{Page, Query};
use service_accounts_store::Store;

use super::Acting;
use crate::{
    Error, Unavailable,
    core::{authority::Call, journal::Due},
};

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
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
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn audit(&self, query: &Query) -> Result<Page, Error> {
        self.may(Call::ReadTrail)?;
        self.core.journal.flush(&self.core.store, Due::Now, self.core.now()).await?;
        Ok(self.core.store.events(query).await.map_err(Unavailable::new)?)
    }
}
