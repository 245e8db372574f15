//! The guard: nobody hands out more than it holds.
//!
//! A [`Grant`] is what an account is given, a [`TokenGrant`] what a token is given. Code that changes rights can make
//! either only through [`Catalogue::guard`] and [`Catalogue::guard_token`], which compare it with what the grantor holds
//! at that moment. A store that asks for a `Grant` therefore cannot be handed an unchecked one.
//!
//! Minting is guarded too. The text of a token is shown to whoever mints it, so minting for an account that may do more
//! than the minter would lend the minter that account's rights.

use alloc::vec::Vec;

use crate::{Catalogue, Grants, Permission, PermissionSet, RoleName, Scopes, Teams, UnknownName};

/// What an account is given: a role, how far scopes narrow it, and the teams it belongs to.
///
/// There are two ways to one: [`Catalogue::guard`] for every new or changed grant, and [`restore`](Self::restore), or
/// serde, for a store that reads back what it was once given. Neither belongs in code that handles requests: a request
/// carries a [`RoleName`], [`Scopes`] and [`Teams`], never a `Grant`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    role: RoleName,
    scopes: Scopes,
    teams: Teams,
}

/// What [`Grant`] looks like in a document.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "Grant", deny_unknown_fields)]
struct GrantDocument {
    role: RoleName,
    scopes: Scopes,
    teams: Teams,
}

#[cfg(feature = "serde")]
crate::object::reads_objects_only!(Grant, via GrantDocument);

/// What a token is given: how far its scopes narrow its account.
///
/// The ways to one are those of a [`Grant`]: [`Catalogue::guard_token`], and [`restore`](Self::restore) or serde.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct TokenGrant {
    scopes: Scopes,
}

/// The grant is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The role or a scope does not exist.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The grantor lacks permissions that the grant would hold.
    #[error("the grantor lacks {}", permissions.join(", "))]
    Permissions {
        /// The names of the permissions it lacks, in the order of their declaration.
        permissions: Vec<&'static str>,
    },
    /// The grant would reach teams that the grantor does not.
    #[error("the grantor is not in every team of the grant")]
    Teams,
}

impl<P: Permission> Catalogue<P> {
    /// Checks that the grantor holds all that the grant would hold, and makes the grant.
    ///
    /// What counts is what the grant could ever do: its role as far as its scopes leave it. A role left out of a request
    /// must be put in by the caller, usually [`least_role`](Self::least_role), and is checked like any other.
    ///
    /// ```
    /// use service_accounts_access::presets::data_quality::{Permission, catalogue};
    /// use service_accounts_access::{Grants, RoleName, Scopes, Teams};
    ///
    /// let catalogue = catalogue();
    /// let editor = catalogue.grants(&RoleName::parse("Editor")?, &Scopes::Inherited, &Scopes::Inherited, Teams::none())?;
    ///
    /// let member = catalogue.guard(&editor, RoleName::parse("Member")?, Scopes::Inherited, Teams::none())?;
    /// assert_eq!(member.role().as_str(), "Member");
    ///
    /// let refused = catalogue.guard(&editor, RoleName::parse("Manager")?, Scopes::Inherited, Teams::none());
    /// assert_eq!(refused.unwrap_err().to_string(), "the grantor lacks users:view");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a name is unknown, or the grantor lacks a permission or a team; the missing permissions are named.
    pub fn guard(
        &self,
        grantor: &Grants<P>,
        role: RoleName,
        scopes: Scopes,
        teams: Teams,
    ) -> Result<Grant, GrantError> {
        let granted = self.grants(&role, &scopes, &Scopes::Inherited, teams)?;
        covers(grantor, &granted)?;
        Ok(Grant { role, scopes, teams: granted.teams().clone() })
    }

    /// Checks that the grantor holds all that a token of the account would hold, and makes the token's grant.
    ///
    /// # Errors
    /// If a name is unknown, or the grantor lacks a permission or a team; the missing permissions are named.
    pub fn guard_token(&self, grantor: &Grants<P>, account: &Grant, scopes: Scopes) -> Result<TokenGrant, GrantError> {
        covers(grantor, &self.holder(account, &scopes)?)?;
        Ok(TokenGrant { scopes })
    }

    /// What a holder of the account's grant may do with a token of these scopes.
    ///
    /// # Errors
    /// If the role or a scope does not exist.
    pub fn holder(&self, account: &Grant, token: &Scopes) -> Result<Grants<P>, UnknownName> {
        self.grants(&account.role, &account.scopes, token, account.teams.clone())
    }
}

impl Grant {
    /// Puts together what a store kept of a grant it was once given; it checks nothing.
    #[must_use]
    pub const fn restore(role: RoleName, scopes: Scopes, teams: Teams) -> Self {
        Self { role, scopes, teams }
    }

    /// The role that says which permissions there are at most; scopes only narrow them.
    #[must_use]
    pub const fn role(&self) -> &RoleName {
        &self.role
    }

    /// How far scopes narrow the role.
    #[must_use]
    pub const fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// The teams it belongs to.
    #[must_use]
    pub const fn teams(&self) -> &Teams {
        &self.teams
    }
}

