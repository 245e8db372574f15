//! The decision: role ∩ scopes, narrowed by teams.

use crate::{Permission, PermissionSet, TeamName, Teams};

/// What a holder may do, and on whose resources.
///
/// [`Catalogue::grants`](crate::Catalogue::grants) makes it from names once; [`decide`](Self::decide) then answers
/// without allocation, without a look-up, and in about a nanosecond.
///
/// ```
/// use service_accounts_access::presets::data_quality::{Permission, catalogue};
/// use service_accounts_access::{Decision, Denial, RoleName, Scopes, TeamName, Teams};
///
/// let editor = RoleName::parse("Editor")?;
/// let read = Scopes::only(["read"])?;
/// let grants = catalogue().grants(&editor, &Scopes::Inherited, &read, Teams::only(["growth"])?)?;
///
/// let growth = TeamName::parse("growth")?;
/// let finance = TeamName::parse("finance")?;
/// assert_eq!(grants.decide(Permission::ResultsRead, Some(&growth)), Decision::Allow);
/// assert_eq!(grants.decide(Permission::ResultsRead, Some(&finance)), Decision::Deny(Denial::WrongTeam));
/// assert_eq!(grants.decide(Permission::ResourcesWrite, None), Decision::Deny(Denial::NotInTokenScopes));
/// assert_eq!(grants.decide(Permission::UsersView, None), Decision::Deny(Denial::NotInRole));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants<P: Permission> {
    /// What is left when role, account and token have had their say: the only set a decision to allow reads.
    permissions: PermissionSet<P>,
    of_role: PermissionSet<P>,
    of_account: PermissionSet<P>,
    teams: Teams,
}

/// Whether a request may go on.
///
/// Exhaustive on purpose: a new answer must break the code that has to think about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a decision that nobody reads denies nothing"]
pub enum Decision {
    /// It may.
    Allow,
    /// It may not, and why.
    Deny(Denial),
}

/// Why a request may not go on: the first reason met on the way from the role to the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denial {
    /// The role does not hold the permission.
    #[error("the role does not hold the permission")]
    NotInRole,
    /// The role does, but the account's scopes leave it out.
    #[error("the account's scopes do not hold the permission")]
    NotInAccountScopes,
    /// The account has it, but the token's scopes leave it out.
    #[error("the token's scopes do not hold the permission")]
    NotInTokenScopes,
    /// The permission is there, but the resource belongs to a team that the holder is not in.
    #[error("the resource belongs to another team")]
    WrongTeam,
}

impl<P: Permission> Grants<P> {
    /// Grants of a holder that has neither role nor scopes, such as a person in the host's own system.
    #[must_use]
    pub const fn new(permissions: PermissionSet<P>, teams: Teams) -> Self {
        Self { permissions, of_role: permissions, of_account: permissions, teams }
    }

    /// Every permission on every team's resources; for the host itself.
    #[must_use]
    pub fn everything() -> Self {
        Self::new(PermissionSet::all(), Teams::every())
    }

    /// Nothing at all.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::new(PermissionSet::empty(), Teams::none())
    }

    /// Whether the holder may do this to a resource of this team, or of no team.
    #[inline]
    pub fn decide(&self, permission: P, team: Option<&TeamName>) -> Decision {
        if !self.permissions.contains(permission) {
            return Decision::Deny(self.missing(permission));
        }
        match team {
            Some(team) if !self.teams.contains(team) => Decision::Deny(Denial::WrongTeam),
            _ => Decision::Allow,
        }
    }

    /// What the holder may do.
    #[must_use]
    pub const fn permissions(&self) -> PermissionSet<P> {
        self.permissions
    }

    /// Whose resources it reaches.
    #[must_use]
    pub const fn teams(&self) -> &Teams {
        &self.teams
    }

    /// Whether the other may do all of this on all these teams' resources.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.permissions.is_subset(other.permissions) && self.teams.is_subset(&other.teams)
    }

    pub(crate) const fn layered(
        of_role: PermissionSet<P>,
        of_account: PermissionSet<P>,
        of_token: PermissionSet<P>,
        teams: Teams,
    ) -> Self {
        // Intersected here once more, so that no order of arguments can widen a holder beyond its role.
        let of_account = of_account.intersection(of_role);
        Self { permissions: of_token.intersection(of_account), of_role, of_account, teams }
    }

    #[cold]
    fn missing(&self, permission: P) -> Denial {
        if !self.of_role.contains(permission) {
            Denial::NotInRole
        } else if !self.of_account.contains(permission) {
            Denial::NotInAccountScopes
        } else {
            Denial::NotInTokenScopes
        }
    }
}

