//! A host's own subject: the same policies over requests for certificates.

use service_accounts_lifecycle::{
    Breadth, Criteria, DomainPattern, Enforcement, GovernancePolicy, Outcome, Rule, Span,
};

struct CertificateRequest {
    domains: Vec<&'static str>,
    validity: Span,
}

/// Certificates for these domains and subdomains.
#[derive(Default)]
struct Domains(Vec<DomainPattern>);

impl Criteria<CertificateRequest> for Domains {
    /// One domain is enough: a request could otherwise escape by adding a name the policy is not about.
    fn matches(&self, request: &CertificateRequest) -> bool {
        self.0.iter().any(|pattern| request.domains.iter().any(|domain| pattern.matches(domain)))
    }

    fn breadth(&self) -> Vec<Breadth> {
        let broad = self.0.iter().enumerate().filter(|(_, pattern)| pattern.is_over_broad());
        broad.map(|(position, _)| Breadth::TopLevelDomain { position }).collect()
    }
}

enum CertificateRule {
    NoWildcard,
    MaximumValidity(Span),
}

impl Rule<CertificateRequest> for CertificateRule {
    fn code(&self) -> &'static str {
        match self {
            Self::NoWildcard => "no-wildcard",
            Self::MaximumValidity(_) => "maximum-validity",
        }
    }

    fn objection(&self, request: &CertificateRequest) -> Option<&'static str> {
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

fn outcome(texts: &[&str], domains: &[&'static str], days: u32) -> Option<Outcome> {
    let validity = Span::days(days)?;
    Some(policy(texts).evaluate(&CertificateRequest { domains: domains.to_vec(), validity }).outcome)
}

#[test]
fn exact_domains_and_subdomains_are_told_apart() {
    let over = |domain| outcome(&["example.com", "*.internal.example.com"], &[domain], 91);
    assert_eq!(over("example.com"), Some(Outcome::Warn));
    assert_eq!(over("www.example.com"), Some(Outcome::Allow), "an exact domain has no subdomains");
    assert_eq!(over("db.eu.internal.example.com"), Some(Outcome::Warn));
    assert_eq!(over("internal.example.com"), Some(Outcome::Allow), "subdomains are below, not at, the domain");
    assert_eq!(over("notinternal.example.com"), Some(Outcome::Allow));
}

#[test]
fn a_wildcard_request_below_the_policy_is_blocked() {
    assert_eq!(outcome(&["*.example.com"], &["*.example.com"], 30), Some(Outcome::Block));
    assert_eq!(outcome(&["*.example.com"], &["*.api.example.com"], 30), Some(Outcome::Block));
    assert_eq!(outcome(&["*.example.com"], &["*.example.org"], 30), Some(Outcome::Allow));
}

#[test]
fn a_second_name_does_not_take_a_request_out_of_the_policy() {
    assert_eq!(outcome(&["*.example.com"], &["example.org", "a.example.com"], 91), Some(Outcome::Warn));
}

#[test]
fn the_validity_is_bounded_at_its_boundary() {
    let over = |days| outcome(&["example.com"], &["example.com"], days);
    assert_eq!([89, 90, 91].map(over), [Some(Outcome::Allow), Some(Outcome::Allow), Some(Outcome::Warn)]);
}

#[test]
fn over_broad_patterns_are_reported() {
    assert_eq!(policy(&["example.com", "*.com"]).breadth(), [Breadth::TopLevelDomain { position: 1 }]);
    assert!(policy(&["*.example.com"]).breadth().is_empty());
}
