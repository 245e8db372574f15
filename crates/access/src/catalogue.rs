//! Roles and scopes: named sets of permissions, as data.
//!
//! A catalogue is made whole or not at all. Once built, every name in it resolves, so a decision never meets half a
//! role; and it never changes, so what was resolved from it may be kept as long as its [`CatalogueId`] is current.

mod builder;
mod change;
#[cfg(feature = "serde")]
mod document;
mod error;
mod include;
mod live;
mod matrix;
mod remedy;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::{Grants, Permission, PermissionSet, RoleName, ScopeName, Scopes, Teams, UnknownName};

pub use builder::CatalogueBuilder;
pub use change::{CatalogueImpact, SetChange};
#[cfg(feature = "serde")]
pub use document::{CatalogueDocument, CatalogueDocumentEntry};
pub use error::{CatalogueError, EntryPlace};
#[cfg(feature = "std")]
pub use live::LiveCatalogue;
pub use live::RoleCatalogue;
pub use matrix::RoleMatrix;
pub use remedy::Remedy;

/// The roles and scopes of a service.
///
/// Every permission's name is a scope too, of exactly that permission, so that a token can be given single boxes to tick
/// without a scope declared for each.
///
/// ```
/// use service_accounts_access::presets::data_quality::Permission::{DatastoresView, ResourcesWrite};
/// use service_accounts_access::{Catalogue, RoleName, Scopes};
///
/// let catalogue = Catalogue::builder()
///     .role("Reader", "looks", [DatastoresView])
///     .role_including("Writer", "looks and changes", ["Reader"], [ResourcesWrite])
///     .scope("read", "for dashboards", [DatastoresView])
///     .build()?;
///
/// let writer = RoleName::parse("Writer")?;
/// assert_eq!(catalogue.role(&writer).map(|role| role.len()), Some(2));
/// let effective = catalogue.effective(&writer, &Scopes::Inherited, &Scopes::only(["read"])?)?;
/// assert_eq!(effective, DatastoresView.into());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Catalogue<P: Permission> {
    id: CatalogueId,
    roles: Vec<Role<P>>,
    scopes: Vec<Scope<P>>,
    least: RoleName,
    role_sets: BTreeMap<RoleName, PermissionSet<P>>,
    /// The declared scopes and the implied one of each permission.
    scope_sets: BTreeMap<ScopeName, PermissionSet<P>>,
}

/// Which catalogue something was resolved from.
///
/// Each [`build`](CatalogueBuilder::build) in a process has an id of its own, and clones share it, since a catalogue never
/// changes. It means nothing outside the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogueId(usize);

/// A role: its name, its sentence, and everything it holds, included roles counted in.
pub type Role<P> = Definition<RoleName, P>;

/// A declared scope: its name, its sentence, and everything it holds.
pub type Scope<P> = Definition<ScopeName, P>;

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition<N, P: Permission> {
    name: N,
    summary: Box<str>,
    permissions: PermissionSet<P>,
}

impl<P: Permission> Catalogue<P> {
    /// Starts with no roles and no scopes.
    #[must_use]
    pub fn builder() -> CatalogueBuilder<P> {
        CatalogueBuilder::new()
    }

    /// The catalogue's identity, cheap to compare.
    #[must_use]
    pub fn id(&self) -> CatalogueId {
        self.id
    }

    /// What the role holds; `None` if there is no such role.
    #[must_use]
    pub fn role(&self, name: &RoleName) -> Option<PermissionSet<P>> {
        self.role_sets.get(name).copied()
    }

    /// What the scope holds, declared or implied by a permission; `None` if there is no such scope.
    #[must_use]
    pub fn scope(&self, name: &ScopeName) -> Option<PermissionSet<P>> {
        self.scope_sets.get(name).copied()
    }

    /// The roles in the order of their declaration.
    pub fn roles(&self) -> impl Iterator<Item = &Role<P>> {
        self.roles.iter()
    }