impl Decision {
    /// Whether the request may go on.
    #[must_use]
    pub const fn is_allow(self) -> bool {
        matches!(self, Self::Allow)
    }

    /// The decision as a result, for `?`.
    ///
    /// # Errors
    /// If the request may not go on.
    pub const fn into_result(self) -> Result<(), Denial> {
        match self {
            Self::Allow => Ok(()),
            Self::Deny(denial) => Err(denial),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::data_quality::Permission::{self as P, DatastoresView, ResourcesWrite, ResultsRead, UsersView};

    fn set(permissions: &[P]) -> PermissionSet<P> {
        permissions.iter().copied().collect()
    }

    fn team(name: &str) -> TeamName {
        TeamName::parse(name).unwrap()
    }

    fn grants() -> Grants<P> {
        let of_role = set(&[ResultsRead, DatastoresView, ResourcesWrite]);
        Grants::layered(
            of_role,
            set(&[ResultsRead, DatastoresView]),
            set(&[ResultsRead]),
            Teams::only(["growth"]).unwrap(),
        )
    }

    #[test]
    fn the_reason_is_the_layer_that_left_it_out() {
        let denial = |permission| grants().decide(permission, None);
        assert_eq!(denial(UsersView), Decision::Deny(Denial::NotInRole));
        assert_eq!(denial(ResourcesWrite), Decision::Deny(Denial::NotInAccountScopes));
        assert_eq!(denial(DatastoresView), Decision::Deny(Denial::NotInTokenScopes));
        assert_eq!(denial(ResultsRead), Decision::Allow);
    }

    #[test]
    fn a_team_narrows_what_is_reached_and_never_widens_it() {
        let (growth, finance) = (team("growth"), team("finance"));
        assert_eq!(grants().decide(ResultsRead, Some(&growth)), Decision::Allow);
        assert_eq!(grants().decide(ResultsRead, Some(&finance)), Decision::Deny(Denial::WrongTeam));
        assert_eq!(grants().decide(UsersView, Some(&growth)), Decision::Deny(Denial::NotInRole));
        assert_eq!(grants().decide(UsersView, Some(&finance)), Decision::Deny(Denial::NotInRole));
    }

    #[test]
    fn layers_given_too_wide_are_cut_to_the_role() {
        let grants = Grants::layered(set(&[ResultsRead]), PermissionSet::all(), PermissionSet::all(), Teams::none());
        assert_eq!(grants.permissions(), set(&[ResultsRead]));
        assert_eq!(grants.decide(UsersView, None), Decision::Deny(Denial::NotInRole));
    }

    #[test]
    fn everything_allows_all_and_nothing_allows_none() {
        let growth = team("growth");
        for permission in P::ALL.iter().copied() {
            for team in [None, Some(&growth)] {
                assert!(Grants::everything().decide(permission, team).is_allow());
                let denied = Grants::nothing().decide(permission, team);
                assert_eq!((denied.is_allow(), denied.into_result()), (false, Err(Denial::NotInRole)));
            }
        }
        assert_eq!(Decision::Allow.into_result(), Ok(()));
    }

    #[test]
    fn one_holder_covers_another_in_permissions_and_in_teams() {
        let (read, both) = (set(&[ResultsRead]), set(&[ResultsRead, UsersView]));
        let growth = Teams::only(["growth"]).unwrap();
        let narrow = Grants::new(read, growth.clone());
        assert!(narrow.is_subset(&Grants::new(both, growth.clone())) && narrow.is_subset(&narrow));
        assert!(!Grants::new(both, growth).is_subset(&narrow));
        assert!(!narrow.is_subset(&Grants::new(both, Teams::none())));
        assert_eq!(narrow.teams(), &Teams::only(["growth"]).unwrap());
    }
}
