//! Who asks for a change.

use std::{net::IpAddr, sync::Arc};

use service_accounts_access::{Grants, Permission};
use service_accounts_audit::Label;
use service_accounts_store::Authority;
use time::UtcDateTime;

/// Who asks for a change, with what it may hand on.
///
/// Only the host's code makes one, or a [`Principal`](crate::Principal) that has authenticated; nothing that arrives over
/// the wire can become one. An actor grants at most what it holds.
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
        match self.authority.clone() {
            Authority::Host => Authority::Host,
            Authority::Credential { token, account, account_revision, at: _ } => {
                Authority::Credential { token, account, account_revision, at: now }
            }
        }
    }

    pub(crate) const fn address(&self) -> Option<IpAddr> {
        self.address
    }
}
