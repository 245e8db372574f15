//! Less would have been enough: advice from what a holder was seen to do and from where.
//!
//! Advice never widens. What was seen in a quarter may lack what is done once a year, so a host shows the advice, tries it
//! with [`replay`](crate::replay), and lets somebody decide.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::{Allowlist, Catalogue, Permission, PermissionSet, RoleName, ScopeName, Scopes, UnknownName};

/// Which rights a holder was never seen to use, and what would be enough for those that it used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsAdvice<P: Permission> {
    /// What the holder may do and was never seen to do.
    pub unused: PermissionSet<P>,
    /// A role that holds fewer permissions than the present one and still all that was used.
    pub least_role: Option<RoleName>,
    /// The scopes that hold exactly what was used; `None` if they would take nothing away.
    pub exact_scopes: Option<Scopes>,
    /// A declared scope that covers all that was used and takes something away, for people who prefer a known name.
    pub declared_scope: Option<ScopeName>,
}

impl<P: Permission> RightsAdvice<P> {
    /// Whether there is nothing to advise.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unused.is_empty() && self.least_role.is_none()
    }
}

impl<P: Permission> Catalogue<P> {
    /// Compares what a holder may do with what it was seen to do.
    ///
    /// Permissions that were used and are not held any more count for nothing. A holder that used nothing is advised no
    /// role: ask whether it is still required.
    ///
    /// ```
    /// use service_accounts_access::presets::data_quality::{Permission, catalogue};
    /// use service_accounts_access::{RoleName, Scopes};
    ///
    /// let used = [Permission::ResultsRead, Permission::ResourcesWrite].into_iter().collect();
    /// let advice = catalogue().advise(&RoleName::parse("Admin")?, &Scopes::Inherited, &Scopes::Inherited, used)?;
    /// assert_eq!(advice.least_role, Some(RoleName::parse("Editor")?));
    /// assert_eq!(advice.exact_scopes, Some(Scopes::only(["resources:write", "results:read"])?));
    /// assert!(advice.unused.contains(Permission::UsersView));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the role or a scope does not exist.
    pub fn advise(
        &self,
        role: &RoleName,
        account: &Scopes,
        token: &Scopes,
        used: PermissionSet<P>,
    ) -> Result<RightsAdvice<P>, UnknownName> {
        let held = self.effective(role, account, token)?;
        let needed = used.intersection(held);
        let unused = held.difference(needed);
        let of_role = self.role(role).unwrap_or_default();
        let fewer = |name: &&RoleName| self.role(name).is_some_and(|least| least.len() < of_role.len());
        let takes_away = |name: &&ScopeName| self.scope(name).is_some_and(|scope| !held.is_subset(scope));
        Ok(RightsAdvice {
            unused,
            least_role: self.least_role_covering(needed).filter(|_| !needed.is_empty()).filter(fewer).cloned(),
            exact_scopes: (!unused.is_empty()).then(|| Scopes::ticked(needed)),
            declared_scope: self
                .least_scope_covering(needed)
                .filter(|_| !needed.is_empty())
                .filter(takes_away)
                .cloned(),
        })
    }
}

impl Allowlist {
    /// A list that admits every address seen which this one admits, and fewer others; `None` if there is nothing to gain.
    ///
    /// It never admits an address that this list does not. It has at most so many networks, or else as many as this list
    /// has that were used.
    ///
    /// ```
    /// use service_accounts_access::Allowlist;
    ///
    /// let present = Allowlist::parse_all(["10.0.0.0/8", "192.0.2.0/24"])?;
    /// let seen = ["10.1.2.3", "10.1.2.4"].map(|text| text.parse().unwrap());
    /// assert_eq!(present.narrowed_to(seen, 4).unwrap().to_string(), "10.1.2.3, 10.1.2.4");
    /// assert_eq!(Allowlist::any().narrowed_to(seen, 1).unwrap().to_string(), "10.1.2.0/29");
    /// # Ok::<(), service_accounts_access::AllowlistError>(())
    /// ```
    #[must_use]
    pub fn narrowed_to(&self, seen: impl IntoIterator<Item = IpAddr>, at_most: usize) -> Option<Self> {
        let seen: Vec<_> = seen.into_iter().filter(|address| self.contains(*address)).collect();
        let learnt = Self::learn(seen.iter().copied(), at_most).filter(|learnt| learnt.is_subset_of(self));
        let narrowed = learnt.or_else(|| self.networks_used(&seen))?;
        (!self.is_subset_of(&narrowed)).then_some(narrowed)
    }

