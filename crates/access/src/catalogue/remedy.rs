//! What would be enough: a denial explained to the one who can do something about it.

use alloc::vec::Vec;
use core::fmt;

use super::Definition;
use crate::{Catalogue, Denial, Permission, PermissionSet, RoleName, ScopeName};

/// Why a permission was denied, and what would be enough.
///
/// It is for the holder's administrator and for the audit trail. It tells nothing that the catalogue does not, so a host
/// may show it to the holder too.
///
/// ```
/// use service_accounts_access::Denial;
/// use service_accounts_access::presets::data_quality::{Permission, catalogue};
///
/// let remedy = catalogue().remedy(Denial::NotInRole, Permission::UsersView);
/// assert_eq!(remedy.to_string(), "the role does not hold the permission users:view, the role Manager or Admin would");
///
/// let remedy = catalogue().remedy(Denial::NotInTokenScopes, Permission::ResourcesWrite);
/// let text = "the token's scopes do not hold the permission resources:write, the scope resources:write or write or admin would";
/// assert_eq!(remedy.to_string(), text);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy<P: Permission> {
    denial: Denial,
    permission: P,
    roles: Vec<RoleName>,
    scopes: Vec<ScopeName>,
}

impl<P: Permission> Catalogue<P> {
    /// The roles or scopes that would be enough, those that hold the fewest permissions first.
    ///
    /// Roles are named if the role is what lacks the permission, scopes if scopes do; for a team neither helps.
    #[must_use]
    pub fn remedy(&self, denial: Denial, permission: P) -> Remedy<P> {
        let (roles, scopes) = match denial {
            Denial::NotInRole => (holding(&self.roles, permission), Vec::new()),
            Denial::NotInAccountScopes | Denial::NotInTokenScopes => (Vec::new(), self.scopes_holding(permission)),
            Denial::WrongTeam => (Vec::new(), Vec::new()),
        };
        Remedy { denial, permission, roles, scopes }
    }

    /// Of the declared scopes that cover all these permissions, the one that holds the fewest, and of those the one
    /// declared first.
    #[must_use]
    pub fn least_scope_covering(&self, needed: PermissionSet<P>) -> Option<&ScopeName> {
        least_covering(&self.scopes, needed)
    }

    fn scopes_holding(&self, permission: P) -> Vec<ScopeName> {
        let own = ScopeName::parse(permission.name()).ok();
        own.into_iter().chain(holding(&self.scopes, permission)).collect()
    }
}

impl<P: Permission> Remedy<P> {
    /// Why it was denied.
    #[must_use]
    pub const fn denial(&self) -> Denial {
        self.denial
    }

    /// What was denied.
    #[must_use]
    pub const fn permission(&self) -> P {
        self.permission
    }

    /// The roles any one of which would be enough.
    #[must_use]
    pub fn roles(&self) -> &[RoleName] {
        &self.roles
    }

    /// The scopes any one of which would be enough.
    #[must_use]
    pub fn scopes(&self) -> &[ScopeName] {
        &self.scopes
    }
}

impl<P: Permission> fmt::Display for Remedy<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.denial)?;
        if self.denial == Denial::WrongTeam {
            return Ok(());
        }
        write!(f, " {}", self.permission.name())?;
        enough(f, "role", &self.roles)?;
        enough(f, "scope", &self.scopes)
    }
}

/// Of the definitions that cover all these permissions, the least.
pub(super) fn least_covering<N, P: Permission>(all: &[Definition<N, P>], needed: PermissionSet<P>) -> Option<&N> {
    let covering = all.iter().filter(|one| needed.is_subset(one.permissions));
    covering.min_by_key(|one| one.permissions.len()).map(|one| &one.name)
}

fn holding<N: Clone, P: Permission>(all: &[Definition<N, P>], permission: P) -> Vec<N> {
    let mut holding: Vec<_> = all.iter().filter(|one| one.permissions.contains(permission)).collect();
    holding.sort_by_key(|one| one.permissions.len());
    holding.into_iter().map(|one| one.name.clone()).collect()
}

fn enough<N: fmt::Display>(f: &mut fmt::Formatter<'_>, kind: &str, names: &[N]) -> fmt::Result {
    for (at, name) in names.iter().enumerate() {
        if at == 0 {
            write!(f, ", the {kind} {name}")?;
        } else {
            write!(f, " or {name}")?;
        }
    }
    f.write_str(if names.is_empty() { "" } else { " would" })
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::presets::data_quality::Permission::{self as P, ResourcesWrite, ResultsRead, UsersView};

    fn catalogue() -> Catalogue<P> {
        Catalogue::builder()
            .role("All", "", P::ALL.iter().copied())
            .role("Reader", "", [ResultsRead])
            .scope("wide", "", [ResultsRead, UsersView])
            .scope("narrow", "", [ResultsRead])
            .build()
            .unwrap()
    }

    #[test]
    fn the_narrowest_that_is_enough_comes_first() {
        let remedy = catalogue().remedy(Denial::NotInRole, ResultsRead);
        assert_eq!(remedy.roles().iter().map(RoleName::as_str).collect::<Vec<_>>(), ["Reader", "All"]);
        assert!(remedy.scopes().is_empty());
        let text = "the role does not hold the permission results:read, the role Reader or All would";
        assert_eq!(remedy.to_string(), text);
        for denial in [Denial::NotInAccountScopes, Denial::NotInTokenScopes] {
            let remedy = catalogue().remedy(denial, ResultsRead);
            assert_eq!(
                remedy.scopes().iter().map(ScopeName::as_str).collect::<Vec<_>>(),
                ["results:read", "narrow", "wide"]
            );
            assert!(remedy.roles().is_empty());
            assert_eq!((remedy.denial(), remedy.permission()), (denial, ResultsRead));
        }
    }

    #[test]
    fn no_role_and_no_scope_brings_a_holder_into_a_team() {
        let remedy = catalogue().remedy(Denial::WrongTeam, ResultsRead);
        assert!(remedy.roles().is_empty() && remedy.scopes().is_empty());
        assert_eq!(remedy.to_string(), "the resource belongs to another team");
    }

    #[test]
    fn what_no_role_holds_has_no_remedy() {
        let catalogue = Catalogue::builder().role("Reader", "", [ResultsRead]).build().unwrap();
        let text = catalogue.remedy(Denial::NotInRole, UsersView).to_string();
        assert_eq!(text, "the role does not hold the permission users:view");
    }

    #[test]
    fn the_least_covering_scope_is_a_declared_one() {
        let least =
            |needed: &[P]| catalogue().least_scope_covering(needed.iter().copied().collect()).map(ScopeName::to_string);
        assert_eq!(least(&[ResultsRead]).as_deref(), Some("narrow"));
        assert_eq!(least(&[UsersView]).as_deref(), Some("wide"));
        assert_eq!(least(&[ResourcesWrite]), None);
    }
}
