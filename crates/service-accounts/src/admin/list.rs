//! Lists of accounts.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, AccountFilter, Paged, Store};

use super::Acting;
use crate::{
    Error, ServiceAccounts, Unavailable,
    core::{asker::Asker, authority::Call},
};

impl<S, P: Permission> ServiceAccounts<S, P> {
    /// A filter for every account of this realm, to be narrowed by its fields.
    ///
    /// ```
    /// use service_accounts::{lifecycle::Environment, store::AccountFilter};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let production = AccountFilter { environment: Some(Environment::production()), ..accounts.every_account() };
    /// assert_eq!(accounts.acting(&ada).accounts(&production, None, 50).await?.items.len(), 1);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Each field narrows, and all of them must fit. The realm is set anew by
    /// [`Acting::accounts`](crate::Acting::accounts), so another one cannot be asked for.
    #[must_use]
    pub fn every_account(&self) -> AccountFilter {
        AccountFilter::of(self.core.rules.realm.clone())
    }
}

impl<S: Store, P: Permission> Acting<'_, S, P> {
    /// A page of the accounts that match, in the order of their ids, starting behind `after`; only accounts whose teams
    /// the actor is in. A page may be short and still name where the next one starts.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let mut after = None;
    /// loop {
    ///     let page = accounts.acting(&ada).accounts(&accounts.every_account(), after.as_ref(), 50).await?;
    ///     page.items.iter().for_each(|account| println!("{} is for {}", account.id, account.purpose.as_str()));
    ///     let Some(next) = page.next else { break };
    ///     after = Some(next);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadAccounts`](crate::Call::ReadAccounts). An account that changes while somebody turns the pages
    /// is listed once, as it stands when its page is read.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn accounts(
        &self,
        filter: &AccountFilter,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, Error> {
        let asker = self.asker();
        asker.may(Call::ReadAccounts)?;
        let AccountFilter { realm, within, .. } = self.visible(&asker);
        let filter = AccountFilter { realm, within, ..filter.clone() };
        Ok(self.core.store.accounts(&filter, after, limit).await.map_err(Unavailable::new)?)
    }

    /// The accounts that a list may show: of this realm, and all of whose teams the actor is in.
    ///
    /// Every list begins here, so that none shows more than [`read`](super::AccountHandle::read) would.
    pub(super) fn visible(&self, asker: &Asker<'_, P>) -> AccountFilter {
        AccountFilter { within: asker.teams().clone(), ..AccountFilter::of(self.core.rules.realm.clone()) }
    }
}
