//! One account, and what can be done to it.

use std::{fmt, sync::Arc};

use service_accounts_access::Permission;
use service_accounts_audit::Action;
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Change, Revision, Status, Store};

use super::{AccountUpdate, Acting, RegeneratedSecret, UpdatedAccount};
use crate::{
    Error,
    core::{asker::Asker, authority::Call, retry::retry_on_conflict},
};

/// One account on somebody's word: what [`Acting::account`] returns.
///
/// It borrows the id and reads nothing by itself: each call reads the account anew, so a handle never goes stale. An
/// account of another realm, and a deleted one, are [`AccountMissing`](Error::AccountMissing).
pub struct AccountHandle<'a, S, P: Permission> {
    pub(super) acting: Acting<'a, S, P>,
    pub(super) id: &'a AccountId,
}

impl<S: Store + 'static, P: Permission> AccountHandle<'_, S, P> {
    /// The account as it stands.
    ///
    /// Reading is no use of the account and leaves no event.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let account = accounts.acting(&ada).account(&id).read().await?;
    /// assert_eq!(account.name.as_str(), "Pipeline");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadAccounts`](crate::Call::ReadAccounts).
    ///
    /// # Errors
    /// The actor may not, or there is no such account in this realm.
    pub async fn read(&self) -> Result<Arc<Account>, Error> {
        self.acting.account_for(Call::ReadAccounts, self.id).await
    }

    /// Changes the account; what its tokens may do changes with it at once.
    ///
    /// Where the host asks for approval, more rights than were approved wait as a proposal, and the approved ones hold.
    ///
    /// ```
    /// use service_accounts::{AccountUpdate, store::Owner};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let update = AccountUpdate { owner: Some(Owner::parse("platform team")?), ..AccountUpdate::default() };
    /// let updated = accounts.acting(&ada).account(&id).update(update).await?;
    /// assert_eq!(updated.account.owner.as_str(), "platform team");
    /// assert!(updated.gains.is_empty());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::UpdateAccount`](crate::Call::UpdateAccount). Event: `account.updated`, or `account.proposed` where
    /// rights wait; each field that changed has its old and new value there. An update that changes nothing leaves no event, and
    /// the account keeps its revision.
    ///
    /// # Errors
    /// [`JustificationMissing`](Error::JustificationMissing) above the lowest role,
    /// [`TooManyNetworks`](Error::TooManyNetworks) beyond 1,000, [`ExpiryPassed`](Error::ExpiryPassed),
    /// [`PolicyBlocked`](Error::PolicyBlocked), or the actor does not hold the account's rights both before and after.
    pub async fn update(&self, update: AccountUpdate) -> Result<UpdatedAccount, Error> {
        self.acting.update_account(self.id, &update).await
    }

    /// Suspends the account: none of its credentials works from the next request on.
    ///
    /// Nothing is revoked: [`enable`](Self::enable) undoes it. Only the teams are asked for, so that anybody in charge can stop an
    /// account whose rights exceed their own.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, text, .. }| {
    /// accounts.acting(&ada).account(&id).disable().await?;
    /// assert!(accounts.authenticate(&text, None).await.is_err());
    ///
    /// accounts.acting(&ada).account(&id).enable().await?;
    /// assert!(accounts.authenticate(&text, None).await.is_ok());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::DisableAccount`](crate::Call::DisableAccount). Event: `account.disabled`, once.
    ///
    /// # Errors
    /// The actor may not, or there is no such account.
    pub async fn disable(&self) -> Result<Arc<Account>, Error> {
        Ok(self.set_status(Call::DisableAccount, Status::Disabled, Action::AccountDisabled).await?.account)
    }

    /// Ends the suspension; its credentials work again, as far as they have not ended themselves.
    ///
    /// It gives no approval: an account that waits for a second administrator still waits. The answer names the credentials that
    /// work again in the hands of somebody who could not have handed them out.
    ///
    /// ```
    /// use service_accounts::store::Status;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// accounts.acting(&ada).account(&id).disable().await?;
    /// let enabled = accounts.acting(&ada).account(&id).enable().await?;
    /// assert_eq!(enabled.account.status, Status::Enabled);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::EnableAccount`](crate::Call::EnableAccount). Event: `account.enabled`, once.
    ///
    /// # Errors
    /// The actor may not, does not hold the account's rights, or there is no such account.
    pub async fn enable(&self) -> Result<UpdatedAccount, Error> {
        self.set_status(Call::EnableAccount, Status::Enabled, Action::AccountEnabled).await
    }

    /// Agrees, as a second administrator, to the account or to more rights of it, as they stood at the revision `seen`.
    ///
    /// Pass the revision of the account that was shown to the person who agrees. Whatever was changed since then is refused as
    /// [`Error::Outdated`] and has to be looked at again.
    ///
    /// ```
    /// use service_accounts::Error;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, .. }| {
    /// let seen = accounts.acting(&ada).account(&id).read().await?.revision;
    /// let approved = accounts.acting(&ada).account(&id).approve(seen).await;
    /// assert!(matches!(approved, Err(Error::NotPending))); // this host asks for no second administrator
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// In this order: the actor may not, nothing waits ([`NotPending`](Error::NotPending)), it changed since it was seen
    /// ([`Outdated`](Error::Outdated)), the actor made or edited it ([`OwnApproval`](Error::OwnApproval)), or holds less than it.
    pub async fn approve(&self, seen: Revision) -> Result<UpdatedAccount, Error> {
        self.acting.approve_account(self.id, seen).await
    }

