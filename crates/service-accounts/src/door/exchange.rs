//! Client credentials and the sessions they open.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{Allowlist, GrantError, Grants, Permission, PermissionSet, Scopes};
use service_accounts_audit::Action;
use service_accounts_store::{Account, Change, Class, Credential, Store, Token};
use service_accounts_token::SecretToken;
use time::{Duration, UtcDateTime};

use super::judge::Entry;
use crate::{
    Actor, AuthenticateError, Error, Principal, ServiceAccounts,
    core::{Core, asker::Asker, issuer::Draft, retry::retry_on_conflict},
};

/// The longest a session lives, and how long it does where nothing shorter is asked for.
///
/// An account that ends earlier ends its sessions with it.
pub const SESSION_LIFETIME: Duration = Duration::hours(24);

/// The most networks that a session may be narrowed to.
const MOST_NETWORKS: usize = 32;

/// How a session is narrower than its account; by default it is not.
///
/// What is left out is the account's: a session never has more.
///
/// ```
/// use service_accounts::{Narrowing, access::{Allowlist, Scopes}};
/// use time::Duration;
///
/// let narrowing = Narrowing {
///     scopes: Scopes::none(),
///     allowlist: Allowlist::parse_all(["10.0.0.0/8"])?,
///     lifetime: Some(Duration::minutes(15)),
/// };
/// assert!(narrowing.lifetime < Some(service_accounts::SESSION_LIFETIME));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Narrowing {
    /// What it may do at most.
    ///
    /// A scope that the account does not hold whole is refused, so that a session lists nothing it cannot do.
    pub scopes: Scopes,
    /// The networks it may come from, at most 32; they must lie within the account's.
    pub allowlist: Allowlist,
    /// How long it lives, at most [`SESSION_LIFETIME`].
    ///
    /// Between one second and that; else [`Error::SessionLifetime`].
    pub lifetime: Option<Duration>,
}

impl Default for Narrowing {
    fn default() -> Self {
        Self { scopes: Scopes::Inherited, allowlist: Allowlist::any(), lifetime: None }
    }
}

/// A new session with the only copy there will ever be of its text.
///
/// Over HTTP it is the answer of RFC 6749 §5.1, without a refresh token: the client exchanges its credentials again.
#[derive(Debug)]
pub struct OpenedSession<P: Permission> {
    /// The text to hand over.
    pub secret: SecretToken,
    /// What the store keeps of the session.
    pub token: Token,
    /// The first instant at which it is refused.
    pub expires_at: UtcDateTime,
    /// The account it acts for.
    pub account: Arc<Account>,
    /// What it may do.
    pub grants: Grants<P>,
}

