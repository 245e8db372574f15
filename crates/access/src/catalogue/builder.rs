//! Building a catalogue: everything that can be wrong with one is found here.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::include::resolve;
use super::{Catalogue, CatalogueError, CatalogueId, Definition, EntryPlace};
use crate::{NameError, NameKind, Permission, PermissionSet, RoleName, ScopeName, UnknownName};

/// Collects roles and scopes; [`build`](Self::build) checks them all at once.
#[derive(Debug, Clone)]
pub struct CatalogueBuilder<P: Permission> {
    roles: Vec<Draft<P>>,
    scopes: Vec<Draft<P>>,
}

/// A role or scope as it was said, unchecked.
#[derive(Debug, Clone)]
struct Draft<P: Permission> {
    name: String,
    summary: Box<str>,
    includes: Vec<String>,
    permissions: PermissionSet<P>,
}

impl<P: Permission> CatalogueBuilder<P> {
    pub(super) const fn new() -> Self {
        Self { roles: Vec::new(), scopes: Vec::new() }
    }

    /// Adds a role.
    #[must_use]
    pub fn role(self, name: &str, summary: &str, permissions: impl IntoIterator<Item = P>) -> Self {
        self.role_including(name, summary, [], permissions)
    }

    /// Adds a role that also holds all that other roles hold, declared before or after it.
    #[must_use]
    pub fn role_including<'a>(
        mut self,
        name: &str,
        summary: &str,
        includes: impl IntoIterator<Item = &'a str>,
        permissions: impl IntoIterator<Item = P>,
    ) -> Self {
        self.roles.push(Draft::new(name, summary, includes, permissions));
        self
    }

    /// Adds a scope.
    #[must_use]
    pub fn scope(self, name: &str, summary: &str, permissions: impl IntoIterator<Item = P>) -> Self {
        self.scope_including(name, summary, [], permissions)
    }

    /// Adds a scope that also holds all that other declared scopes hold.
    #[must_use]
    pub fn scope_including<'a>(
        mut self,
        name: &str,
        summary: &str,
        includes: impl IntoIterator<Item = &'a str>,
        permissions: impl IntoIterator<Item = P>,
    ) -> Self {
        self.scopes.push(Draft::new(name, summary, includes, permissions));
        self
    }

    /// Checks everything and resolves what includes what.
    ///
    /// # Errors
    /// If there is no role, a name is unusable or taken, an included role does not exist, a role includes itself, or the
    /// permissions themselves break a promise of [`Permission`].
    pub fn build(self) -> Result<Catalogue<P>, CatalogueError> {
        crate::permission::check::<P>()?;
        refuse_permission_names(&self.scopes)?;
        let roles = define(NameKind::Role, &self.roles, RoleName::parse)?;
        let scopes = define(NameKind::Scope, &self.scopes, ScopeName::parse)?;
        let least = roles.iter().min_by_key(|role| role.permissions.len()).ok_or(CatalogueError::NoRoles)?.name.clone();
        let role_sets = roles.iter().map(|role| (role.name.clone(), role.permissions)).collect();
        let declared = scopes.iter().map(|scope| (scope.name.clone(), scope.permissions));
        let implied = P::ALL
            .iter()
            .filter_map(|permission| Some((ScopeName::parse(permission.name()).ok()?, (*permission).into())));
        let scope_sets = declared.chain(implied).collect();
        Ok(Catalogue { id: CatalogueId::next(), roles, scopes, least, role_sets, scope_sets })
    }
}

impl<P: Permission> Draft<P> {
    fn new<'a>(
        name: &str,
        summary: &str,
        includes: impl IntoIterator<Item = &'a str>,
        permissions: impl IntoIterator<Item = P>,
    ) -> Self {
        let includes = includes.into_iter().map(String::from).collect();
        Self { name: name.into(), summary: summary.into(), includes, permissions: permissions.into_iter().collect() }
    }
}

/// Each name's place, unless a name is given twice.
fn places<'a>(
    kind: NameKind,
    names: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<&'a str, usize>, CatalogueError> {
    let mut places = BTreeMap::new();
    for (at, name) in names.enumerate() {
        if places.insert(name, at).is_some() {
            return Err(CatalogueError::Duplicate { place: EntryPlace::after(kind, at) });
        }
    }
    Ok(places)
}

/// Roles or scopes, each with all it includes.
fn define<N, P: Permission>(
    kind: NameKind,
    drafts: &[Draft<P>],
    parse: fn(&str) -> Result<N, NameError>,
) -> Result<Vec<Definition<N, P>>, CatalogueError> {
    let own: Vec<_> = drafts.iter().map(|draft| draft.permissions).collect();
    let place = |at| EntryPlace::after(kind, at);
    let held = resolve(&own, &included(kind, drafts)?).map_err(|at| CatalogueError::Cycle { place: place(at) })?;
    let definition = |(at, (draft, permissions)): (usize, (&Draft<P>, PermissionSet<P>))| {
        let name = parse(&draft.name).map_err(|reason| CatalogueError::Name { place: place(at), reason })?;
        Ok(Definition { name, summary: draft.summary.clone(), permissions })
    };
    drafts.iter().zip(held).enumerate().map(definition).collect()
}

