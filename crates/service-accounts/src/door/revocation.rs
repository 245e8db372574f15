//! A credential is given back by whoever shows its text (RFC 7009).

use std::sync::Arc;

use service_accounts_access::Permission;
use service_accounts_audit::Action;
use service_accounts_store::{Change, Class, Credential, Store};

use super::judge::Entry;
use crate::{
    Actor, Error, ServiceAccounts, Unavailable,
    core::{Core, asker::Asker, authority::Call, retry::retry_on_conflict},
};

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Revokes the token or session whose text this is, for good. What does not work at the moment is revoked too.
    ///
    /// An account gives back its own; whoever may revoke an account's tokens revokes those. Everything else is left as it
    /// is and no error: unknown, wrong, revoked before, a client secret, and somebody else's look alike.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, text, .. }| {
    /// let own = accounts.authenticate(&text, None).await?.actor();
    /// accounts.revoke_presented(&own, &text).await?;
    /// assert!(accounts.authenticate(&text, None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// Event: `token.revoked` or `session.revoked`. Rule, for credentials of others:
    /// [`Call::RevokeToken`](crate::Call::RevokeToken) or [`Call::RevokeSession`](crate::Call::RevokeSession). Doing it
    /// twice is the same as once, as RFC 7009 §2.2 asks.
    ///
    /// # Errors
    /// The store failed, or the actor lost the right meanwhile.
    pub async fn revoke_presented(&self, actor: &Actor<P>, text: &str) -> Result<(), Error> {
        let core = &*self.core;
        retry_on_conflict(move || async move {
            match core.revocable(actor, text).await? {
                Some(found) => core.give_back(actor, &found).await,
                None => Ok(()),
            }
        })
        .await
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// The credential with this text, if the actor may revoke it and it is not revoked yet.
    ///
    /// A client secret is no bearer credential and is not read here: it ends by regeneration.
    async fn revocable(&self, actor: &Actor<P>, text: &str) -> Result<Option<Arc<Credential>>, Error> {
        let Ok(shown) = self.read(text, Entry::Bearer) else { return Ok(None) };
        let found = self.store.credential(&shown.presented.id()).await.map_err(Unavailable::new)?;
        let stored = found.as_ref().map(|found| &found.token().digest);
        let verified = self.issuer.keyring.verify_signed(&shown.presented, &shown.signed, stored);
        let (Ok(_), Some(found)) = (verified, found) else { return Ok(None) };
        let account = found.account();
        let may = account.id.is_in(&self.rules.realm)
            && (actor.is(&account.id) || Asker::new(actor, &self.rules).may_on(call(&found), account).is_ok());
        Ok((may && !found.token().is_revoked(account)).then_some(found))
    }

    /// Of its own the account's revision is left out; of somebody else's the actor's right depends on it.
    async fn give_back(&self, actor: &Actor<P>, found: &Credential) -> Result<(), Error> {
        let (token, account) = (found.token(), found.account());
        let is_own = actor.is(&account.id);
        let action = if is_session(found) { Action::SessionRevoked } else { Action::TokenRevoked };
        let event = self.token_event(action, actor, token);
        let account_revision = (!is_own).then_some(account.revision);
        let change = Change::Revoke { token: token.id, account: account.id.clone(), account_revision, at: self.now() };
        if !is_own {
            return self.commit(actor, change, event).await.map(drop);
        }
        // Giving up a right needs no right: it must succeed even while the account is being changed.
        self.commit(&Actor::host(account.id.as_str()), change, event).await.map(drop)
    }
}

fn call(found: &Credential) -> Call {
    if is_session(found) { Call::RevokeSession } else { Call::RevokeToken }
}

fn is_session(found: &Credential) -> bool {
    matches!(found.token().class, Class::Session { .. })
}