/// Why no session was opened.
///
/// The first is `invalid_client`, the second `invalid_scope` or `invalid_request` of RFC 6749 §5.2.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The client credentials were refused, or could not be judged.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// The credentials were valid; the requested session is not allowed.
    #[error(transparent)]
    Session(#[from] Error),
}

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Judges client credentials without opening a session, such as for introspection (RFC 7662 §2.1).
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, id, token, secret, .. }| {
    /// let principal = accounts.authenticate_client(id.as_str(), &secret, None).await?;
    /// assert_eq!(principal.id(), &id);
    /// // A client secret is no bearer token.
    /// assert!(accounts.authenticate(&secret, None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// They were refused, or could not be judged because the store failed.
    pub async fn authenticate_client(
        &self,
        client_id: &str,
        client_secret: &str,
        address: Option<IpAddr>,
    ) -> Result<Principal<P>, AuthenticateError> {
        self.core.admit(client_secret, Entry::Exchange { client_id }, address).await
    }

    /// Exchanges client credentials for a session (RFC 6749 §4.4).
    ///
    /// An account has a bounded number of open sessions, [`Builder::most_sessions`](crate::Builder::most_sessions); those
    /// that end first make room for a new one.
    ///
    /// ```
    /// use service_accounts::Narrowing;
    /// use time::Duration;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, id, secret, .. }| {
    /// let narrowing = Narrowing { lifetime: Some(Duration::hours(1)), ..Narrowing::default() };
    /// let session = accounts.open_session(id.as_str(), &secret, &narrowing, None).await?;
    /// let principal = accounts.authenticate(session.secret.expose(), None).await?;
    /// assert_eq!(principal.id(), &id);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
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
        let core = &*self.core;
        let opened = retry_on_conflict(move || async move {
            // Judged anew each time: what changed in between may have been the right to a session.
            match core.admit(client_secret, Entry::Exchange { client_id }, address).await {
                Ok(principal) => core.open(&principal, narrowing).await.map(Ok),
                Err(refused) => Ok(Err(refused)),
            }
        });
        Ok(opened.await??)
    }

    /// Ends the session that a principal came with, from the next request on.
    ///
    /// ```
    /// use service_accounts::Narrowing;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, id, secret, .. }| {
    /// let session = accounts.open_session(id.as_str(), &secret, &Narrowing::default(), None).await?;
    /// let principal = accounts.authenticate(session.secret.expose(), None).await?;
    /// accounts.end_session(&principal).await?;
    /// assert!(accounts.authenticate(session.secret.expose(), None).await.is_err());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// It came with a token, which only an administrator revokes; or the store failed.
    pub async fn end_session(&self, principal: &Principal<P>) -> Result<(), Error> {
        // One that is gone has ended.
        let Some(session) = principal.token() else { return Ok(()) };
        if !matches!(session.class, Class::Session { .. }) {
            return Err(Error::NotASession);
        }
        let event = self.core.token_event(Action::SessionRevoked, &principal.actor(), session);
        // Giving up a right needs no right: it must succeed even while the account is being changed.
        let host = Actor::host(principal.id().as_str());
        let (token, account, at) = (session.id, session.account.clone(), self.core.now());
        let change = Change::Revoke { token, account, account_revision: None, at };
        self.core.commit(&host, change, event).await.map(drop)
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    async fn open(&self, principal: &Principal<P>, narrowing: &Narrowing) -> Result<OpenedSession<P>, Error> {
        let actor = principal.actor();
        let credential = principal.credential().ok_or(Error::AuthorityLost)?;
        let drafted = self.draft_session(&actor, credential, narrowing)?;
        let change = Change::OpenSession {
            session: Box::new(drafted.token.clone()),
            account_revision: credential.account().revision,
            most: self.rules.most_sessions,
        };
        let event = self.token_event(Action::SessionOpened, &actor, &drafted.token);
        match self.commit_at_once(&actor, change, event).await {
            Ok((applied, _)) => {
                let token = applied.token(&drafted.token.id).cloned().unwrap_or(drafted.token);
                Ok(OpenedSession { token, ..drafted })
            }
            // The account changed since it was judged, or the secret did.
            Err(Error::AuthorityLost) => Err(Error::Conflict),
            Err(error) => Err(error),
        }
    }

    /// The session as it will be once the store has it.
    ///
    /// Its scopes are judged by the catalogue that the account was judged by a moment before; the commit checks the
    /// account's revision.
    fn draft_session(
        &self,
        actor: &Actor<P>,
        shown: &Credential,
        narrowing: &Narrowing,
    ) -> Result<OpenedSession<P>, Error> {
        let account = shown.account();
        check_networks(account, &narrowing.allowlist)?;
        let expires_at = self.session_end(account, narrowing.lifetime)?;
        let asker = Asker::new(actor, &self.rules);
        check_scopes(&asker, &narrowing.scopes)?;
        let grant = asker.catalogue.guard_token(asker.holds(), &account.grant, narrowing.scopes.clone());
        let grant = grant.map_err(Error::Grant)?;
        let grants = asker.catalogue.holder(&account.grant, grant.scopes());
        let grants = grants.map_err(|unknown| Error::Grant(unknown.into()))?;
        let class = Class::Session { opened_with: shown.token().id };
        let Draft { secret, record } = self.issuer.draft(actor, account, class, grant, self.now())?;
        let (allowlist, end) = (narrowing.allowlist.clone(), Some(expires_at));
        // Whoever saw the client secret could have opened this session.
        let token = Token { allowlist, expires_at: end, next_due: end, ..record };
        Ok(OpenedSession { secret, token, expires_at, account: account.clone(), grants })
    }

    /// The account's own end bounds it, so no session outlives its account.
    fn session_end(&self, account: &Account, lifetime: Option<Duration>) -> Result<UtcDateTime, Error> {
        let lifetime = lifetime.unwrap_or(SESSION_LIFETIME);
        if lifetime < Duration::SECOND || lifetime > SESSION_LIFETIME {
            return Err(Error::SessionLifetime);
        }
        let end = self.now().checked_add(lifetime).ok_or(Error::SessionLifetime)?.truncate_to_second();
        Ok(account.expires_at.map_or(end, |account_end| account_end.min(end)))
    }
}

/// A scope that the account does not hold whole is refused: a session must not list what it cannot do.
fn check_scopes<P: Permission>(asker: &Asker<'_, P>, wanted: &Scopes) -> Result<(), Error> {
    let asked = wanted.names().filter_map(|name| asker.catalogue.scope(name));
    let missing = asked.fold(PermissionSet::empty(), PermissionSet::union).difference(asker.holds().permissions());
    let permissions: Vec<_> = missing.iter().map(Permission::name).collect();
    if permissions.is_empty() { Ok(()) } else { Err(Error::Grant(GrantError::Permissions { permissions })) }
}

fn check_networks(account: &Account, wanted: &Allowlist) -> Result<(), Error> {
    if wanted.is_unrestricted() {
        return Ok(());
    }
    if wanted.networks().take(MOST_NETWORKS + 1).count() > MOST_NETWORKS {
        return Err(Error::TooManyNetworks { most: MOST_NETWORKS });
    }
    if wanted.is_subset_of(&account.allowlist) { Ok(()) } else { Err(Error::NetworksWiden) }
}