impl TokenGrant {
    /// Puts together what a store kept of a grant it was once given; it checks nothing.
    #[must_use]
    pub const fn restore(scopes: Scopes) -> Self {
        Self { scopes }
    }

    /// How far scopes narrow the account.
    #[must_use]
    pub const fn scopes(&self) -> &Scopes {
        &self.scopes
    }
}

fn covers<P: Permission>(grantor: &Grants<P>, granted: &Grants<P>) -> Result<(), GrantError> {
    let missing: PermissionSet<P> = granted.permissions().difference(grantor.permissions());
    if !missing.is_empty() {
        return Err(GrantError::Permissions { permissions: missing.iter().map(P::name).collect() });
    }
    if granted.teams().is_subset(grantor.teams()) { Ok(()) } else { Err(GrantError::Teams) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::data_quality::{Permission as P, catalogue};

    fn role(name: &str) -> RoleName {
        RoleName::parse(name).unwrap()
    }

    fn grantor(name: &str, teams: Teams) -> Grants<P> {
        catalogue().grants(&role(name), &Scopes::Inherited, &Scopes::Inherited, teams).unwrap()
    }

    #[test]
    fn every_role_grants_itself_and_those_below_it_only() {
        let order = ["Member", "Editor", "Manager", "Admin"];
        for (above, grantor_role) in order.into_iter().enumerate() {
            for (below, granted) in order.into_iter().enumerate() {
                let answer = catalogue().guard(
                    &grantor(grantor_role, Teams::none()),
                    role(granted),
                    Scopes::Inherited,
                    Teams::none(),
                );
                assert_eq!(answer.is_ok(), below <= above, "{grantor_role} grants {granted}");
            }
        }
    }

    #[test]
    fn the_missing_permissions_are_named() {
        let answer =
            catalogue().guard(&grantor("Editor", Teams::none()), role("Admin"), Scopes::Inherited, Teams::none());
        let permissions = alloc::vec!["users:view", "service-accounts:manage", "integrations:configure"];
        assert_eq!(answer, Err(GrantError::Permissions { permissions }));
    }

    #[test]
    fn scopes_bring_a_higher_role_within_reach() {
        let read = Scopes::only(["datastores:view"]).unwrap();
        let grant =
            catalogue().guard(&grantor("Member", Teams::none()), role("Admin"), read.clone(), Teams::none()).unwrap();
        assert_eq!((grant.role(), grant.scopes(), grant.teams()), (&role("Admin"), &read, &Teams::none()));
    }

    #[test]
    fn teams_are_granted_by_those_who_are_in_them() {
        let growth = || Teams::only(["growth"]).unwrap();
        let both = || Teams::only(["growth", "data"]).unwrap();
        let guard = |held: Teams, given: Teams| {
            catalogue().guard(&grantor("Admin", held), role("Member"), Scopes::Inherited, given)
        };
        assert!(
            guard(both(), growth()).is_ok()
                && guard(growth(), growth()).is_ok()
                && guard(Teams::every(), both()).is_ok()
        );
        for (held, given) in [(growth(), both()), (Teams::none(), growth()), (both(), Teams::every())] {
            assert_eq!(guard(held, given), Err(GrantError::Teams));
        }
    }

    #[test]
    fn nobody_mints_for_an_account_that_may_do_more() {
        let account = Grant::restore(role("Admin"), Scopes::Inherited, Teams::only(["growth"]).unwrap());
        let growth = || Teams::only(["growth"]).unwrap();
        let mint = |grantor: &Grants<P>, scopes| catalogue().guard_token(grantor, &account, scopes);
        assert!(matches!(mint(&grantor("Manager", growth()), Scopes::Inherited), Err(GrantError::Permissions { .. })));
        assert_eq!(mint(&grantor("Admin", Teams::none()), Scopes::Inherited), Err(GrantError::Teams));
        assert!(mint(&grantor("Admin", growth()), Scopes::Inherited).is_ok());
        let read = Scopes::only(["read"]).unwrap();
        assert_eq!(mint(&grantor("Manager", growth()), read.clone()).unwrap(), TokenGrant::restore(read));
    }

    #[test]
    fn a_grantor_that_was_narrowed_grants_no_more_than_is_left() {
        let read = Scopes::only(["read"]).unwrap();
        let narrowed = catalogue().grants(&role("Admin"), &Scopes::Inherited, &read, Teams::none()).unwrap();
        assert!(catalogue().guard(&narrowed, role("Editor"), Scopes::Inherited, Teams::none()).is_err());
        assert!(catalogue().guard(&narrowed, role("Member"), Scopes::Inherited, Teams::none()).is_ok());
    }

    #[test]
    fn unknown_names_are_never_granted() {
        let guard = |name, scopes| catalogue().guard(&Grants::everything(), role(name), scopes, Teams::none());
        assert!(matches!(guard("member", Scopes::Inherited), Err(GrantError::Unknown(_))));
        assert!(matches!(guard("Member", Scopes::only(["raed"]).unwrap()), Err(GrantError::Unknown(_))));
    }
}
