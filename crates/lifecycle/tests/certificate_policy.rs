//! A host's own subject: the same policies over requests for certificates.

use service_accounts_lifecycle::{
    DomainPattern, Enforcement, GovernancePolicy, OverBroad, PolicyCriteria, PolicyOutcome, PolicyRule, Span,
};

struct CertificateRequest {
    domains: Vec<&'static str>,
    validity: Span,
}

/// Certificates for these domains and subdomains.
#[derive(Default)]
struct Domains(Vec<DomainPattern>);

impl PolicyCriteria<CertificateRequest> for Domains {
    /// One domain is enough: a request could otherwise escape by adding a name the policy is not about.
    fn matches(&self, request: &CertificateRequest) -> bool {
        self.0.iter().any(|pattern| request.domains.iter().any(|domain| pattern.matches(domain)))
    }

    fn breadth(&self) -> Vec<OverBroad> {
        let broad = self.0.iter().enumerate().filter(|(_, pattern)| pattern.is_over_broad());
        broad.map(|(position, _)| OverBroad::TopLevelDomain { position }).collect()
    }
}

enum CertificateRule {
    NoWildcard,
    MaximumValidity(Span),
}

impl PolicyRule<CertificateRequest> for CertificateRule {
    fn code(&self) -> &'static str {
        match self {
            Self::NoWildcard => "no-wildcard",
            Self::MaximumValidity(_) => "maximum-validity",
        }
    }

    fn violation(&self, request: &CertificateRequest) -> Option<&'static str> {
        let (is_broken, reason) = match self {
            Self::NoWildcard => {
                (request.domains.iter().any(|domain| domain.starts_with('*')), "the certificate is for a wildcard")
            }
            Self::MaximumValidity(maximum) => (request.validity > *maximum, "the certificate is valid for too long"),
        };
        is_broken.then_some(reason)
    }
}

fn patterns(texts: &[&str]) -> Domains {
    Domains(texts.iter().filter_map(|text| text.parse().ok()).collect())
}

fn policy(texts: &[&str]) -> GovernancePolicy<Domains, CertificateRule> {
    let quarter = Span::days(90).map(CertificateRule::MaximumValidity);
    let policy = GovernancePolicy::new("public names", patterns(texts))
        .with_rule(CertificateRule::NoWildcard, Enforcement::Hard)
        .enabled();
    quarter.into_iter().fold(policy, |policy, rule| policy.with_rule(rule, Enforcement::Soft))
}

fn outcome(texts: &[&str], domains: &[&'static str], days: u32) -> Option<PolicyOutcome> {
    let validity = Span::days(days)?;
    Some(policy(texts).evaluate(&CertificateRequest { domains: domains.to_vec(), validity }).outcome)
}

#[test]
fn exact_domains_and_subdomains_are_told_apart() {
    let over = |domain| outcome(&["example.com", "*.internal.example.com"], &[domain], 91);
    assert_eq!(over("example.com"), Some(PolicyOutcome::Warn));
    assert_eq!(over("www.example.com"), Some(PolicyOutcome::Allow), "an exact domain has no subdomains");
    assert_eq!(over("db.eu.internal.example.com"), Some(PolicyOutcome::Warn));
    assert_eq!(over("internal.example.com"), Some(PolicyOutcome::Allow), "subdomains are below, not at, the domain");
    assert_eq!(over("notinternal.example.com"), Some(PolicyOutcome::Allow));
}

#[test]
fn a_wildcard_request_below_the_policy_is_blocked() {
    assert_eq!(outcome(&["*.example.com"], &["*.example.com"], 30), Some(PolicyOutcome::Block));
    assert_eq!(outcome(&["*.example.com"], &["*.api.example.com"], 30), Some(PolicyOutcome::Block));
    assert_eq!(outcome(&["*.example.com"], &["*.example.org"], 30), Some(PolicyOutcome::Allow));
}

#[test]
fn a_second_name_does_not_take_a_request_out_of_the_policy() {
    assert_eq!(outcome(&["*.example.com"], &["example.org", "a.example.com"], 91), Some(PolicyOutcome::Warn));
}

#[test]
fn the_validity_is_bounded_at_its_boundary() {
    let over = |days| outcome(&["example.com"], &["example.com"], days);
    assert_eq!(
        [89, 90, 91].map(over),
        [Some(PolicyOutcome::Allow), Some(PolicyOutcome::Allow), Some(PolicyOutcome::Warn)]
    );
}

#[test]
fn over_broad_patterns_are_reported() {
    assert_eq!(policy(&["example.com", "*.com"]).breadth(), [OverBroad::TopLevelDomain { position: 1 }]);
    assert!(policy(&["*.example.com"]).breadth().is_empty());
}
