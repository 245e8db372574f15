//! What is to be done, what is coming, and what another policy would change, over all accounts, a page at a time.

use service_accounts_access::Permission;
use service_accounts_lifecycle::{
    ComingFinding, LifecyclePolicy, PolicyDifference, Span, Task, TokenEntry, diff, forecast, plan,
};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Paged, Store};
use service_accounts_token::{Kind, TokenId};

use super::Acting;
use crate::{
    Error, Unavailable,
    core::{authority::Call, journal::Due},
};

/// Where a token stands: what a plan names it by.
///
/// Keys sort by account, then by token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenKey {
    /// Its account.
    pub account: AccountId,
    /// Which of its tokens.
    pub token: TokenId,
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    /// What is to be done now about the tokens of the next `limit` accounts, the weightiest first within the page.
    ///
    /// It proposes and does nothing. `limit` counts accounts, not tasks.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, token, .. }| {
    /// let page = accounts.acting(&ada).plan(None, 100).await?;
    /// assert!(page.items.is_empty()); // a token that was minted now needs nothing
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadPlans`](crate::Call::ReadPlans). Uses that wait in memory are written first, or a token used a
    /// moment ago would be planned for as idle.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn plan(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Task<TokenKey>, AccountId>, Error> {
        let Paged { items, next } = self.entries(after, limit).await?;
        Ok(Paged { items: plan(&items, &self.core.rules.lifecycle, self.core.now()), next })
    }

    /// What will be found of the tokens of the next `limit` accounts until `horizon` from now if nobody acts, in the order
    /// of dates within the page. What is found already is in [`plan`](Self::plan).
    ///
    /// ```
    /// use service_accounts::lifecycle::Span;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, token, .. }| {
    /// let horizon = Span::days(400).ok_or("it fits")?;
    /// let page = accounts.acting(&ada).forecast(horizon, None, 100).await?;
    /// assert!(!page.items.is_empty()); // the token expires within 400 days
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadPlans`](crate::Call::ReadPlans). It supposes that nobody acts and nobody uses a token
    /// meanwhile.
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn forecast(
        &self,
        horizon: Span,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<ComingFinding<TokenKey>, AccountId>, Error> {
        let Paged { items, next } = self.entries(after, limit).await?;
        let days = forecast(&items, &self.core.rules.lifecycle, self.core.now(), horizon);
        Ok(Paged { items: days.into_values().flatten().collect(), next })
    }

    /// What another policy would change, now, for the tokens of the next `limit` accounts; tokens it changes nothing for
    /// are left out.
    ///
    /// It adopts nothing: a policy is chosen with [`Builder::lifecycle`](crate::Builder::lifecycle).
    ///
    /// ```
    /// use service_accounts::lifecycle::LifecyclePolicy;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, .. }| {
    /// let page = accounts.acting(&ada).compare_policy(&LifecyclePolicy::default(), None, 100).await?;
    /// assert!(page.items.is_empty()); // it is the policy of this host
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadPlans`](crate::Call::ReadPlans).
    ///
    /// # Errors
    /// The actor may not, or the store failed.
    pub async fn compare_policy(
        &self,
        policy: &LifecyclePolicy,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<PolicyDifference<TokenKey>, AccountId>, Error> {
        let Paged { items, next } = self.entries(after, limit).await?;
        Ok(Paged { items: diff(&items, &self.core.rules.lifecycle, policy, self.core.now()), next })
    }

    /// The tokens of a page of accounts that the actor may see, as the planner takes them.
    ///
    /// The filter leaves out accounts of teams that the actor is not in, so pages may be short.
    async fn entries(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<TokenEntry<TokenKey>, AccountId>, Error> {
        let (asker, core) = (self.asker(), self.core);
        asker.may(Call::ReadPlans)?;
        core.journal.flush(&core.store, Due::Now, core.now()).await?;
        let filter = self.visible(&asker);
        let page = core.store.accounts(&filter, after, limit).await.map_err(Unavailable::new)?;
        let mut items = Vec::new();
        for account in &page.items {
            self.entries_of(account, &mut items).await?;
        }
        Ok(Paged { items, next: page.next })
    }

    /// Tokens that ended with all of their account are not planned for; a sweep observes them.
    async fn entries_of(&self, account: &Account, into: &mut Vec<TokenEntry<TokenKey>>) -> Result<(), Error> {
        let mut pages = self.core.credentials_of(&account.id, &[Kind::Token]);
        while let Some(page) = pages.next().await? {
            let live = page.iter().filter(|listed| {
                let token = listed.credential.token();
                token.state.is_revoked() || !token.is_revoked(account)
            });
            into.extend(live.map(|listed| {
                let TokenEntry { key, environment, facts } = listed.entry();
                TokenEntry { key: TokenKey { account: account.id.clone(), token: key }, environment, facts }
            }));
        }
        Ok(())
    }
}