    /// Those of the list's networks from which somebody came; none would mean no restriction.
    fn networks_used(&self, seen: &[IpAddr]) -> Option<Self> {
        let is_used = |network: &crate::Network| seen.iter().any(|address| network.contains(*address));
        let used: Vec<_> = self.networks().filter(is_used).collect();
        (!used.is_empty()).then(|| used.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::presets::data_quality::Permission::{self as P, DatastoresView, ResourcesWrite, ResultsRead, UsersView};
    use crate::presets::data_quality::catalogue;

    fn advice(role: &str, account: &[&str], used: &[P]) -> RightsAdvice<P> {
        let account =
            if account.is_empty() { Scopes::Inherited } else { Scopes::only(account.iter().copied()).unwrap() };
        let used = used.iter().copied().collect();
        catalogue().advise(&RoleName::parse(role).unwrap(), &account, &Scopes::Inherited, used).unwrap()
    }

    fn role(name: &str) -> Option<RoleName> {
        RoleName::parse(name).ok()
    }

    #[test]
    fn what_was_never_used_is_named_and_what_would_be_enough_too() {
        let editor = advice("Editor", &[], &[ResultsRead, DatastoresView]);
        assert_eq!(editor.unused, ResourcesWrite.into());
        assert_eq!(editor.least_role, role("Member"));
        assert_eq!(editor.exact_scopes, Scopes::only(["results:read", "datastores:view"]).ok());
        assert_eq!(editor.declared_scope.unwrap().as_str(), "read");
        assert!(!advice("Editor", &[], &[ResultsRead]).is_empty());
    }

    #[test]
    fn who_uses_everything_is_advised_nothing() {
        let member = advice("Member", &[], &[ResultsRead, DatastoresView]);
        assert!(member.is_empty());
        assert_eq!((member.least_role, member.exact_scopes, member.declared_scope), (None, None, None));
    }

    #[test]
    fn scopes_that_already_narrow_leave_a_smaller_role_to_advise() {
        let narrowed = advice("Admin", &["results:read"], &[ResultsRead]);
        assert_eq!((narrowed.unused, narrowed.exact_scopes.clone()), (PermissionSet::empty(), None));
        assert_eq!(narrowed.least_role, role("Member"));
        assert!(!narrowed.is_empty());
    }

    #[test]
    fn who_uses_nothing_is_asked_about_and_not_moved() {
        let idle = advice("Admin", &[], &[]);
        assert_eq!((idle.least_role, idle.declared_scope), (None, None));
        assert_eq!(idle.exact_scopes, Some(Scopes::none()));
        assert_eq!(idle.unused.len(), 6);
    }

    #[test]
    fn advice_never_widens() {
        for name in ["Member", "Editor", "Manager", "Admin"] {
            for used in [&[UsersView][..], &[ResultsRead, ResourcesWrite], &[]] {
                let advice = advice(name, &[], used);
                let held = catalogue().role(&RoleName::parse(name).unwrap()).unwrap();
                let least = advice.least_role.and_then(|role| catalogue().role(&role)).unwrap_or_default();
                assert!(least.len() < held.len() && advice.unused.is_subset(held), "{name} {used:?}");
                let scopes = advice.exact_scopes.unwrap_or(Scopes::Inherited);
                let left = catalogue().effective(&RoleName::parse(name).unwrap(), &scopes, &Scopes::Inherited).unwrap();
                assert_eq!(left, held.intersection(used.iter().copied().collect()), "{name} {used:?}");
            }
        }
    }

    #[test]
    fn an_unknown_name_is_no_advice() {
        let unknown = RoleName::parse("Adnin").unwrap();
        let error = catalogue().advise(&unknown, &Scopes::Inherited, &Scopes::Inherited, PermissionSet::empty());
        assert_eq!(error.unwrap_err().nearest(), Some("Admin"));
    }

    fn narrowed(present: &str, seen: &str, at_most: usize) -> Option<alloc::string::String> {
        let present = Allowlist::parse_all(present.split_whitespace()).unwrap();
        let seen: Vec<_> = seen.split_whitespace().map(|text| text.parse().unwrap()).collect();
        let narrowed = present.narrowed_to(seen.iter().copied(), at_most)?;
        assert!(narrowed.is_subset_of(&present) && narrowed != present);
        assert!(seen.iter().all(|address| !present.contains(*address) || narrowed.contains(*address)));
        Some(narrowed.to_string())
    }

    #[test]
    fn a_list_is_narrowed_to_where_somebody_came_from() {
        assert_eq!(narrowed("10.0.0.0/8", "10.1.2.3", 1).as_deref(), Some("10.1.2.3"));
        assert_eq!(narrowed("", "10.1.2.3 2001:db8::1", 2).as_deref(), Some("10.1.2.3, 2001:db8::1"));
        assert_eq!(
            narrowed("10.0.0.0/8", "10.1.2.3 192.0.2.1", 1).as_deref(),
            Some("10.1.2.3"),
            "the refused does not count"
        );
    }

    #[test]
    fn where_the_narrowest_list_would_widen_unused_networks_are_dropped() {
        let present = "10.0.0.0/24 10.0.2.0/24 10.0.4.0/24";
        assert_eq!(narrowed(present, "10.0.0.1 10.0.2.1", 1).as_deref(), Some("10.0.0.0/24, 10.0.2.0/24"));
        assert_eq!(narrowed(present, "10.0.0.1 10.0.2.1 10.0.4.1", 1), None);
    }

    #[test]
    fn nothing_seen_or_nothing_to_gain_is_no_advice() {
        assert_eq!(narrowed("10.0.0.0/8", "", 4), None);
        assert_eq!(narrowed("10.0.0.0/8", "192.0.2.1", 4), None);
        assert_eq!(narrowed("10.1.2.3", "10.1.2.3", 4), None);
        assert_eq!(narrowed("", "", 4), None);
    }
}
