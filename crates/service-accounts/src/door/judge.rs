//! The judgement of one presented credential: a pure function of what was read.
//!
//! The order of the questions is the order in which a client could learn something: the secret comes first, then the
//! account, then where the request comes from. Nothing here waits or reads a clock.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{Allowlist, CatalogueId, Grants, Permission};
use service_accounts_lifecycle::TokenState;
use service_accounts_store::{Credential, Store, Token, Unusable};
use service_accounts_token::{Digest, Kind, Presented, Tag, Verified};
use time::UtcDateTime;

use crate::{
    Principal, Rejection,
    core::Core,
    principal::{Read, Rights},
};

/// What a credential is presented for.
#[derive(Clone, Copy)]
pub(super) enum Entry<'a> {
    /// A request: tokens and sessions.
    Bearer,
    /// The exchange for a session: the client secret of this client.
    Exchange {
        /// The client id given.
        client_id: &'a str,
    },
    /// A question about any credential, which is no use of it.
    Introspection,
}

impl Entry<'_> {
    /// Whether a credential of this kind can be meant here at all; that is told by its text, before any read.
    pub(super) const fn accepts(self, kind: Kind) -> bool {
        match self {
            Self::Bearer => matches!(kind, Kind::Token | Kind::Session),
            Self::Exchange { .. } => matches!(kind, Kind::Secret),
            Self::Introspection => true,
        }
    }
}

/// A credential as it was shown, with its tag under the current pepper.
///
/// The tag is made once and compared twice: with what the store remembers, and with the record.
pub(super) struct Presentation<'t> {
    pub(super) presented: Presented<'t>,
    pub(super) signed: Tag,
}

/// What the judgement of a good credential found out.
///
/// The record itself is not in it: whoever asked has it.
pub(super) struct Accepted<P: Permission> {
    /// What the credential may do, by the catalogue that was asked; none where the record remembers it.
    grants: Option<Arc<Grants<P>>>,
    catalogue: CatalogueId,
    /// Since when the client should be told to rotate; none before the window opens.
    pub(super) rotate_after: Option<UtcDateTime>,
    /// The record under the current pepper, where it still stands under an earlier one.
    pub(super) rehash: Option<Digest>,
}

impl<P: Permission> Accepted<P> {
    pub(super) fn principal(
        self,
        credential: Arc<Credential>,
        address: Option<IpAddr>,
        at: UtcDateTime,
    ) -> Principal<P> {
        let rights = self.grants.map_or(Rights::Remembered(self.catalogue), Rights::Own);
        Principal::read(Read { credential, rights, address, at, rotate_after: self.rotate_after })
    }
}

impl<S: Store, P: Permission> Core<S, P> {
    /// Everything between the read and the record, as one decision without side effects.
    ///
    /// It has no effect but one: what was found calm is remembered with the record, see [`clear`](Self::clear).
    pub(super) fn judge(
        &self,
        shown: &Presentation<'_>,
        found: Option<&Arc<Credential>>,
        entry: Entry<'_>,
        address: Option<IpAddr>,
        now: UtcDateTime,
    ) -> Result<Accepted<P>, Rejection> {
        let stored = found.map(|found| &found.token().digest);
        let verified = self.issuer.keyring.verify_signed(&shown.presented, &shown.signed, stored);
        let found = found.ok_or(Rejection::Unknown)?;
        let rehash = match verified.map_err(|_| Rejection::WrongSecret)? {
            Verified::Current => None,
            Verified::Rehash(digest) => Some(digest),
        };
        let catalogue = self.rules.catalogue.id();
        let is_cleared = || self.clearer.known(catalogue).is_some_and(|by| found.is_cleared(by, now));
        if rehash.is_none() && matches!(entry, Entry::Bearer) && is_cleared() {
            return Ok(Accepted { grants: None, catalogue, rotate_after: None, rehash });
        }
        self.judge_in_full(shown, found, entry, address, now, rehash)
    }

