//! Whether the names in a policy's criteria name anything.

use service_accounts_access::{Permission, RoleCatalogue};
use service_accounts_lifecycle::RequestKind;

use super::Policies;
use crate::{Error, TokenPolicy};

impl<S, P: Permission> Policies<'_, S, P> {
    /// A misspelt environment or role fits no request, so the policy would never be asked and nobody would notice.
    ///
    /// Certificates are the host's: theirs may be of environments and roles that nothing here knows.
    pub(super) fn check_criteria(&self, policy: &TokenPolicy) -> Result<(), Error> {
        let (criteria, rules) = (&policy.matching_criteria, &self.acting.core.rules);
        if !criteria.kinds.is_empty() && criteria.kinds.iter().all(|kind| *kind == RequestKind::Certificate) {
            return Ok(());
        }
        let catalogue = rules.catalogue.current();
        let environments: Vec<_> = rules.lifecycle.environments().map(|(known, _)| known.as_str()).collect();
        let roles: Vec<_> = catalogue.roles().map(|role| role.name().as_str()).collect();
        let asked_environments = criteria.environments.iter().map(|environment| environment.as_str());
        all_known("environments", asked_environments, &environments)?;
        all_known("roles", criteria.roles.iter().map(String::as_str), &roles)
    }
}

fn all_known<'a>(field: &str, mut names: impl Iterator<Item = &'a str>, known: &[&str]) -> Result<(), Error> {
    match names.position(|name| !known.contains(&name)) {
        Some(place) => Err(Error::PolicyFitsNothing {
            field: format!("matching_criteria.{field}[{place}]"),
            known: known.iter().map(|name| (*name).to_owned()).collect(),
        }),
        None => Ok(()),
    }
}
