//! What is written down reads back, and what is corrupt is refused.
#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use serde_json::json;
use service_accounts_lifecycle::{Environment, LifecyclePolicy, Lifetime, Span, TokenState, Watermark};
use time::UtcDateTime;
use time::macros::utc_datetime;

fn instant() -> impl Strategy<Value = UtcDateTime> {
    let (min, max) = (-377_705_116_800_i64, 253_402_300_799_i64);
    (min..=max).prop_map(|seconds| UtcDateTime::from_unix_timestamp(seconds).unwrap())
}

fn state() -> impl Strategy<Value = TokenState> {
    prop_oneof![
        Just(TokenState::Active),
        instant().prop_map(|until| TokenState::Retiring { until }),
        instant().prop_map(|at| TokenState::Revoked { at }),
        (instant(), instant()).prop_map(|(revoked_at, since)| TokenState::Deletable { revoked_at, since }),
        instant().prop_map(|at| TokenState::Deleted { at }),
    ]
}

proptest! {
    #[test]
    fn every_state_reads_back_as_itself(state in state()) {
        let text = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(serde_json::from_str::<TokenState>(&text).unwrap(), state);
    }

    #[test]
    fn every_span_reads_back_as_itself(seconds in 1_u32..) {
        let span = Span::seconds(seconds).unwrap();
        let value = serde_json::to_value(span).unwrap();
        prop_assert_eq!(serde_json::from_value::<Span>(value).unwrap(), span);
    }
}

#[test]
fn instants_are_seconds_since_1970() {
    let retiring = TokenState::Retiring { until: utc_datetime!(2025-01-01 0:00) };
    assert_eq!(serde_json::to_value(retiring).unwrap(), json!({ "state": "retiring", "until": 1_735_689_600 }));
    assert_eq!(serde_json::to_value(TokenState::Active).unwrap(), json!({ "state": "active" }));
}

#[test]
fn a_watermark_kept_across_a_restart_is_where_it_was() {
    let watermark = Watermark::new(utc_datetime!(2025-01-01 0:00));
    let text = serde_json::to_string(&watermark).unwrap();
    assert_eq!(text, "1735689600");
    assert_eq!(serde_json::from_str::<Watermark>(&text).unwrap(), watermark);
}

#[test]
fn a_corrupt_state_is_refused() {
    for corrupt in [
        json!({ "state": "retiring" }),
        json!({ "state": "retiring", "until": null }),
        json!({ "state": "retiring", "until": i64::MAX }),
        json!({ "state": "retiring", "until": "2025-01-01" }),
        json!({ "state": "retiring", "until": 0, "at": 0 }),
        json!({ "state": "revived", "at": 0 }),
        json!({}),
    ] {
        assert!(serde_json::from_value::<TokenState>(corrupt.clone()).is_err(), "{corrupt}");
    }
}

#[test]
fn the_default_policy_is_an_empty_document() {
    assert_eq!(serde_json::from_value::<LifecyclePolicy>(json!({})).unwrap(), LifecyclePolicy::default());
}

#[test]
fn a_policy_reads_back_as_itself() {
    let ci = Environment::parse("ci").unwrap();
    let policy = LifecyclePolicy::default()
        .with_environment(ci, Lifetime::up_to(Span::hours(12).unwrap()))
        .with_idle_after(Span::seconds(1).unwrap());
    assert_eq!(toml::from_str::<LifecyclePolicy>(&json_to_toml(&policy)).unwrap(), policy);
    assert_eq!(serde_json::from_value::<LifecyclePolicy>(serde_json::to_value(&policy).unwrap()).unwrap(), policy);
}

/// Writes the policy the way an operator would.
fn json_to_toml(policy: &LifecyclePolicy) -> String {
    let value = serde_json::to_value(policy).unwrap();
    let mut text = String::new();
    for (key, value) in value.as_object().unwrap().iter().filter(|(_, value)| value.is_string()) {
        text += &format!("{key} = {value}\n");
    }
    for (name, lifetime) in value["environments"].as_object().unwrap() {
        text += &format!("[environments.{name}]\n");
        for (key, value) in lifetime.as_object().unwrap() {
            text += &format!("{key} = {value}\n");
        }
    }
    text
}

#[test]
fn a_policy_that_makes_no_sense_is_refused() {
    for (document, reason) in [
        (json!({ "idle_after": "0d" }), "the length of time is zero"),
        (json!({ "idle_after": "90" }), "does not end with a unit"),
        (json!({ "idle_after": 90 }), "expected a string"),
        (json!({ "idle": "90d" }), "unknown field"),
        (json!({ "environments": { "Production": { "maximum": "1d" } } }), "does not begin with a lower-case letter"),
        (json!({ "environments": { "ci": {} } }), "missing field"),
        (json!({ "environments": { "ci": { "maximum": "1d", "max": "1d" } } }), "unknown field"),
        (json!({ "environments": { "ci": { "minimum": "2d", "maximum": "1d" } } }), "longer than the maximum"),
    ] {
        let error = serde_json::from_value::<LifecyclePolicy>(document.clone()).unwrap_err().to_string();
        assert!(error.contains(reason), "{document}: {error}");
    }
}
