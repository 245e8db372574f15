//! Permissions as boxes to tick: resources down, actions across.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::{Permission, PermissionSet, ScopeName, Scopes};

/// The permissions a host declares as `resource:action`, as a grid with those of a set ticked.
///
/// It is the form in which people choose a token's scopes. No box ticked is no access at all. A permission without a
/// colon has a row of its own and one unnamed column.
///
/// ```
/// use service_accounts_access::presets::deployment::Permission;
/// use service_accounts_access::{Checkboxes, Scopes};
///
/// let ticked = [Permission::ApplicationsRead, Permission::SecretsWrite].into_iter().collect();
/// assert_eq!(Checkboxes::new(ticked).to_string(), "\
/// resource          read  write  deploy  delete
/// applications      [x]   [ ]    [ ]     [ ]
/// environments      [ ]   [ ]            [ ]
/// secrets           [ ]   [x]            [ ]
/// webhooks          [ ]   [ ]            [ ]
/// service-accounts  [ ]   [ ]
/// ");
/// assert_eq!(Scopes::ticked(ticked), Scopes::only(["applications:read", "secrets:write"])?);
/// # Ok::<(), service_accounts_access::NameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkboxes<P: Permission> {
    ticked: PermissionSet<P>,
}

impl<P: Permission> Checkboxes<P> {
    /// All boxes, with these ticked.
    #[must_use]
    pub const fn new(ticked: PermissionSet<P>) -> Self {
        Self { ticked }
    }

    /// The resources, in the order of their first permission.
    #[must_use]
    pub fn resources(self) -> Vec<&'static str> {
        distinct(P::ALL.iter().map(|permission| split(*permission).0))
    }

    /// The actions, in the order of their first permission.
    #[must_use]
    pub fn actions(self) -> Vec<&'static str> {
        distinct(P::ALL.iter().map(|permission| split(*permission).1))
    }

    /// Whether the box of this resource and action is ticked; `None` if there is no such box.
    #[must_use]
    pub fn is_ticked(self, resource: &str, action: &str) -> Option<bool> {
        let found = P::ALL.iter().copied().find(|permission| split(*permission) == (resource, action));
        found.map(|permission| self.ticked.contains(permission))
    }
}

impl Scopes {
    /// The scopes that hold exactly these permissions and stand for nothing else: the boxes ticked in a form.
    #[must_use]
    pub fn ticked<P: Permission>(permissions: PermissionSet<P>) -> Self {
        // A name that is no scope's cannot be granted as one; `build` has refused such a declaration.
        permissions.iter().filter_map(|permission| ScopeName::parse(permission.name()).ok()).collect()
    }
}

impl<P: Permission> fmt::Display for Checkboxes<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resources, actions) = (self.resources(), self.actions());
        let width = resources.iter().map(|resource| resource.len()).fold("resource".len(), usize::max);
        let heading = actions.iter().fold(alloc::format!("{:width$}", "resource"), |line, action| line + "  " + action);
        writeln!(f, "{}", heading.trim_end())?;
        for resource in resources {
            let cell = |action: &&str| alloc::format!("  {:1$}", self.mark(resource, action), action.len().max(3));
            let line = alloc::format!("{resource:width$}") + &actions.iter().map(cell).collect::<String>();
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl<P: Permission> Checkboxes<P> {
    fn mark(self, resource: &str, action: &str) -> &'static str {
        match self.is_ticked(resource, action) {
            Some(true) => "[x]",
            Some(false) => "[ ]",
            None => "",
        }
    }
}

fn split<P: Permission>(permission: P) -> (&'static str, &'static str) {
    permission.name().split_once(':').unwrap_or((permission.name(), ""))
}

fn distinct(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    names.fold(Vec::new(), |mut seen, name| {
        if !seen.contains(&name) {
            seen.push(name);
        }
        seen
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::deployment::Permission as P;

    #[test]
    fn each_permission_has_one_box() {
        let boxes = Checkboxes::<P>::new(P::SecretsRead.into());
        let all: Vec<_> = boxes
            .resources()
            .into_iter()
            .flat_map(|resource| boxes.actions().into_iter().map(move |action| (resource, action)))
            .collect();
        let existing = || all.iter().filter_map(|(resource, action)| boxes.is_ticked(resource, action));
        assert_eq!(existing().count(), P::ALL.len());
        assert_eq!(existing().filter(|ticked| *ticked).count(), 1);
        assert_eq!(boxes.is_ticked("secrets", "read"), Some(true));
        assert_eq!(boxes.is_ticked("secrets", "deploy"), None);
    }

    #[test]
    fn what_is_ticked_is_what_the_token_may() {
        let catalogue = crate::presets::deployment::catalogue();
        let owner = crate::RoleName::parse("Owner").unwrap();
        let ticked: PermissionSet<P> = [P::ApplicationsDeploy, P::WebhooksDelete].into_iter().collect();
        for set in [PermissionSet::empty(), ticked, PermissionSet::all()] {
            assert_eq!(catalogue.effective(&owner, &Scopes::Inherited, &Scopes::ticked(set)), Ok(set));
        }
    }
}
