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
    /// # Errors
    /// The actor may not, there is no such account, or the store failed.
    pub async fn sessions(&self, after: Option<&TokenId>, limit: usize) -> Result<Paged<Listed, TokenId>, Error> {
        self.credentials(Kind::Session, after, limit).await
    }

    /// Ends one session of the account from the next request on. Doing it twice is the same as once.
    ///
    /// # Errors
    /// The actor may not, or there is no such session.
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
