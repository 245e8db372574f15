//! The open sessions of an account.

use service_accounts_access::Permission;
use service_accounts_audit::Action;
use service_accounts_store::{Change, Class, Listed, Paged, Store};
use service_accounts_token::{Kind, TokenId};

use super::{AccountHandle, Acting};
use crate::{
    Error,
    core::{authority::Call, retry::retry_on_conflict},
};

impl<S: Store + 'static, P: Permission> AccountHandle<'_, S, P> {
    /// A page of the account's sessions in the order of their ids.
    ///
    /// Sessions that have ended are listed until upkeep removes them.
    ///
    /// ```
    /// use service_accounts::Narrowing;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, secret, .. }| {
    /// accounts.open_session(id.as_str(), &secret, &Narrowing::default(), None).await?;
    /// let page = accounts.acting(&ada).account(&id).sessions(None, 50).await?;
    /// assert_eq!(page.items.len(), 1);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::ReadTokens`](crate::Call::ReadTokens).
    ///
    /// # Errors
    /// [`AccountMissing`](Error::AccountMissing).
    pub async fn sessions(&self, after: Option<&TokenId>, limit: usize) -> Result<Paged<Listed, TokenId>, Error> {
        self.credentials(Kind::Session, after, limit).await
    }

    /// Ends one session of the account from the next request on. Doing it twice is the same as once.
    ///
    /// The client can open another one: to prevent that, regenerate the client secret or disable the account.
    ///
    /// ```
    /// use service_accounts::Narrowing;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, ada, id, token, secret, .. }| {
    /// let session = accounts.open_session(id.as_str(), &secret, &Narrowing::default(), None).await?;
    /// accounts.acting(&ada).account(&id).revoke_session(&session.token.id).await?;
    /// assert!(accounts.authenticate(session.secret.expose(), None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Rule: [`Call::RevokeSession`](crate::Call::RevokeSession). Event: `session.revoked`, once. A client ends its own
    /// session with [`end_session`](crate::ServiceAccounts::end_session) or by showing its text (RFC 7009).
    ///
    /// # Errors
    /// [`TokenMissing`](Error::TokenMissing), also for a token's id.
    pub async fn revoke_session(&self, session: &TokenId) -> Result<(), Error> {
        let Acting { core, actor } = self.acting;
        retry_on_conflict(move || async move {
            let account = self.acting.account_for(Call::RevokeSession, self.id).await?;
            let found = core.credential(self.id, session).await?;
            if !matches!(found.token().class, Class::Session { .. }) {
                return Err(Error::TokenMissing);
            }
            let event = core.token_event(Action::SessionRevoked, actor, found.token());
            let change = Change::Revoke {
                token: *session,
                account: self.id.clone(),
                account_revision: Some(account.revision),
                at: core.now(),
            };
            core.commit(actor, change, event).await.map(drop)
        })
        .await
    }
}
