//! The one door: every credential, by whatever path it comes, is judged here.
//!
//! text → parse and checksum → MAC → one read and compare → standing → network → principal → mark. The steps run in this
//! order for every credential, so a client that does not know the secret learns nothing, not even by time, about the
//! account behind an id.

mod authorize;
mod exchange;
mod first_use;
mod introspection;
mod judge;
mod recall;
mod rehash;
mod revocation;

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::Permission;
use service_accounts_store::{Credential, LastUsed, Store, Token};
use time::UtcDateTime;

pub use self::{
    authorize::Forbidden,
    exchange::{ExchangeError, Narrowing, OpenedSession, SESSION_LIFETIME},
    introspection::Introspection,
};
use self::{
    first_use::Contended,
    judge::{Accepted, Entry, Presentation},
};
use crate::{
    AuthenticateError, Principal, Rejection, ServiceAccounts, Unavailable,
    clock::instant,
    core::{
        Core,
        journal::{Outcome, Shown},
        resolve::ready,
    },
};

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Judges a bearer credential: a token or a session. The first use of a rotation's successor ends the token it replaces.
    ///
    /// Pass the client's address where you know it: an account that is bound to networks is refused without one. It authenticates
    /// only; what the caller may do is a question for [`authorize`](Self::authorize).
    ///
    /// ```
    /// use service_accounts::AuthenticateError;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, id, token, text, .. }| {
    /// let principal = accounts.authenticate(&text, "192.0.2.7".parse().ok()).await?;
    /// assert_eq!(principal.id(), &id);
    ///
    /// match accounts.authenticate("not a token", None).await {
    ///     Err(AuthenticateError::Rejected(why)) => println!("401: {}", why.disclosure().code()),
    ///     Err(AuthenticateError::Unavailable(_)) => println!("503: nothing was decided"),
    ///     Ok(_) => unreachable!("it is no token"),
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// The whole of it is at most one read of the store; a credential that the memory store knows as good needs none of
    /// its locks. What is noted: the last use, gathered in memory; an access event as
    /// [`AccessEvents`](crate::AccessEvents) says; and for a text that does not verify a count by network, which names
    /// no account. Where the future is dropped nobody is let in, though the use may be noted.
    ///
    /// # Errors
    /// [`Rejected`](AuthenticateError::Rejected): answer 401 (RFC 6750 §3.1).
    /// [`Unavailable`](AuthenticateError::Unavailable) where the store failed and nothing was decided: answer 503, and
    /// never let anybody in.
    pub async fn authenticate(&self, text: &str, address: Option<IpAddr>) -> Result<Principal<P>, AuthenticateError> {
        match self.core.admit_at_once(text, address) {
            Some(judged) => judged,
            // Boxed, because a request that needs no wait would pay for the size of this one.
            None => Box::pin(self.core.admit(text, Entry::Bearer, address)).await,
        }
    }

    /// As [`authenticate`](Self::authenticate), where that needs no wait; for middleware that then boxes and moves nothing.
    ///
    /// `None` where it would wait, and nothing has happened then: call `authenticate`. A good request waits on a store that
    /// does not answer at once, for the first use of a rotation's successor, for a record that moves to the current pepper,
    /// while access events must be written first, and always with [`AccessEvents::Strict`](crate::AccessEvents::Strict).
    ///
    /// ```
    /// # use service_accounts::{ServiceAccounts, access::presets::data_quality::{self, Permission}, store::MemoryStore};
    /// # use service_accounts::token::{Keyring, Pepper, PepperId, Vendor};
    /// # let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
    /// # let accounts = ServiceAccounts::builder(MemoryStore::new(), Vendor::parse("acme").unwrap(), keyring,
    /// #     data_quality::catalogue(), Permission::ServiceAccountsManage).build();
    /// # pollster::block_on(async {
    /// let judged = match accounts.authenticate_at_once("acme_sat_…", None) {
    ///     Some(judged) => judged,
    ///     None => accounts.authenticate("acme_sat_…", None).await,
    /// };
    /// assert!(judged.is_err());
    /// # });
    /// ```
    #[must_use]
    pub fn authenticate_at_once(
        &self,
        text: &str,
        address: Option<IpAddr>,
    ) -> Option<Result<Principal<P>, AuthenticateError>> {
        self.core.admit_at_once(text, address)
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Judges a credential, and again where it changed before its first use was noted.
    ///
    /// Eight times at most, each by the record that then stands; after that it is an outage and no verdict about the
    /// credential.
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

    /// One read and one judgement. `None` where the record changed before its first use was noted: read again. What was
    /// refused before the secret verified is counted by network and names no account; what was refused afterwards is an
    /// access of its account.
    async fn admit_as_it_stands(
        &self,
        text: &str,
        entry: Entry<'_>,
        address: Option<IpAddr>,
    ) -> Result<Option<Principal<P>>, AuthenticateError> {
        let address = address.map(|address| address.to_canonical());
        let now = self.now();
        let shown = self.read(text, entry).map_err(|rejection| self.refuse(address, rejection, None, now))?;
        let found = self.store.credential(&shown.presented.id()).await.map_err(Unavailable::new)?;
        let judged = self.judge(&shown, found.as_ref(), entry, address, now);
        match (judged, found) {
            (Ok(accepted), Some(credential)) => self.accept(credential, accepted, address, now).await,
            (Ok(_), None) => Err(self.refuse(address, Rejection::Unknown, None, now)),
            (Err(rejection), Some(credential)) if rejection.is_of_verified() => {
                self.observe_again(credential.token(), now).await;
                let outcome = Outcome::Denied(rejection);
                let access = Shown { credential: &credential, address, at: now, outcome };
                self.journal.record(&self.store, now, access).await?;
                Err(AuthenticateError::Rejected(rejection))
            }
            (Err(rejection), found) => {
                let claimed = found.as_ref().map(|found| found.token().id);
                Err(self.refuse(address, rejection, claimed.as_ref(), now))
            }
        }
    }

    /// The way of a good request with a bearer credential, and of one that names no verified credential; every other goes by [`admit`](Self::admit).
    fn admit_at_once(&self, text: &str, address: Option<IpAddr>) -> Option<Result<Principal<P>, AuthenticateError>> {
        if !self.store.answers_at_once() || self.journal.has_to_wait() {
            return None;
        }
        let address = address.map(|address| address.to_canonical());
        let second = self.clock.second();
        let shown = match self.read(text, Entry::Bearer) {
            Ok(shown) => shown,
            Err(rejection) => return Some(Err(self.refuse(address, rejection, None, instant(second)))),
        };
        if let Some(principal) = self.recall(&shown, address, second) {
            return Some(Ok(principal));
        }
        let now = instant(second);
        let found = match ready(self.store.credential(&shown.presented.id()))? {
            Ok(found) => found,
            Err(error) => return Some(Err(Unavailable::new(error).into())),
        };
        match (self.judge(&shown, found.as_ref(), Entry::Bearer, address, now), found) {
            (Ok(accepted), Some(credential)) if accepted.rehash.is_none() && !is_first_use(credential.token()) => {
                let access = Shown { credential: &credential, address, at: now, outcome: Outcome::Granted };
                self.journal.note(access);
                Some(Ok(self.marked(credential, accepted, address, now)))
            }
            (Err(rejection), found) if !rejection.is_of_verified() => {
                let claimed = found.as_ref().map(|found| found.token().id);
                Some(Err(self.refuse(address, rejection, claimed.as_ref(), now)))
            }
            _ => None,
        }
    }

    /// A good credential's last use is noted, and the principal is made of the very record that was judged.
    ///
    /// Nothing is awaited here: who was judged good is let in by the record that was judged.
    fn marked(
        &self,
        credential: Arc<Credential>,
        accepted: Accepted<P>,
        address: Option<IpAddr>,
        now: UtcDateTime,
    ) -> Principal<P> {
        self.journal.mark(&credential, LastUsed { at: now, address });
        accepted.principal(credential, address, now)
    }

    /// The way in of a good credential: the first use of a successor is written before anybody is let in, and a record
    /// under an earlier pepper is moved after.
    async fn accept(
        &self,
        credential: Arc<Credential>,
        mut accepted: Accepted<P>,
        address: Option<IpAddr>,
        now: UtcDateTime,
    ) -> Result<Option<Principal<P>>, AuthenticateError> {
        if is_first_use(credential.token()) && !self.note_first_use(&credential, now).await? {
            return Ok(None);
        }
        let access = Shown { credential: &credential, address, at: now, outcome: Outcome::Granted };
        self.journal.record(&self.store, now, access).await?;
        let rehash = accepted.rehash.take();
        let principal = self.marked(credential.clone(), accepted, address, now);
        if let Some(digest) = rehash {
            self.rehash(credential.token(), digest, now).await;
        }
        Ok(Some(principal))
    }

    /// The text's form, its checksum and its kind, on which no store is asked; and its tag, while the store fetches what it
    /// may know of it.
    ///
    /// The tag is computed before the store is asked, so that a known id and an unknown one cost the same MAC.
    #[inline(always)]
    fn read<'a>(&self, text: &'a str, entry: Entry<'_>) -> Result<Presentation<'a>, Rejection> {
        let presented = self.issuer.vendor.read(text).map_err(|_| Rejection::Malformed)?;
        if !entry.accepts(presented.kind()) {
            return Err(Rejection::WrongKind);
        }
        self.store.prefetch(&presented.id());
        Ok(Presentation { signed: self.issuer.keyring.sign(&presented), presented })
    }

    /// Counts a request whose secret did not verify. Only the id of a record that exists is passed on, as a claim.
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

/// Whether the next use ends the token that this one replaces.
fn is_first_use(token: &Token) -> bool {
    token.replaces.is_some_and(|replaced| replaced.first_used.is_none())
}
