//! A principal made of what a core found out about the records before.
//!
//! It is copied out of one line of memory. What takes more, such as the whole record, is fetched when somebody asks,
//! once, and kept beside.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, OnceLock},
};

use service_accounts_access::{Decision, Denial, Grants, Permission, PermissionSet, TeamName};
use service_accounts_naming::{AccountId, CompactAccountId};
use service_accounts_store::Credential;
use service_accounts_token::TokenId;
use time::UtcDateTime;

use crate::core::{holders::Holder, resolve};

/// Two cache lines, of which most requests never touch more than they were made with.
#[derive(Clone, Debug)]
pub(crate) struct Known<P: Permission> {
    permissions: PermissionSet<P>,
    account: CompactAccountId,
    token: TokenId,
    asked: OnceLock<Box<Asked<P>>>,
    /// The second it was judged at, since 1970.
    second: u32,
    core: NonZeroU32,
    address: Option<IpAddr>,
}

/// What somebody has asked about it.
#[derive(Clone, Debug)]
struct Asked<P: Permission> {
    id: AccountId,
    record: OnceLock<Option<Arc<Credential>>>,
    grants: OnceLock<Option<Arc<Grants<P>>>>,
}

impl<P: Permission> Known<P> {
    #[inline(always)]
    pub(crate) fn new(
        core: NonZeroU32,
        holder: &Holder<P>,
        token: TokenId,
        second: u32,
        address: Option<IpAddr>,
    ) -> Self {
        let Holder { account, permissions } = *holder;
        Self { permissions, account, token, asked: OnceLock::new(), second, core, address }
    }

    pub(super) fn id(&self) -> &AccountId {
        &self.asked().id
    }

    pub(super) const fn token(&self) -> &TokenId {
        &self.token
    }

    pub(super) const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub(super) fn at(&self) -> UtcDateTime {
        UtcDateTime::from_unix_timestamp(self.second.into()).unwrap_or(UtcDateTime::MAX)
    }

    /// The first answer stays for this principal, so that its questions have one answer.
    pub(super) fn record(&self) -> Option<&Arc<Credential>> {
        self.asked().record.get_or_init(|| resolve::record(self.core, &self.token)).as_ref()
    }

    pub(super) fn grants(&self) -> Option<&Grants<P>> {
        self.asked().grants.get_or_init(|| resolve::grants(self.core, self.record()?)).as_deref()
    }

    /// Whether a permission is held is told from then; whose teams it has a say in, by the record.
    pub(super) fn decide(&self, permission: P, team: Option<&TeamName>) -> Decision {
        let is_held = self.permissions.contains(permission);
        let is_in = |team| self.grants().is_some_and(|grants| grants.teams().contains(team));
        match team {
            _ if !is_held => Decision::Deny(self.missing(permission)),
            Some(team) if !is_in(team) => Decision::Deny(Denial::WrongTeam),
            _ => Decision::Allow,
        }
    }

    /// The box is made by whoever asks first, so a principal that nobody asks stays within its two lines.
    fn asked(&self) -> &Asked<P> {
        self.asked.get_or_init(|| {
            let (id, record, grants) = (self.account.into(), OnceLock::new(), OnceLock::new());
            Box::new(Asked { id, record, grants })
        })
    }

    /// What left a permission out; by its role, where it was given one only after it came in.
    fn missing(&self, permission: P) -> Denial {
        match self.grants().map(|grants| grants.decide(permission, None)) {
            Some(Decision::Deny(denial)) => denial,
            Some(Decision::Allow) | None => Denial::NotInRole,
        }
    }
}

#[cfg(test)]
mod tests {
    use service_accounts_access::presets::data_quality::Permission;

    use crate::Principal;

    /// What is larger is moved by a call, at every step of its way out of the door.
    #[test]
    fn a_principal_fills_two_cache_lines() {
        assert_eq!(size_of::<Principal<Permission>>(), 128);
        assert_eq!(size_of::<Result<Principal<Permission>, crate::AuthenticateError>>(), 128);
    }
}
