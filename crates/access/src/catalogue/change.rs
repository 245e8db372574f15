//! What another catalogue would change, and for whom.

use alloc::vec::Vec;

use super::Definition;
use crate::{Catalogue, Grant, Permission, PermissionSet, RoleName, ScopeName, Scopes};

/// What happens to one role or scope when one catalogue takes another's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetChange<N, P: Permission> {
    /// Which one.
    pub name: N,
    /// What it held; `None` if it is new.
    pub before: Option<PermissionSet<P>>,
    /// What it will hold; `None` if it goes, so that whoever has it is refused.
    pub after: Option<PermissionSet<P>>,
}

/// What happens to one holder when one catalogue takes another's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogueImpact<H, P: Permission> {
    /// Who.
    pub holder: H,
    /// What it could not do and then can.
    pub gains: PermissionSet<P>,
    /// What it could do and then cannot.
    pub loses: PermissionSet<P>,
}

impl<P: Permission> Catalogue<P> {
    /// The roles that `next` would change, those that go or change first, in this catalogue's order, then the new ones.
    #[must_use]
    pub fn changed_roles(&self, next: &Self) -> Vec<SetChange<RoleName, P>> {
        changes(&self.roles, &next.roles)
    }

    /// The declared scopes that `next` would change, in the same order.
    #[must_use]
    pub fn changed_scopes(&self, next: &Self) -> Vec<SetChange<ScopeName, P>> {
        changes(&self.scopes, &next.scopes)
    }

    /// The holders for whom `next` would change anything, and what.
    ///
    /// A holder whose role or scope does not exist can do nothing, so it loses all it had.
    pub fn impact<'a, H>(
        &'a self,
        next: &'a Self,
        holders: impl IntoIterator<Item = (H, &'a Grant)> + 'a,
    ) -> impl Iterator<Item = CatalogueImpact<H, P>> + 'a {
        let impact = |(holder, grant)| {
            let (before, after) = (self.held(grant), next.held(grant));
            CatalogueImpact { holder, gains: after.difference(before), loses: before.difference(after) }
        };
        holders.into_iter().map(impact).filter(|impact| !(impact.gains.is_empty() && impact.loses.is_empty()))
    }

    fn held(&self, grant: &Grant) -> PermissionSet<P> {
        self.effective(grant.role(), grant.scopes(), &Scopes::Inherited).unwrap_or_default()
    }
}

fn changes<N: Clone + Eq, P: Permission>(
    before: &[Definition<N, P>],
    after: &[Definition<N, P>],
) -> Vec<SetChange<N, P>> {
    let held =
        |list: &[Definition<N, P>], name: &N| list.iter().find(|one| one.name == *name).map(|one| one.permissions);
    let kept = before.iter();
    let new = after.iter().filter(|one| held(before, &one.name).is_none());
    let change = |one: &Definition<N, P>| SetChange {
        name: one.name.clone(),
        before: held(before, &one.name),
        after: held(after, &one.name),
    };
    kept.chain(new).map(change).filter(|change| change.before != change.after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Teams;
    use crate::presets::data_quality::Permission::{self as P, ResourcesWrite, ResultsRead, UsersView};

    fn catalogue(writer: &[P], third: &str, read: &[P]) -> Catalogue<P> {
        Catalogue::builder()
            .role("Reader", "", [ResultsRead])
            .role("Writer", "", writer.iter().copied())
            .role(third, "", [UsersView])
            .scope("read", "", read.iter().copied())
            .build()
            .unwrap()
    }

    fn grant(role: &str, scopes: Scopes) -> Grant {
        Grant::restore(RoleName::parse(role).unwrap(), scopes, Teams::none())
    }

    #[test]
    fn a_catalogue_changes_nothing_about_itself() {
        let catalogue = catalogue(&[ResourcesWrite], "Third", &[ResultsRead]);
        let grant = grant("Writer", Scopes::Inherited);
        assert!(catalogue.changed_roles(&catalogue).is_empty() && catalogue.changed_scopes(&catalogue).is_empty());
        assert_eq!(catalogue.impact(&catalogue, [((), &grant)]).count(), 0);
    }

    #[test]
    fn roles_and_scopes_are_seen_to_change_to_go_and_to_come() {
        let before = catalogue(&[ResourcesWrite], "Old", &[ResultsRead]);
        let after = catalogue(&[ResultsRead], "New", &[]);
        let change = |name: &str, before: Option<P>, after: Option<P>| SetChange {
            name: RoleName::parse(name).unwrap(),
            before: before.map(Into::into),
            after: after.map(Into::into),
        };
        assert_eq!(
            before.changed_roles(&after),
            [
                change("Writer", Some(ResourcesWrite), Some(ResultsRead)),
                change("Old", Some(UsersView), None),
                change("New", None, Some(UsersView)),
            ]
        );
        let scopes = before.changed_scopes(&after);
        assert_eq!(
            scopes.iter().map(|scope| (scope.before, scope.after)).collect::<Vec<_>>(),
            [(Some(ResultsRead.into()), Some(PermissionSet::empty()))]
        );
    }

    #[test]
    fn holders_are_told_what_they_gain_and_lose() {
        let before = catalogue(&[ResourcesWrite], "Old", &[ResultsRead]);
        let after = catalogue(&[ResultsRead], "New", &[ResultsRead]);
        let holders = [
            grant("Reader", Scopes::Inherited),
            grant("Writer", Scopes::Inherited),
            grant("Writer", Scopes::only(["read"]).unwrap()),
            grant("Old", Scopes::Inherited),
        ];
        let impact: Vec<_> = before.impact(&after, holders.iter().enumerate()).collect();
        assert_eq!(
            impact,
            [
                CatalogueImpact { holder: 1, gains: ResultsRead.into(), loses: ResourcesWrite.into() },
                CatalogueImpact { holder: 2, gains: ResultsRead.into(), loses: PermissionSet::empty() },
                CatalogueImpact { holder: 3, gains: PermissionSet::empty(), loses: UsersView.into() },
            ]
        );
    }
}