/// The places of those that each one includes.
fn included<P: Permission>(kind: NameKind, drafts: &[Draft<P>]) -> Result<Vec<Vec<usize>>, CatalogueError> {
    let places = places(kind, drafts.iter().map(|draft| &*draft.name))?;
    let unknown = |at: usize, name: &str| CatalogueError::Unknown {
        place: EntryPlace::after(kind, at),
        reason: UnknownName::among(kind, name, places.keys().copied()),
    };
    let find = |(at, draft): (usize, &Draft<P>)| {
        draft.includes.iter().map(|name| places.get(&**name).copied().ok_or_else(|| unknown(at, name))).collect()
    };
    drafts.iter().enumerate().map(find).collect()
}

fn refuse_permission_names<P: Permission>(scopes: &[Draft<P>]) -> Result<(), CatalogueError> {
    match scopes.iter().position(|draft| P::named(&draft.name).is_ok()) {
        Some(at) => Err(CatalogueError::PermissionName { place: EntryPlace::after(NameKind::Scope, at) }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::presets::data_quality::Permission::{self as P, ResourcesWrite, ResultsRead, UsersView};

    fn error(builder: CatalogueBuilder<P>) -> String {
        builder.build().unwrap_err().to_string()
    }

    fn builder() -> CatalogueBuilder<P> {
        Catalogue::builder().role("Reader", "reads", [ResultsRead])
    }

    #[test]
    fn a_catalogue_without_roles_is_refused() {
        assert_eq!(Catalogue::<P>::builder().scope("read", "", []).build().unwrap_err(), CatalogueError::NoRoles);
        assert!(builder().build().is_ok());
    }

    #[test]
    fn names_are_taken_once() {
        assert_eq!(
            error(builder().role("Writer", "", []).role("Reader", "", [])),
            "role 3 has the name of an earlier one"
        );
        assert_eq!(error(builder().scope("s", "", []).scope("s", "", [])), "scope 2 has the name of an earlier one");
        assert_eq!(error(builder().scope("results:read", "", [])), "scope 1 has the name of a permission");
        assert!(builder().role("reader", "", []).scope("Reader", "", []).build().is_ok());
    }

    #[test]
    fn names_are_names() {
        assert_eq!(error(builder().role("", "", [])), "role 2: name is empty");
        assert!(error(builder().scope("a b", "", [])).starts_with("scope 1: name has a character at byte 1"));
    }

    #[test]
    fn an_included_role_must_exist() {
        let unknown = builder().role_including("Writer", "", ["reader"], []);
        assert_eq!(error(unknown), "role 2: unknown role, the nearest known one is `Reader`");
    }

    #[test]
    fn a_role_holds_what_it_includes_wherever_that_is_declared() {
        let catalogue = Catalogue::builder()
            .role_including("Top", "", ["Middle", "Side"], [])
            .role_including("Middle", "", ["Bottom"], [ResourcesWrite])
            .role("Bottom", "", [ResultsRead])
            .role("Side", "", [UsersView])
            .build()
            .unwrap();
        let held: Vec<_> = catalogue.roles().map(|role| role.permissions().to_string()).collect();
        assert_eq!(
            held,
            [
                "results:read, resources:write, users:view",
                "results:read, resources:write",
                "results:read",
                "users:view"
            ]
        );
    }

    #[test]
    fn a_chain_of_a_thousand_roles_is_resolved_to_its_end() {
        let names: Vec<_> = (0..1_000).map(|at| alloc::format!("Role{at}")).collect();
        let chain = names.windows(2).fold(Catalogue::builder(), |builder, pair| match pair {
            [name, next] => builder.role_including(name, "", [next.as_str()], []),
            _ => builder,
        });
        let catalogue = chain.role("Role999", "", [UsersView]).build().unwrap();
        assert!(catalogue.roles().all(|role| role.permissions() == UsersView.into()));
    }

    #[test]
    fn the_role_on_the_cycle_is_the_one_reported() {
        let itself = builder().role_including("A", "", ["A"], []);
        assert_eq!(error(itself), "role 2 includes itself");
        let pair = builder()
            .role_including("Outside", "", ["Reader", "A"], [])
            .role_including("A", "", ["B"], [])
            .role_including("B", "", ["A"], []);
        assert!(["role 3 includes itself", "role 4 includes itself"].contains(&&*error(pair)));
    }

    #[test]
    fn definitions_keep_their_order_and_their_sentence() {
        let catalogue =
            builder().role("A", "first", []).scope("z", "last", [UsersView]).scope("b", "", []).build().unwrap();
        assert_eq!(
            catalogue.roles().map(|role| (role.name().as_str(), role.summary())).collect::<Vec<_>>(),
            [("Reader", "reads"), ("A", "first")]
        );
        assert_eq!(catalogue.scopes().map(|scope| scope.name().as_str()).collect::<Vec<_>>(), ["z", "b"]);
        assert_eq!(
            catalogue.scopes().next().map(|scope| (scope.summary(), scope.permissions())),
            Some(("last", UsersView.into()))
        );
        assert_eq!(catalogue.least_role().as_str(), "A");
    }
}
