//! The judgement of one presented credential: a pure function of what was read.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{Allowlist, Grants, Permission};
use service_accounts_store::{Credential, Token, Unusable};
use service_accounts_token::{Digest, Kind, Presented, Verified};
use time::UtcDateTime;

use crate::{Rejection, core::Core};

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
    pub(super) const fn accepts(self, kind: Kind) -> bool {
        match self {
            Self::Bearer => matches!(kind, Kind::Token | Kind::Session),
            Self::Exchange { .. } => matches!(kind, Kind::Secret),
            Self::Introspection => true,
        }
    }
}

/// What the judgement of a good credential found out.
pub(super) struct Accepted<P: Permission> {
    pub(super) grants: Arc<Grants<P>>,
    pub(super) rotate_after: Option<UtcDateTime>,
    /// The record under the current pepper, where it still stands under an earlier one.
    pub(super) rehash: Option<Digest>,
}

impl<S, P: Permission> Core<S, P> {
    /// Everything between the read and the record, as one decision without side effects.
    pub(super) fn judge(
        &self,
        presented: &Presented<'_>,
        found: Option<&Credential>,
        entry: Entry<'_>,
        address: Option<IpAddr>,
        now: UtcDateTime,
    ) -> Result<Accepted<P>, Rejection> {
        let verified = self.issuer.keyring.verify(presented, found.map(|found| &found.token().digest));
        let found = found.ok_or(Rejection::Unknown)?;
        let rehash = match verified.map_err(|_| Rejection::WrongSecret)? {
            Verified::Current => None,
            Verified::Rehash(digest) => Some(digest),
        };
        self.judge_realm_and_client(found, entry)?;
        found.standing(now).map_err(Rejection::from)?;
        self.judge_environment(found.token())?;
        if !matches!(entry, Entry::Introspection) {
            judge_address(found, address)?;
        }
        let grants = self.rules.catalogue.with(|catalogue| found.grants(catalogue));
        let grants = grants.map_err(|_| Rejection::UnknownGrant)?;
        Ok(Accepted { grants, rotate_after: self.rules.rotation_due(found.token(), now), rehash })
    }

    fn judge_realm_and_client(&self, found: &Credential, entry: Entry<'_>) -> Result<(), Rejection> {
        let id = &found.account().id;
        match entry {
            _ if !id.is_in(&self.rules.realm) => Err(Rejection::WrongRealm),
            Entry::Exchange { client_id } if client_id != id.as_str() => Err(Rejection::WrongClient),
            Entry::Exchange { .. } | Entry::Bearer | Entry::Introspection => Ok(()),
        }
    }

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
