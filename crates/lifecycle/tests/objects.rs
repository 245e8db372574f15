//! Every document is an object, and refuses what it does not know: structs and tagged enums, variant by variant.
#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use service_accounts_lifecycle::{
    AccountFacts, Attestation, Enforcement, Environment, GovernancePolicy, HumanSign, LifecyclePolicy, Lifetime,
    Overlap, RequestCriteria, Review, ReviewDecision, ReviewFinding, ReviewItem, Rotation, RotationAdmission,
    RotationKey, Span, StepRecord, TokenRequest, TokenRule, TokenState, TokenValidity,
};
use time::{Duration, UtcDateTime};

const NOW: UtcDateTime = UtcDateTime::UNIX_EPOCH;

fn span() -> Span {
    Span::days(3).unwrap()
}

/// Every variant; a new one breaks the match below.
fn states() -> Vec<TokenState> {
    let next = |state: &TokenState| match state {
        TokenState::Active => Some(TokenState::Retiring { until: NOW }),
        TokenState::Retiring { .. } => Some(TokenState::Revoked { at: NOW }),
        TokenState::Revoked { .. } => Some(TokenState::Deletable { revoked_at: NOW, since: NOW }),
        TokenState::Deletable { .. } => Some(TokenState::Deleted { at: NOW }),
        TokenState::Deleted { .. } => None,
    };
    std::iter::successors(Some(TokenState::Active), next).collect()
}

/// Every variant; a new one breaks the match below.
fn rules() -> Vec<TokenRule> {
    let next = |rule: &TokenRule| match rule {
        TokenRule::MaximumLifetime { .. } => Some(TokenRule::RotationLead { minimum: span() }),
        TokenRule::RotationLead { .. } => Some(TokenRule::AllowlistRequired),
        TokenRule::AllowlistRequired => Some(TokenRule::OwnerRequired),
        TokenRule::OwnerRequired => Some(TokenRule::PurposeRequired),
        TokenRule::PurposeRequired => Some(TokenRule::JustificationAbove { lowest: vec!["Member".into()] }),
        TokenRule::JustificationAbove { .. } => Some(TokenRule::ApprovalRequired),
        TokenRule::ApprovalRequired => Some(TokenRule::ScopeCeiling { allowed: vec!["read".into()] }),
        TokenRule::ScopeCeiling { .. } => Some(TokenRule::NamingAdvice { except: vec!["too_short".into()] }),
        TokenRule::NamingAdvice { .. } => Some(TokenRule::OneAccountPerIntegration),
        TokenRule::OneAccountPerIntegration => Some(TokenRule::NoPersonalTokenOutsideDevelopment),
        TokenRule::NoPersonalTokenOutsideDevelopment => Some(TokenRule::OneEnvironmentPerToken),
        TokenRule::OneEnvironmentPerToken => Some(TokenRule::NoWildcardDomain),
        TokenRule::NoWildcardDomain => Some(TokenRule::AllowedDomains { allowed: vec![] }),
        TokenRule::AllowedDomains { .. } => None,
    };
    std::iter::successors(Some(TokenRule::MaximumLifetime { maximum: span() }), next).collect()
}

fn governance() -> GovernancePolicy<RequestCriteria, TokenRule> {
    let policy = GovernancePolicy::new("all", RequestCriteria::default());
    rules().into_iter().fold(policy, |policy, rule| policy.with_rule(rule, Enforcement::Soft))
}

fn rotation() -> Rotation<u32, String> {
    let (key, old) = (
        RotationKey::parse("k").unwrap(),
        TokenValidity { state: TokenState::Active, expires_at: NOW + Duration::DAY },
    );
    let RotationAdmission::New(permit) = Rotation::<u32, String>::admit(None, &key, old, NOW).unwrap() else {
        unreachable!("there is no earlier rotation")
    };
    permit.open((1, 2), NOW + Duration::days(9), Overlap::UntilFirstUse(span()), "ops".into()).unwrap().rotation
}

#[track_caller]
fn is_an_object_that_refuses_what_it_does_not_know<T>(value: &T)
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let written = serde_json::to_value(value).unwrap();
    let read = |value: &Value| serde_json::from_str::<T>(&value.to_string());
    assert_eq!(&read(&written).unwrap(), value);
    let fields = written.as_object().unwrap();

    // serde#2123: `{"state":"active","at":5}` read as active.
    for unknown in ["surprise", "at", "until", "since", "maximum", "lowest", "State"] {
        if !fields.contains_key(unknown) {
            let mut more = fields.clone();
            more.insert(unknown.into(), json!(5));
            assert!(read(&Value::Object(more)).is_err(), "{unknown} beside {written}");
        }
    }
    // serde#1587: every object read as a list of its values too.
    let values: Vec<_> = fields.values().cloned().collect();
    let tag_first: Vec<_> = fields.get("state").or(fields.get("kind")).into_iter().cloned().collect();
    let tag_and_rest = json!([tag_first.first(), written]);
    for list in [json!(values), json!(tag_first), tag_and_rest, json!([]), json!([written])] {
        assert!(read(&list).is_err(), "{list}");
    }
    assert!(read(&Value::Null).is_err() && read(&json!(1)).is_err() && read(&json!("active")).is_err());
}

