//! Which requests a policy is about.

use alloc::string::String;
use alloc::vec::Vec;

use crate::environment::Environment;
use crate::governance::{DomainPattern, NamePattern, OverBroad, PolicyCriteria, RequestKind, TokenRequest};

/// Criteria over a [`TokenRequest`]: each list that is not empty must have an entry that fits.
///
/// An empty list asks for nothing. Without any entry the policy is about everything, which is reported as
/// over-broad and still done: a policy that silently did not apply would be worse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestCriteria {
    /// The request is of one of these kinds.
    pub kinds: Vec<RequestKind>,
    /// One of the request's domains fits one of these.
    pub domains: Vec<DomainPattern>,
    /// The request's environment is one of these.
    pub environments: Vec<Environment>,
    /// One of the account's teams is one of these.
    pub teams: Vec<String>,
    /// The account's role is one of these.
    pub roles: Vec<String>,
    /// The account's name fits one of these.
    pub names: Vec<NamePattern>,
}

/// What [`RequestCriteria`] looks like in a document.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "RequestCriteria", default = "RequestCriteria::default", deny_unknown_fields)]
struct RequestCriteriaDocument {
    kinds: Vec<RequestKind>,
    domains: Vec<DomainPattern>,
    environments: Vec<Environment>,
    teams: Vec<String>,
    roles: Vec<String>,
    names: Vec<NamePattern>,
}

#[cfg(feature = "serde")]
crate::object::reads_objects_only!(RequestCriteria, via RequestCriteriaDocument);

impl PolicyCriteria<TokenRequest> for RequestCriteria {
    fn matches(&self, request: &TokenRequest) -> bool {
        let is_of_domain = |pattern: &DomainPattern| request.domains.iter().any(|domain| pattern.matches(domain));
        asks_for(&self.kinds, |kind| *kind == request.kind)
            && asks_for(&self.domains, is_of_domain)
            && asks_for(&self.environments, |environment| *environment == request.environment)
            && asks_for(&self.teams, |team| request.teams.contains(team))
            && asks_for(&self.roles, |role| request.role.as_ref() == Some(role))
            && asks_for(&self.names, |pattern| pattern.matches(&request.name))
    }

    fn breadth(&self) -> Vec<OverBroad> {
        let everything = (*self == Self::default()).then_some(OverBroad::Everything);
        let domains = self.domains.iter().enumerate().filter(|(_, pattern)| pattern.is_over_broad());
        let names = self.names.iter().enumerate().filter(|(_, pattern)| pattern.is_over_broad());
        everything
            .into_iter()
            .chain(domains.map(|(position, _)| OverBroad::TopLevelDomain { position }))
            .chain(names.map(|(position, _)| OverBroad::EveryName { position }))
            .collect()
    }
}

fn asks_for<T>(entries: &[T], fits: impl FnMut(&T) -> bool) -> bool {
    entries.is_empty() || entries.iter().any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn request() -> TokenRequest {
        let mut request = TokenRequest::new("ci-main", Environment::staging());
        (request.teams, request.role) = (vec!["data".into(), "web".into()], Some("editor".into()));
        request.domains = vec!["api.example.com".into()];
        request
    }

    fn fitting() -> RequestCriteria {
        RequestCriteria {
            kinds: vec![RequestKind::Certificate, RequestKind::Token],
            domains: vec!["example.org".parse().unwrap(), "*.example.com".parse().unwrap()],
            environments: vec![Environment::production(), Environment::staging()],
            teams: vec!["web".into()],
            roles: vec!["editor".into()],
            names: vec!["ci-*".parse().unwrap()],
        }
    }

    #[test]
    fn every_list_must_fit() {
        assert!(fitting().matches(&request()));
        assert!(RequestCriteria::default().matches(&request()));
        let others = [
            RequestCriteria { kinds: vec![RequestKind::Account], ..fitting() },
            RequestCriteria { domains: vec!["example.org".parse().unwrap()], ..fitting() },
            RequestCriteria { environments: vec![Environment::production()], ..fitting() },
            RequestCriteria { teams: vec!["legal".into()], ..fitting() },
            RequestCriteria { roles: vec!["admin".into()], ..fitting() },
            RequestCriteria { names: vec!["cd-*".parse().unwrap()], ..fitting() },
        ];
        assert!(others.iter().all(|criteria| !criteria.matches(&request())));
    }

    #[test]
    fn a_request_without_a_role_or_domain_fits_no_criterion_of_them() {
        let bare = TokenRequest::new("ci-main", Environment::staging());
        assert!(!RequestCriteria { roles: vec!["editor".into()], ..RequestCriteria::default() }.matches(&bare));
        let domains = vec!["*.com".parse().unwrap()];
        assert!(!RequestCriteria { domains, ..RequestCriteria::default() }.matches(&bare));
    }

    #[test]
    fn over_broad_criteria_are_reported_with_their_place() {
        assert_eq!(RequestCriteria::default().breadth(), [OverBroad::Everything]);
        assert!(fitting().breadth().is_empty());
        let mut broad = fitting();
        broad.domains.push("*.com".parse().unwrap());
        broad.names.push("*".parse().unwrap());
        let expected = [OverBroad::TopLevelDomain { position: 2 }, OverBroad::EveryName { position: 1 }];
        assert_eq!(broad.breadth(), expected);
    }
}
