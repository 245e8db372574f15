//! The one door: every credential, by whatever path it comes, is judged here.
//!
//! text → parse and checksum → MAC → one read and compare → standing → network → principal → mark. The steps run in this
//! order for every credential, so a client that does not know the secret learns nothing, not even by time, about the
//! account behind an id. One that is remembered as good has its MAC before its checksum, and so has every text that could be one.

mod at_once;
mod authorize;
mod exchange;
mod first_use;
mod introspection;
mod judge;
mod recall;
mod rehash;
mod revocation;

use std::{net::IpAddr, pin::Pin, sync::Arc};

use service_accounts_access::Permission;
use service_accounts_store::{Credential, LastUsed, Store, Token};
use service_accounts_token::{Outline, Presented};
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
    core::{
        Core,
        journal::{Outcome, Shown},
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
        if let Some(judged) = self.core.admit_at_once(text, address) {
            return judged;
        }
        self.core.admit_in_a_box(text, address).await
    }
}

/// A judgement that may wait.
type Judging<'a, P> = Pin<Box<dyn Future<Output = Result<Principal<P>, AuthenticateError>> + Send + 'a>>;

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

    /// As [`admit`](Self::admit). Hidden from the compiler, because a request that needs no wait would pay for the room that this one needs.
    fn admit_in_a_box<'a>(&'a self, text: &'a str, address: Option<IpAddr>) -> Judging<'a, P> {
        Box::pin(self.admit(text, Entry::Bearer, address))
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

    /// What a text says, with its tag.
    ///
    /// The tag is computed before the store is asked, so that a known id and an unknown one cost the same MAC.
    fn read<'a>(&self, text: &'a str, entry: Entry<'_>) -> Result<Presentation<'a>, Rejection> {
        let presented = self.parse(text, entry)?;
        Ok(Presentation { signed: self.issuer.keyring.sign(&presented.outline()), presented })
    }

    /// The text's form and its kind, without its checksum; what the store may know of it is on its way from then on.
    #[inline(always)]
    fn outline<'a>(&self, text: &'a str, entry: Entry<'_>) -> Result<Outline<'a>, Rejection> {
        let outline = self.issuer.vendor.outline(text).filter(|outline| entry.accepts(outline.kind()));
        // A text without the outline of a token is none; it is read for the reason alone.
        let outline = outline.ok_or_else(|| self.parse(text, entry).err().unwrap_or(Rejection::Malformed))?;
        self.store.prefetch(&outline.id());
        Ok(outline)
    }

    /// The text's form, its checksum and its kind, on which no store is asked; what the store may know of it is on its way
    /// from then on.
    fn parse<'a>(&self, text: &'a str, entry: Entry<'_>) -> Result<Presented<'a>, Rejection> {
        let presented = self.issuer.vendor.read(text).map_err(|_| Rejection::Malformed)?;
        if !entry.accepts(presented.kind()) {
            return Err(Rejection::WrongKind);
        }
        self.store.prefetch(&presented.id());
        Ok(presented)
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