#[test]
fn every_document_is_an_object_that_refuses_what_it_does_not_know() {
    states().iter().for_each(is_an_object_that_refuses_what_it_does_not_know);
    rules().iter().for_each(is_an_object_that_refuses_what_it_does_not_know);
    governance().rules.iter().for_each(is_an_object_that_refuses_what_it_does_not_know);
    is_an_object_that_refuses_what_it_does_not_know(&governance());
    is_an_object_that_refuses_what_it_does_not_know(&RequestCriteria::default());
    let requests = [TokenRequest::new, TokenRequest::account, TokenRequest::certificate];
    requests.iter().for_each(|request| {
        is_an_object_that_refuses_what_it_does_not_know(&request("ci", Environment::testing()));
    });
    is_an_object_that_refuses_what_it_does_not_know(&LifecyclePolicy::default());
    is_an_object_that_refuses_what_it_does_not_know(&Lifetime::up_to(span()));
    is_an_object_that_refuses_what_it_does_not_know(&StepRecord { by: Some("ops".to_owned()), at: NOW });
    is_an_object_that_refuses_what_it_does_not_know(&rotation());
    findings().iter().for_each(is_an_object_that_refuses_what_it_does_not_know);
    let attestation = attestation();
    is_an_object_that_refuses_what_it_does_not_know(&attestation);
    let items = ["a", "b"].map(|key| ReviewItem::<_, String>::account(key.to_owned(), AccountFacts::new(NOW)));
    let mut review = Review::of(&items, &LifecyclePolicy::default(), NOW);
    assert_eq!(review.attest(attestation), Ok(()));
    is_an_object_that_refuses_what_it_does_not_know(&review);
    review.rows().iter().for_each(is_an_object_that_refuses_what_it_does_not_know);
}

#[test]
fn a_pack_whose_rows_are_not_in_order_is_refused() {
    let item = |key: u32| ReviewItem::<_, String>::account(key, AccountFacts::new(NOW));
    let review = Review::<_, _, String>::of(&[item(1), item(2)], &LifecyclePolicy::default(), NOW);
    let mut written = serde_json::to_value(&review).unwrap();
    assert!(serde_json::from_value::<Review<u32, String, String>>(written.clone()).is_ok());
    let rows = written["rows"].as_array_mut().unwrap();
    rows.swap(0, 1);
    assert!(serde_json::from_value::<Review<u32, String, String>>(written.clone()).is_err());
    let rows = written["rows"].as_array_mut().unwrap();
    rows[0] = rows[1].clone();
    assert!(serde_json::from_value::<Review<u32, String, String>>(written).is_err());
}

fn attestation() -> Attestation<String, String> {
    let note = Some("asked the team".to_owned());
    Attestation { key: "a".into(), by: "ops".into(), at: NOW, decision: ReviewDecision::Keep, note }
}

/// Every variant; a new one breaks the match below.
fn findings() -> Vec<ReviewFinding<String>> {
    use ReviewFinding as F;
    let next = |finding: &F<String>| match finding {
        F::Unconfirmed { .. } => Some(F::NoPurpose),
        F::NoPurpose => Some(F::UnfittingName),
        F::UnfittingName => Some(F::NoSuccessor { expires_at: NOW }),
        F::NoSuccessor { .. } => Some(F::Unused { last_use: Some(NOW) }),
        F::Unused { .. } => Some(F::Overprivileged { unused: vec!["write".into()] }),
        F::Overprivileged { .. } => Some(F::UnfittingTeams),
        F::UnfittingTeams => Some(F::Orphaned),
        F::Orphaned => Some(F::OwnerGone),
        F::OwnerGone => Some(F::Leaked),
        F::Leaked => Some(F::OldPepper),
        F::OldPepper => Some(F::NoExpiry),
        F::NoExpiry => Some(F::LongLived),
        F::LongLived => Some(F::SeveralEnvironments { environments: 2 }),
        F::SeveralEnvironments { .. } => Some(F::Reused { systems: 2, networks: 3 }),
        F::Reused { .. } => Some(F::HumanUse { signs: vec![HumanSign::OddHours] }),
        F::HumanUse { .. } => None,
    };
    std::iter::successors(Some(F::Unconfirmed { last_confirmed: None }), next).collect()
}

#[test]
fn an_error_says_what_a_document_is_and_no_name_of_a_type() {
    let error = serde_json::from_str::<TokenRequest>("[]").unwrap_err().to_string();
    assert!(error.starts_with("invalid type: sequence, expected an object"), "{error}");
}

/// A type that gains `Deserialize` has to be tried above, or be one of those that are a text, a number or a list.
#[test]
fn no_type_that_reads_documents_is_left_out() {
    let tried = [
        "EnforcedRule",
        "GovernancePolicyDocument",
        "Lifetime",
        "LifetimeDocument",
        "LifecyclePolicyDocument",
        "RequestCriteriaDocument",
        "RotationDocument",
        "RuleDocument",
        "StateFields",
        "StepRecordDocument",
        "TokenRequestDocument",
        "WrittenAttestation",
        "WrittenFinding",
        "WrittenReview",
        "WrittenRow",
    ];
    let no_objects = [
        "Enforcement",
        "Evidence",
        "HumanSign",
        "Overlap",
        "PolicyOutcome",
        "RequestKind",
        "ReviewDecision",
        "ReviewQuestion",
        "ReviewedKind",
        "RotationStep",
        "Text",
        "Watermark",
    ];
    let mut found = BTreeSet::new();
    derived_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let expected: BTreeSet<_> = tried.iter().chain(&no_objects).map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

/// The names of the types below a folder that derive `Deserialize`.
fn derived_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            derived_in(&entry.path(), found);
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        let mut derives = false;
        for line in text.lines().map(str::trim) {
            derives |= line.contains("derive(") && line.contains("Deserialize");
            let declared = line.trim_start_matches("pub ").trim_start_matches("(crate) ");
            let declared = declared.trim_start_matches("pub(crate) ");
            let name = declared.strip_prefix("struct ").or(declared.strip_prefix("enum "));
            if let Some(name) = name.filter(|_| std::mem::take(&mut derives)) {
                found.insert(name.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned());
            }
        }
    }
}