    /// The declared scopes in the order of their declaration.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope<P>> {
        self.scopes.iter()
    }

    /// Every name that may be asked for as a scope, declared or implied by a permission, sorted.
    pub fn scope_names(&self) -> impl Iterator<Item = &ScopeName> {
        self.scope_sets.keys()
    }

    /// The role to start with: of those that hold the fewest permissions, the one declared first.
    #[must_use]
    pub fn least_role(&self) -> &RoleName {
        &self.least
    }

    /// Of the roles that cover all these permissions, the one that holds the fewest, and of those the one declared first.
    #[must_use]
    pub fn least_role_covering(&self, needed: PermissionSet<P>) -> Option<&RoleName> {
        remedy::least_covering(&self.roles, needed)
    }

    /// What a holder may do: what its role holds and its account's scopes and its token's scopes leave.
    ///
    /// # Errors
    /// If the role or a scope does not exist. Nothing is granted then, not even what the other names stand for.
    pub fn effective(
        &self,
        role: &RoleName,
        account: &Scopes,
        token: &Scopes,
    ) -> Result<PermissionSet<P>, UnknownName> {
        Ok(self.grants(role, account, token, Teams::none())?.permissions())
    }

    /// What a holder may do and whom it reaches, ready for decisions.
    ///
    /// # Errors
    /// If the role or a scope does not exist.
    pub fn grants(
        &self,
        role: &RoleName,
        account: &Scopes,
        token: &Scopes,
        teams: Teams,
    ) -> Result<Grants<P>, UnknownName> {
        let of_role = self.role(role).ok_or_else(|| self.unknown_role(role.as_str()))?;
        let of_account = self.narrow(of_role, account)?;
        Ok(Grants::layered(of_role, of_account, self.narrow(of_account, token)?, teams))
    }

    /// What is left of a set within some scopes.
    pub(crate) fn narrow(&self, held: PermissionSet<P>, scopes: &Scopes) -> Result<PermissionSet<P>, UnknownName> {
        match scopes {
            Scopes::Inherited => Ok(held),
            Scopes::Only(names) => {
                let sets = names.iter().map(|name| self.scope(name).ok_or_else(|| self.unknown_scope(name.as_str())));
                let named = sets.reduce(|all, one| Ok(all?.union(one?))).unwrap_or(Ok(PermissionSet::empty()))?;
                Ok(held.intersection(named))
            }
        }
    }

    fn unknown_role(&self, name: &str) -> UnknownName {
        UnknownName::among(crate::NameKind::Role, name, self.role_sets.keys().map(RoleName::as_str))
    }

    fn unknown_scope(&self, name: &str) -> UnknownName {
        UnknownName::among(crate::NameKind::Scope, name, self.scope_sets.keys().map(ScopeName::as_str))
    }
}

impl<N, P: Permission> Definition<N, P> {
    /// Its name.
    pub fn name(&self) -> &N {
        &self.name
    }

    /// Its sentence.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What it holds.
    pub fn permissions(&self) -> PermissionSet<P> {
        self.permissions
    }
}

impl CatalogueId {
    /// The id as a number, for who keeps it among others.
    #[must_use]
    pub const fn number(self) -> usize {
        self.0
    }

    #[cfg(feature = "std")]
    const fn of(number: usize) -> Self {
        Self(number)
    }

    fn next() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // Only the number must be unique; nothing is published with it.
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::presets::data_quality::{Permission as P, catalogue};

    fn role(name: &str) -> RoleName {
        RoleName::parse(name).unwrap()
    }

    #[test]
    fn a_role_is_started_with_and_found_by_what_it_must_cover() {
        let catalogue = catalogue();
        assert_eq!(catalogue.least_role().as_str(), "Member");
        let covering = |needed: &[P]| catalogue.least_role_covering(needed.iter().copied().collect()).unwrap().as_str();
        assert_eq!(covering(&[]), "Member");
        assert_eq!(covering(&[P::ResourcesWrite]), "Editor");
        assert_eq!(covering(&[P::ResultsRead, P::UsersView]), "Manager");
        assert_eq!(covering(&[P::IntegrationsConfigure]), "Admin");
    }

    #[test]
    fn no_role_is_named_when_none_covers() {
        let catalogue = Catalogue::builder().role("Reader", "", [P::ResultsRead]).build().unwrap();
        assert_eq!(catalogue.least_role_covering(P::UsersView.into()), None);
    }

    #[test]
    fn every_permission_is_a_scope_of_itself() {
        let catalogue = catalogue();
        for permission in P::ALL.iter().copied() {
            let scope = ScopeName::parse(permission.name()).unwrap();
            assert_eq!(catalogue.scope(&scope), Some(permission.into()));
        }
        assert!(catalogue.scopes().all(|scope| P::named(scope.name().as_str()).is_err()));
    }

    #[test]
    fn an_unknown_name_grants_nothing_and_suggests_a_known_one() {
        let catalogue = catalogue();
        let ask = |name: &str, account: Scopes, token: Scopes| {
            catalogue.effective(&role(name), &account, &token).unwrap_err().to_string()
        };
        let known = Scopes::only(["read"]).unwrap();
        let unknown = Scopes::only(["read", "wriet"]).unwrap();
        assert_eq!(ask("member", known.clone(), known.clone()), "unknown role, the nearest known one is `Member`");
        assert_eq!(ask("Member", unknown.clone(), known.clone()), "unknown scope, the nearest known one is `write`");
        assert_eq!(ask("Member", known, unknown), "unknown scope, the nearest known one is `write`");
    }

    #[test]
    fn an_unknown_scope_is_refused_beside_scopes_that_leave_nothing() {
        let unknown = Scopes::only(["nothing-like-it"]).unwrap();
        assert!(catalogue().effective(&role("Member"), &Scopes::none(), &unknown).is_err());
    }

    #[test]
    fn two_catalogues_differ_in_identity_and_clones_do_not() {
        let first = catalogue();
        assert_ne!(first.id(), catalogue().id());
        assert_eq!(first.id(), first.clone().id());
    }
}
