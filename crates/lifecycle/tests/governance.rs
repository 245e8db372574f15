//! The shipped rules, and a policy over them.

use service_accounts_lifecycle::{
    Enforcement, Environment, GovernancePolicy, OverBroad, PolicyEvaluation, PolicyOutcome, PolicyRule,
    PolicyViolation, RequestCriteria, RequestKind, Span, TokenRequest, TokenRule,
};

type Policy = GovernancePolicy<RequestCriteria, TokenRule>;

fn bare() -> TokenRequest {
    TokenRequest::new("ci-main", Environment::production())
}

fn with(change: impl FnOnce(&mut TokenRequest)) -> TokenRequest {
    let mut request = bare();
    change(&mut request);
    request
}

fn days(days: u32) -> Option<Span> {
    Span::days(days)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Each rule with requests it lets pass and requests it refuses.
fn table() -> Vec<(TokenRule, &'static str, Vec<TokenRequest>, Vec<TokenRequest>)> {
    let lifetime = |span| with(|request| request.lifetime = span);
    let lead = |span| with(|request| request.rotation_lead = span);
    let scopes = |scopes: &[&str]| with(|request| request.scopes = texts(scopes));
    let advice = |codes: &[&str]| with(|request| request.naming_advice = texts(codes));
    let role = |role: &str, why: Option<&str>| {
        with(|request| (request.role, request.justification) = (Some(role.into()), why.map(Into::into)))
    };
    let year = Span::days(365);
    let development = |mut request: TokenRequest| {
        request.environment = Environment::development();
        request
    };
    let personal = with(|request| request.is_personal = true);
    let elsewhere = |environments| with(|request| request.other_environments = environments);
    let (Some(ninety), Some(thirty)) = (days(90), days(30)) else { unreachable!() };
    vec![
        (
            TokenRule::MaximumLifetime { maximum: ninety },
            "maximum-lifetime",
            vec![lifetime(days(89)), lifetime(days(90))],
            vec![lifetime(days(91)), lifetime(year), bare()],
        ),
        (
            TokenRule::RotationLead { minimum: thirty },
            "rotation-lead",
            vec![lead(days(30)), lead(days(31))],
            vec![lead(days(29)), bare()],
        ),
        (
            TokenRule::AllowlistRequired,
            "allowlist-required",
            vec![with(|request| request.allowlist = texts(&["10.0.0.0/8"]))],
            vec![bare()],
        ),
        (
            TokenRule::OwnerRequired,
            "owner-required",
            vec![with(|request| request.owner = Some("ops".into()))],
            vec![bare(), with(|request| request.owner = Some(" ".into()))],
        ),
        (
            TokenRule::PurposeRequired,
            "purpose-required",
            vec![with(|request| request.purpose = Some("sync".into()))],
            vec![bare(), with(|request| request.purpose = Some(String::new()))],
        ),
        (
            TokenRule::JustificationAbove { lowest: texts(&["member"]) },
            "justification-required",
            vec![bare(), role("member", None), role("admin", Some("nightly export"))],
            vec![role("admin", None), role("admin", Some("\t")), role("Member", None)],
        ),
        (
            TokenRule::ApprovalRequired,
            "approval-required",
            vec![with(|request| request.is_approved = true)],
            vec![bare()],
        ),
        (
            TokenRule::ScopeCeiling { allowed: texts(&["read", "write"]) },
            "scope-ceiling",
            vec![bare(), scopes(&["read"]), scopes(&["write", "read"])],
            vec![scopes(&["read", "admin"])],
        ),
        (
            TokenRule::NamingAdvice { except: texts(&["vague"]) },
            "naming-advice",
            vec![bare(), advice(&["vague"])],
            vec![advice(&["generic"])],
        ),
        (
            TokenRule::OneAccountPerIntegration,
            "one-account-per-integration",
            vec![bare(), with(|request| request.integrations = texts(&["a"]))],
            vec![with(|request| request.integrations = texts(&["a", "b"]))],
        ),
        (
            TokenRule::NoPersonalTokenOutsideDevelopment,
            "no-personal-token",
            vec![bare(), development(personal.clone())],
            vec![personal],
        ),
        (
            TokenRule::OneEnvironmentPerToken,
            "one-environment-per-token",
            vec![bare(), elsewhere(vec![Environment::production()])],
            vec![elsewhere(vec![Environment::production(), Environment::staging()])],
        ),
        (
            TokenRule::NoWildcardDomain,
            "no-wildcard-domain",
            vec![certificate(&[]), certificate(&["api.example.com"]), with(|token| token.domains = texts(&["*.com"]))],
            vec![certificate(&["api.example.com", "*.example.com"])],
        ),
        (
            TokenRule::AllowedDomains { allowed: "*.example.com".parse().into_iter().collect() },
            "allowed-domains",
            vec![certificate(&[]), certificate(&["api.example.com", "*.b.example.com"])],
            vec![
                certificate(&["api.example.com", "example.com"]),
                with(|token| token.domains = texts(&["example.org"])),
            ],
        ),
    ]
}

fn certificate(domains: &[&str]) -> TokenRequest {
    let domains = texts(domains);
    TokenRequest { domains, ..TokenRequest::certificate("ci-main", Environment::production()) }
}

/// A rule that asked an account for the lifetime of its tokens would block every account.
#[test]
fn a_rule_looks_only_at_what_it_is_about() {
    use RequestKind::{Account, Certificate, Token};
    let about = |rule: &TokenRule| match rule.code() {
        "owner-required" | "purpose-required" => vec![Account, Token, Certificate],
        "maximum-lifetime" | "allowed-domains" => vec![Token, Certificate],
        "rotation-lead" | "no-personal-token" | "one-environment-per-token" => vec![Token],
        "no-wildcard-domain" => vec![Certificate],
        _ => vec![Account, Token],
    };
    for (rule, code, _, failing) in table() {
        for kind in RequestKind::ALL {
            assert_eq!(rule.is_about(kind), about(&rule).contains(&kind), "{code} {kind}");
            let asked = failing.iter().map(|request| TokenRequest { kind, ..request.clone() });
            let refused = asked.filter(|request| rule.violation(request).is_some()).count();
            assert_eq!(refused, if rule.is_about(kind) { failing.len() } else { 0 }, "{code} {kind}");
        }
    }
}

#[test]
fn a_policy_is_about_the_kinds_it_names() {
    let criteria = RequestCriteria { kinds: vec![RequestKind::Certificate], ..RequestCriteria::default() };
    let policy = Policy::new("certificates", criteria).with_rule(TokenRule::OwnerRequired, Enforcement::Hard).enabled();
    assert_eq!(policy.evaluate(&certificate(&[])).outcome, PolicyOutcome::Block);
    assert_eq!(policy.evaluate(&bare()).outcome, PolicyOutcome::Allow);
    assert_eq!(policy.evaluate(&TokenRequest::account("ci", Environment::production())).outcome, PolicyOutcome::Allow);
    assert!(policy.breadth().is_empty());
}

#[test]
fn every_rule_lets_pass_what_it_should_and_refuses_the_rest() {
    for (rule, code, passing, failing) in table() {
        assert_eq!(rule.code(), code);
        for request in passing {
            assert_eq!(rule.violation(&request), None, "{code}: {request:?}");
        }
        for request in failing {
            assert!(rule.violation(&request).is_some(), "{code}: {request:?}");
        }
    }
}

#[test]
fn soft_failures_warn_and_one_hard_failure_blocks() {
    let soft = Policy::new("owners", RequestCriteria::default()).with_rule(TokenRule::OwnerRequired, Enforcement::Soft);
    let both = soft.clone().with_rule(TokenRule::ApprovalRequired, Enforcement::Hard);
    let fine = with(|request| (request.owner, request.is_approved) = (Some("ops".into()), true));
    let approved = with(|request| request.is_approved = true);
    assert_eq!(soft.validate(&bare()).outcome, PolicyOutcome::Warn);
    assert_eq!(
        [&bare(), &approved, &fine].map(|request| both.validate(request).outcome),
        [PolicyOutcome::Block, PolicyOutcome::Warn, PolicyOutcome::Allow]
    );
    let owner = PolicyViolation {
        code: "owner-required",
        reason: "the account has no owner",
        field: Some("owner"),
        enforcement: Enforcement::Soft,
    };
    assert_eq!(both.validate(&approved).findings, [owner]);
}

#[test]
fn a_policy_that_is_not_enabled_can_be_tried_and_decides_nothing() {
    let policy =
        Policy::new("owners", RequestCriteria::default()).with_rule(TokenRule::OwnerRequired, Enforcement::Hard);
    assert_eq!(policy.validate(&bare()).outcome, PolicyOutcome::Block);
    assert_eq!(policy.evaluate(&bare()).outcome, PolicyOutcome::Allow);
    assert_eq!(policy.enabled().evaluate(&bare()).outcome, PolicyOutcome::Block);
}

#[test]
fn a_policy_has_nothing_to_say_of_what_it_is_not_about() {
    let criteria = RequestCriteria { environments: vec![Environment::testing()], ..RequestCriteria::default() };
    let policy = Policy::new("testing", criteria).with_rule(TokenRule::OwnerRequired, Enforcement::Hard).enabled();
    assert_eq!(policy.evaluate(&bare()).outcome, PolicyOutcome::Allow);
    assert!(policy.breadth().is_empty());
    assert_eq!(Policy::new("all", RequestCriteria::default()).breadth(), [OverBroad::Everything]);
}

#[test]
fn the_worst_of_many_policies_decides() {
    let policy =
        |rule, enforcement| Policy::new("one", RequestCriteria::default()).with_rule(rule, enforcement).enabled();
    let policies = [
        policy(TokenRule::OwnerRequired, Enforcement::Soft),
        policy(TokenRule::ApprovalRequired, Enforcement::Hard),
        policy(TokenRule::OneEnvironmentPerToken, Enforcement::Hard),
    ];
    let verdict: PolicyEvaluation = policies.iter().map(|policy| policy.evaluate(&bare())).collect();
    assert_eq!((verdict.outcome, verdict.findings.len()), (PolicyOutcome::Block, 2));
    let nothing: PolicyEvaluation = std::iter::empty::<PolicyEvaluation>().collect();
    assert_eq!(nothing.outcome, PolicyOutcome::Allow);
}

#[cfg(feature = "serde")]
#[test]
fn a_policy_and_a_request_are_documents() {
    let document = serde_json::json!({
        "name": "production",
        "is_enabled": true,
        "matching_criteria": { "environments": ["production"], "domains": ["*.example.com"], "names": ["ci-*"] },
        "rules": [
            { "kind": "maximum_lifetime", "maximum": "90d", "fail": "hard" },
            { "kind": "owner_required", "fail": "soft" },
        ],
    });
    let policy: Policy = serde_json::from_value(document.clone()).unwrap();
    let request: TokenRequest = serde_json::from_value(serde_json::json!({
        "name": "ci-main", "environment": "production", "domains": ["api.example.com"], "lifetime": "91d",
    }))
    .unwrap();
    let verdict = serde_json::to_value(policy.evaluate(&request)).unwrap();
    assert_eq!(
        verdict,
        serde_json::json!({
            "outcome": "block",
            "findings": [
                { "code": "maximum-lifetime", "reason": "it would live too long", "field": "lifetime", "fail": "hard" },
                { "code": "owner-required", "reason": "the account has no owner", "field": "owner", "fail": "soft" },
            ],
        })
    );
    let written = serde_json::to_value(&policy).unwrap();
    assert_eq!(serde_json::from_value::<Policy>(written).unwrap(), policy);
    for (field, value) in [("is_enable", true.into()), ("matching_criteria", serde_json::json!({ "domains": ["*"] }))] {
        let mut broken = document.clone();
        broken.as_object_mut().unwrap().insert(field.into(), value);
        assert!(serde_json::from_value::<Policy>(broken).is_err(), "{field}");
    }
}