    /// All that is asked of a credential whose secret has verified.
    ///
    /// An introspection leaves the address out, because whoever asks is not where the credential is used.
    fn judge_in_full(
        &self,
        shown: &Presentation<'_>,
        found: &Arc<Credential>,
        entry: Entry<'_>,
        address: Option<IpAddr>,
        now: UtcDateTime,
        rehash: Option<Digest>,
    ) -> Result<Accepted<P>, Rejection> {
        self.judge_realm_and_client(found, entry)?;
        found.standing(now).map_err(Rejection::from)?;
        self.judge_environment(found.token())?;
        if !matches!(entry, Entry::Introspection) {
            judge_address(found, address)?;
        }
        let (catalogue, grants) = self.rules.catalogue.with(|catalogue| (catalogue.id(), found.grants(catalogue)));
        let grants = grants.map_err(|_| Rejection::UnknownGrant)?;
        if rehash.is_none()
            && let Some(until) = self.calm_until(found, now)
        {
            self.clear(shown, found, (&grants, catalogue), until);
        }
        let rotate_after = self.rules.rotation_due(found.token(), now);
        Ok(Accepted { grants: Some(grants), catalogue, rotate_after, rehash })
    }

    /// Until when every request with this good credential has the same answer, wherever it comes from.
    ///
    /// None where each request must be asked about: because of networks, of an end that rotation has set and may move, or
    /// of a successor's first use, or because the time to rotate has come.
    fn calm_until(&self, found: &Credential, now: UtcDateTime) -> Option<UtcDateTime> {
        let (token, account) = (found.token(), found.account());
        let is_calm = token.allowlist.is_unrestricted()
            && account.allowlist.is_unrestricted()
            && token.state == TokenState::Active
            && token.replaces.is_none_or(|replaced| replaced.first_used.is_some());
        let ends = [token.expires_at, account.expires_at, self.rules.rotate_after(token)];
        let until = ends.into_iter().flatten().min().unwrap_or(UtcDateTime::MAX);
        (is_calm && now < until).then_some(until)
    }

    /// A realm is a boundary: a credential of another one is refused, however good. An exchange also names whose secret
    /// it shows.
    ///
    /// The client id is compared only after the secret verified, so that a wrong id and a wrong secret cannot be told
    /// apart from outside.
    fn judge_realm_and_client(&self, found: &Credential, entry: Entry<'_>) -> Result<(), Rejection> {
        let id = &found.account().id;
        match entry {
            _ if !id.is_in(&self.rules.realm) => Err(Rejection::WrongRealm),
            Entry::Exchange { client_id } if client_id != id.as_str() => Err(Rejection::WrongClient),
            Entry::Exchange { .. } | Entry::Bearer | Entry::Introspection => Ok(()),
        }
    }

    /// Where the host says where it runs, a credential of another environment is refused.
    fn judge_environment(&self, token: &Token) -> Result<(), Rejection> {
        match &self.rules.environment {
            Some(here) if *here != token.environment => Err(Rejection::WrongEnvironment),
            _ => Ok(()),
        }
    }
}

impl From<Unusable> for Rejection {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Revoked | Unusable::AccountDeleted => Self::Revoked,
            Unusable::Expired => Self::Expired,
            Unusable::AccountDisabled => Self::AccountDisabled,
            Unusable::AccountPending => Self::AccountPending,
            Unusable::AccountExpired => Self::AccountExpired,
        }
    }
}

/// Both lists must let the address in; an unknown address gets past empty lists only.
fn judge_address(found: &Credential, address: Option<IpAddr>) -> Result<(), Rejection> {
    let lists = [&found.account().allowlist, &found.token().allowlist];
    let admits = |list: &&Allowlist| list.is_unrestricted() || address.is_some_and(|address| list.contains(address));
    if lists.iter().all(admits) { Ok(()) } else { Err(Rejection::AddressNotAllowed) }
}
