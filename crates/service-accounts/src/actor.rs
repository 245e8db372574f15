//! Who asks for a change.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{Grants, Permission};
use service_accounts_audit::Label;
use service_accounts_store::Authority;
use time::UtcDateTime;

/// Who asks for a change, with what it may hand on.
///
/// Only the host's code makes one, or a [`Principal`](crate::Principal) that has authenticated. An actor grants at most what
/// it holds. Nothing that arrives over the wire can become one:
///
/// ```compile_fail,E0277
/// use service_accounts::{Actor, access::presets::data_quality::Permission};
///
/// fn from_a_request_body<T: serde::de::DeserializeOwned>() {}
/// from_a_request_body::<Actor<Permission>>();
/// ```
#[derive(Clone, Debug)]
pub struct Actor<P: Permission> {
    name: Label,
    grants: Arc<Grants<P>>,
    authority: Authority,
    address: Option<IpAddr>,
}

impl<P: Permission> Actor<P> {
    /// The host itself, holding everything. `name` is what the audit trail shows, such as the signed-in administrator.
    #[must_use]
    pub fn host(name: &str) -> Self {
        Self::host_with(name, Grants::everything())
    }

    /// Somebody the host vouches for, holding `grants` only.
    #[must_use]
    pub fn host_with(name: &str, grants: Grants<P>) -> Self {
        Self { name: Label::new(name), grants: Arc::new(grants), authority: Authority::Host, address: None }
    }

    pub(crate) const fn credential(
        name: Label,
        grants: Arc<Grants<P>>,
        authority: Authority,
        address: Option<IpAddr>,
    ) -> Self {
        Self { name, grants, authority, address }
    }

    /// What the audit trail shows.
    #[must_use]
    pub const fn name(&self) -> &Label {
        &self.name
    }

    /// What it holds, and so can hand on.
    #[must_use]
    pub fn grants(&self) -> &Grants<P> {
        &self.grants
    }

    /// On whose word a change is made at `now`: a credential must still work then, however long ago it was shown.
    pub(crate) fn authority(&self, now: UtcDateTime) -> Authority {
        let mut authority = self.authority.clone();
        if let Authority::Credential { at, .. } = &mut authority {
            *at = now;
        }
        authority
    }

    pub(crate) const fn address(&self) -> Option<IpAddr> {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use service_accounts_access::{PermissionSet, Scopes, Teams, TokenGrant, presets::data_quality::Permission};
    use service_accounts_naming::AccountId;
    use service_accounts_store::Revision;
    use service_accounts_token::TokenId;

    use super::*;

    #[test]
    fn the_host_holds_everything_and_whom_it_vouches_for_what_it_says() {
        let host = Actor::<Permission>::host("ada");
        assert_eq!(host.grants(), &Grants::everything());
        let held = Grants::new(PermissionSet::from(Permission::UsersView), Teams::none());
        let eve = Actor::host_with("eve\n", held.clone());
        assert_eq!((eve.name().as_str(), eve.grants()), ("eve\u{fffd}", &held));
        assert_eq!(eve.authority(UtcDateTime::UNIX_EPOCH), Authority::Host);
    }

    #[test]
    fn a_credential_is_judged_at_the_instant_of_the_change_not_at_that_of_the_request() {
        let authority = |at| Authority::Credential {
            token: TokenId::parse("0123456789abcdef").unwrap(),
            account: AccountId::parse("pipeline_automation@service").unwrap(),
            account_revision: Revision::NEW,
            grant: TokenGrant::restore(Scopes::none()),
            at,
        };
        let grants = Arc::new(Grants::<Permission>::nothing());
        let actor = Actor::credential(Label::new("x"), grants, authority(UtcDateTime::UNIX_EPOCH), None);
        assert_eq!(actor.authority(UtcDateTime::MAX), authority(UtcDateTime::MAX));
    }
}
