//! Whether somebody who came in may do something.

use service_accounts_access::{Permission, TeamName};
use service_accounts_store::{Store, Token};
use time::UtcDateTime;

use crate::{
    Principal, ServiceAccounts,
    core::journal::{Outcome, Shown},
};

/// A principal lacks a permission.
///
/// Answer 403 with `insufficient_scope` (RFC 6750 §3.1). Over HTTP the faces do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the permission `{permission}` is missing")]
pub struct Forbidden {
    /// The permission's name.
    pub permission: &'static str,
}

impl<S: Store, P: Permission> ServiceAccounts<S, P> {
    /// Whether a principal may, on something of `team` or of nobody. The use and the refusal are both recorded, coalesced.
    ///
    /// `team` is that of the resource; `None` is a resource that belongs to nobody. The record is gathered in memory, so the call
    /// reads and writes nothing.
    ///
    /// ```
    /// use service_accounts::access::presets::data_quality::Permission;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, text, .. }| {
    /// let principal = accounts.authenticate(&text, None).await?;
    /// assert!(accounts.authorize(&principal, Permission::ResultsRead, None).is_ok());
    /// let refused = accounts.authorize(&principal, Permission::ResourcesWrite, None).unwrap_err();
    /// assert_eq!(refused.permission, "resources:write");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// The principal's permissions are those it came in with: a role that is narrowed meanwhile holds for the next request.
    ///
    /// # Errors
    /// It may not: [`Forbidden`] names the permission that was missing.
    pub fn authorize(&self, principal: &Principal<P>, permission: P, team: Option<&TeamName>) -> Result<(), Forbidden> {
        let permission_name = permission.name();
        let is_allowed = principal.decide(permission, team).is_allow();
        let outcome = if is_allowed { Outcome::Used(permission_name) } else { Outcome::Forbidden(permission_name) };
        let (address, at) = (principal.address(), principal.at());
        // Of a token that has been deleted since, nothing is left to tell of.
        if let Some(credential) = principal.credential() {
            self.core.journal.note(Shown { credential, address, at, outcome });
        }
        if is_allowed { Ok(()) } else { Err(Forbidden { permission: permission_name }) }
    }

    /// When a token's rotation window opens; `None` for sessions and client secrets, which are not rotated.
    ///
    /// ```
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, token, text, .. }| {
    /// let principal = accounts.authenticate(&text, None).await?;
    /// assert!(principal.token().and_then(|token| accounts.rotate_after(token)).is_some_and(|at| at > accounts.now()));
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// It is worked out from the token's dates and the policy, so it says the same before and after the window opens.
    #[must_use]
    pub fn rotate_after(&self, token: &Token) -> Option<UtcDateTime> {
        self.core.rules.rotate_after(token)
    }
}
