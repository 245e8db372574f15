//! Client credentials and the sessions they open.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{Allowlist, Grants, Permission, Scopes};
use service_accounts_audit::Action;
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Change, Class, Store, Token};
use service_accounts_token::SecretToken;
use time::{Duration, UtcDateTime};

use crate::{
    Actor, AuthenticateError, Error, Principal, ServiceAccounts, Unavailable, attempts::attempted, authenticate::Door,
    service::Inner,
};

/// The longest a session lives, and how long it does where nothing shorter is asked for.
pub const SESSION_LIFETIME: Duration = Duration::hours(24);

/// How a session is narrower than its account; by default it is not.
#[derive(Clone, Debug)]
pub struct Narrowing {
    /// What it may do at most.
    pub scopes: Scopes,
    /// The networks it may come from; they must lie within the account's.
    pub allowlist: Allowlist,
    /// How long it lives, at most [`SESSION_LIFETIME`].
    pub lifetime: Option<Duration>,
}

impl Default for Narrowing {
    fn default() -> Self {
        Self { scopes: Scopes::Inherited, allowlist: Allowlist::any(), lifetime: None }
    }
}

/// A new session with the only copy there will ever be of its text.
#[derive(Debug)]
pub struct OpenedSession<P: Permission> {
    /// The text to hand over.
    pub secret: SecretToken,
    /// The record.
    pub token: Token,
    /// When it ends.
    pub expires_at: UtcDateTime,
    /// Its account.
    pub account: Arc<Account>,
    /// What it may do.
    pub grants: Grants<P>,
}

/// Why no session was opened.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The client credentials were refused, or could not be judged.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// They were good, but the session asked for is not to be had.
    #[error(transparent)]
    Session(#[from] Error),
}

impl<S: Store, P: Permission> ServiceAccounts<S, P> {
    /// Exchanges client credentials for a session (RFC 6749 §4.4).
    ///
    /// # Errors
    /// The credentials were refused, the session would be wider than its account, or the store failed.
    pub async fn open_session(
        &self,
        client_id: &str,
        client_secret: &str,
        narrowing: &Narrowing,
        address: Option<IpAddr>,
    ) -> Result<OpenedSession<P>, ExchangeError> {
        let inner = &*self.inner;
        let opened = attempted(move || async move {
            // Judged anew each time: what changed in between may have been the right to a session.
            match inner.admit(client_secret, Door::Exchange { client_id }, address).await {
                Ok(principal) => inner.try_open(&principal, narrowing).await.map(Ok),
                Err(refused) => Ok(Err(refused)),
            }
        });
        Ok(opened.await??)
    }

    /// Ends the session that a principal came with, from the next request on.
    ///
    /// # Errors
    /// It came with a token, which only an administrator revokes; or the store failed.
    pub async fn end_session(&self, principal: &Principal<P>) -> Result<(), Error> {
        let session = principal.token();
        if !matches!(session.class, Class::Session { .. }) {
            return Err(Error::NotASession);
        }
        let event = self.inner.token_event(Action::SessionRevoked, &principal.actor(), session);
        // Giving up a right needs no right: it must succeed even while the account is being changed.
        let host = Actor::host(principal.id().as_str());
        self.inner.commit(&host, Change::Revoke { token: session.id, at: self.inner.now() }, event).await.map(drop)
    }

    /// Makes a new client secret; the present one stops working, sessions it has opened go on until they expire.
    ///
    /// # Errors
    /// The actor may not, or holds less than the account.
    pub async fn regenerate_client_secret(&self, actor: &Actor<P>, id: &AccountId) -> Result<SecretToken, Error> {
        let inner = &*self.inner;
        inner.admit_manager(actor)?;
        attempted(move || async move {
            let account = inner.account(id).await?;
            let (secret, record) = inner.draft_secret(actor, &account)?;
            let event = inner.token_event(Action::SecretRegenerated, actor, &record);
            let (secret_record, account_revision) = (Box::new(record), account.revision);
            let change = Change::RegenerateSecret { secret: secret_record, account_revision, at: inner.now() };
            inner.commit(actor, change, event).await?;
            Ok(secret)
        })
        .await
    }

    /// Removes up to `limit` expired sessions and tells how many it removed.
    ///
    /// Nothing rests on it: an expired session is refused whether or not it is still stored.
    ///
    /// # Errors
    /// The store failed; what was removed before stays removed.
    pub async fn sweep_sessions(&self, limit: usize) -> Result<usize, Error> {
        let inner = &*self.inner;
        let now = inner.now();
        let system = Actor::<P>::host("service-accounts");
        let mut removed = 0;
        for id in inner.store.due(now, limit).await.map_err(Unavailable::new)? {
            let Some(found) = inner.store.credential(&id).await.map_err(Unavailable::new)? else { continue };
            if !matches!(found.token().class, Class::Session { .. }) {
                continue;
            }
            let event = inner.token_event(Action::SessionExpired, &system, found.token());
            match inner.commit(&system, Change::DeleteToken { token: id, at: now }, event).await {
                Ok(_) => removed += 1,
                Err(Error::TokenMissing) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }
}

impl<S: Store, P: Permission> Inner<S, P> {
    async fn try_open(&self, principal: &Principal<P>, narrowing: &Narrowing) -> Result<OpenedSession<P>, Error> {
        let drafted = self.draft_session(principal, narrowing)?;
        match self.keep(&principal.actor(), principal.account(), &drafted.token, Action::SessionOpened).await {
            Ok(revision) => Ok(OpenedSession { token: Token { revision, ..drafted.token }, ..drafted }),
            // The account changed since it was judged, or the secret did.
            Err(Error::AuthorityLost) => Err(Error::Conflict),
            Err(error) => Err(error),
        }
    }

    /// The session as it will be once the store has it.
    fn draft_session(&self, principal: &Principal<P>, narrowing: &Narrowing) -> Result<OpenedSession<P>, Error> {
        let account = principal.credential.account();
        if !narrowing.allowlist.is_subset_of(&account.allowlist) && !narrowing.allowlist.is_unrestricted() {
            return Err(Error::NetworksWiden);
        }
        let expires_at = self.session_end(account, narrowing.lifetime)?;
        let class = Class::Session { opened_with: principal.token().id };
        let actor = principal.actor();
        let grant = self.guard_token(&actor, account, &narrowing.scopes)?;
        let grants = self.catalogue.load().holder(&account.grant, grant.scopes());
        let grants = grants.map_err(|unknown| Error::Grant(unknown.into()))?;
        let (secret, blank) = self.draft(&actor, account, class, grant)?;
        let (allowlist, end) = (narrowing.allowlist.clone(), Some(expires_at));
        let token = Token { allowlist, expires_at: end, next_due: end, ..blank };
        Ok(OpenedSession { secret, token, expires_at, account: account.clone(), grants })
    }

    fn session_end(&self, account: &Account, lifetime: Option<Duration>) -> Result<UtcDateTime, Error> {
        let lifetime = lifetime.unwrap_or(SESSION_LIFETIME);
        if lifetime < Duration::SECOND || lifetime > SESSION_LIFETIME {
            return Err(Error::SessionLifetime);
        }
        let end = self.now().checked_add(lifetime).ok_or(Error::SessionLifetime)?.truncate_to_second();
        Ok(account.expires_at.map_or(end, |account_end| account_end.min(end)))
    }
}
