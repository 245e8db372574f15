//! The one door: every credential, by whatever path it comes, is judged here.
//!
//! text → parse and checksum → one read → MAC and compare → standing → network → principal → mark. The steps run in this
//! order for every credential, so a client that does not know the secret learns nothing, not even by time, about the
//! account behind an id.

mod authorize;
mod exchange;
mod first_use;
mod introspection;
mod judge;
mod rehash;
mod revocation;

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::Permission;
use service_accounts_store::{Credential, LastUsed, Store};
use service_accounts_token::Presented;
use time::UtcDateTime;

pub use self::{
    authorize::Forbidden,
    exchange::{ExchangeError, Narrowing, OpenedSession, SESSION_LIFETIME},
    introspection::Introspection,
};
use self::{
    first_use::Contended,
    judge::{Accepted, Entry},
};
use crate::{
    AuthenticateError, Principal, Rejection, ServiceAccounts, Unavailable,
    core::{
        Core,
        journal::{Access, Outcome},
    },
};

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Judges a bearer credential: a token or a session. The first use of a rotation's successor ends the token it replaces.
    ///
    /// # Errors
    /// It was refused, or could not be judged because the store failed.
    pub async fn authenticate(&self, text: &str, address: Option<IpAddr>) -> Result<Principal<P>, AuthenticateError> {
        self.core.admit(text, Entry::Bearer, address).await
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Judges a credential, and again where it changed before its first use was noted.
    async fn admit(
        &self,
        text: &str,
        entry: Entry<'_>,
        address: Option<IpAddr>,
    ) -> Result<Principal<P>, AuthenticateError> {
        for _ in 0..first_use::TRIES {
            if let Some(principal) = self.admit_as_it_stands(text, entry, address).await? {
                return Ok(principal);
            }
        }
        Err(AuthenticateError::Unavailable(Unavailable::new(Contended)))
    }

    async fn admit_as_it_stands(
        &self,
        text: &str,
        entry: Entry<'_>,
        address: Option<IpAddr>,
    ) -> Result<Option<Principal<P>>, AuthenticateError> {
        let address = address.map(|address| address.to_canonical());
        let now = self.now();
        let presented = self.read(text, entry).map_err(|rejection| self.refuse(address, rejection, None, now))?;
        let found = self.store.credential(&presented.id()).await.map_err(Unavailable::new)?;
        let judged = self.judge(&presented, found.as_deref(), entry, address, now);
        match (judged, found) {
            (Ok(accepted), Some(credential)) => self.accept(credential, accepted, address, now).await,
            (Ok(_), None) => Err(self.refuse(address, Rejection::Unknown, None, now)),
            (Err(rejection), Some(credential)) if rejection.is_of_verified() => {
                self.observe_again(credential.token(), now).await;
                let outcome = Outcome::Denied(rejection);
                self.journal.record(&self.store, now, || Access { credential, address, at: now, outcome }).await?;
                Err(AuthenticateError::Rejected(rejection))
            }
            (Err(rejection), found) => {
                let claimed = found.as_ref().map(|found| found.token().id);
                Err(self.refuse(address, rejection, claimed.as_ref(), now))
            }
        }
    }

    async fn accept(
        &self,
        credential: Arc<Credential>,
        accepted: Accepted<P>,
        address: Option<IpAddr>,
        now: UtcDateTime,
    ) -> Result<Option<Principal<P>>, AuthenticateError> {
        let Accepted { grants, rotate_after, rehash } = accepted;
        if credential.token().replaces.is_some_and(|replaced| replaced.first_used.is_none())
            && !self.note_first_use(&credential, now).await?
        {
            return Ok(None);
        }
        let access = || Access { credential: credential.clone(), address, at: now, outcome: Outcome::Granted };
        self.journal.record(&self.store, now, access).await?;
        self.journal.mark(&credential, LastUsed { at: now, address });
        let principal = Principal { credential, grants, address, at: now, rotate_after };
        if let Some(digest) = rehash {
            self.rehash(&principal, digest).await;
        }
        Ok(Some(principal))
    }

    fn read<'a>(&self, text: &'a str, entry: Entry<'_>) -> Result<Presented<'a>, Rejection> {
        let presented = self.issuer.vendor.read(text).map_err(|_| Rejection::Malformed)?;
        if entry.accepts(presented.kind()) { Ok(presented) } else { Err(Rejection::WrongKind) }
    }

    fn refuse(
        &self,
        address: Option<IpAddr>,
        rejection: Rejection,
        claimed: Option<&service_accounts_token::TokenId>,
        now: UtcDateTime,
    ) -> AuthenticateError {
        self.journal.stranger(address, rejection, claimed, now);
        AuthenticateError::Rejected(rejection)
    }
}
