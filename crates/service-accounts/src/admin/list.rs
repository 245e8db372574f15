//! Lists of accounts.

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, AccountFilter, Paged, Store};

use super::Acting;
use crate::{Error, ServiceAccounts, Unavailable, core::authority::Call};

impl<S, P: Permission> ServiceAccounts<S, P> {
    /// A filter for every account of this realm, to be narrowed by its fields.
    #[must_use]
    pub fn every_account(&self) -> AccountFilter {
        AccountFilter::of(self.core.rules.realm.clone())
    }
}

impl<S: Store, P: Permission> Acting<'_, S, P> {
    /// A page of the accounts that match, in the order of their ids, starting behind `after`; only accounts whose teams
    /// the actor is in. A page may be short and still name where the next one starts.
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
        let realm = self.core.rules.realm.clone();
        let filter = AccountFilter { realm, within: asker.teams().clone(), ..filter.clone() };
        Ok(self.core.store.accounts(&filter, after, limit).await.map_err(Unavailable::new)?)
    }
}