    /// Ends the account and all its credentials for good; the audit trail keeps its history.
    ///
    /// However many credentials it has, none works from the next request on; they are removed in bounded steps. Where this
    /// call is interrupted, a sweep goes on with them, at the latest when the next of them is due.
    ///
    /// ```
    /// use service_accounts::Error;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, text, .. }| {
    /// accounts.acting(&ada).account(&id).delete().await?;
    /// assert!(accounts.authenticate(&text, None).await.is_err());
    /// let gone = accounts.acting(&ada).account(&id).read().await;
    /// assert!(matches!(gone, Err(Error::AccountMissing)));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::DeleteAccount`](crate::Call::DeleteAccount). Events: `account.deleted`, then `account.purged` for
    /// each step.
    ///
    /// # Errors
    /// The actor may not, or there is no such account.
    pub async fn delete(&self) -> Result<(), Error> {
        let Acting { core, actor } = self.acting;
        let deleted = retry_on_conflict(|| async {
            let account = self.acting.account_for(Call::DeleteAccount, self.id).await?;
            let event = core.account_event(Action::AccountDeleted, actor, &account);
            let change = Change::DeleteAccount { account: self.id.clone(), expected: account.revision };
            core.commit(actor, change, event).await
        })
        .await?;
        if let Err(error) = core.forget_subscriptions_of(self.id).await {
            tracing::warn!(target: "service_accounts::store", %error, "the next delivery will remove what an account was told");
        }
        // It is deleted whatever becomes of the rest.
        if deleted.account().is_some()
            && let Err(error) = core.purge(self.id).await
        {
            tracing::warn!(target: "service_accounts::store", %error, "a sweep will remove what is left of an account");
        }
        Ok(())
    }

    /// Revokes every credential of the account in one step: tokens, sessions and the client secret.
    ///
    /// It is for good. [`disable`](Self::disable) stops an account for a while; [`contain`](Self::contain) also writes down what
    /// happened.
    ///
    /// ```
    /// use service_accounts::{NewToken, naming::TokenName};
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, text, .. }| {
    /// accounts.acting(&ada).account(&id).revoke_credentials().await?;
    /// assert!(accounts.authenticate(&text, None).await.is_err());
    /// // The account itself goes on: it can get a new token at once.
    /// let wanted = NewToken::new(TokenName::parse("warehouse-load-2027")?);
    /// assert!(accounts.acting(&ada).account(&id).mint(&wanted).await.is_ok());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::RevokeCredentials`](crate::Call::RevokeCredentials). Event: `credentials.revoked`, one for all of
    /// them, and again for each call: whether any credential is left would take reading them all.
    ///
    /// # Errors
    /// The actor may not, or there is no such account.
    pub async fn revoke_credentials(&self) -> Result<Arc<Account>, Error> {
        self.acting.revoke_all(Call::RevokeCredentials, self.id).await
    }

    /// Makes a new client secret; the present one stops working, sessions it has opened go on until they expire.
    ///
    /// The client id is the account's id and stays. To end the sessions too, call
    /// [`revoke_credentials`](Self::revoke_credentials) first.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, secret, .. }| {
    /// let new = accounts.acting(&ada).account(&id).regenerate_secret().await?;
    /// assert!(accounts.authenticate_client(id.as_str(), new.secret.expose(), None).await.is_ok());
    /// assert!(accounts.authenticate_client(id.as_str(), &secret, None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The actor may not, or holds less than the account.
    pub async fn regenerate_secret(&self) -> Result<RegeneratedSecret, Error> {
        let Acting { core, actor } = self.acting;
        retry_on_conflict(|| async {
            let account = self.acting.account_for(Call::RegenerateSecret, self.id).await?;
            let draft = self.acting.draft_secret(&self.acting.asker(), &account)?;
            let event = core.token_event(Action::SecretRegenerated, actor, &draft.record);
            let (secret, account_revision) = (Box::new(draft.record), account.revision);
            let change = Change::RegenerateSecret { secret, account_revision, at: core.now() };
            let (_applied, warnings) = core.commit_warned(actor, change, event).await?;
            Ok(RegeneratedSecret { secret: draft.secret, warnings })
        })
        .await
    }

    async fn set_status(&self, call: Call, status: Status, action: Action) -> Result<UpdatedAccount, Error> {
        let changed = |_: &Asker<'_, P>, account: &Account| Ok((action, Account { status, ..account.clone() }));
        self.acting.change_account(call, self.id, changed).await
    }
}

impl<S: Store + 'static, P: Permission> Acting<'_, S, P> {
    pub(super) async fn revoke_all(&self, call: Call, id: &AccountId) -> Result<Arc<Account>, Error> {
        retry_on_conflict(|| async {
            let account = self.account_for(call, id).await?;
            let event = self.core.account_event(Action::CredentialsRevoked, self.actor, &account);
            let change = Change::RevokeAll { account: id.clone(), expected: account.revision };
            let applied = self.core.commit(self.actor, change, event).await?;
            Ok(applied.account().map_or(account, |account| Arc::new(account.clone())))
        })
        .await
    }
}

impl<S, P: Permission> fmt::Debug for AccountHandle<'_, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountHandle").field("id", &self.id.as_str()).finish_non_exhaustive()
    }
}
