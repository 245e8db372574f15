//! Governance policies and reviews.

use serde_json::{Value, json};

use super::with;

pub(crate) fn policy() -> Value {
    with(policy_content(), json!({ "name": "short-lived-tokens" }))
}

pub(crate) fn policy_content() -> Value {
    json!({
        "is_enabled": true,
        "matching_criteria": {
            "kinds": ["token"], "domains": [], "environments": ["production"], "teams": [], "roles": [], "names": [],
        },
        "rules": [{ "kind": "maximum_lifetime", "maximum": "180d", "fail": "soft" }],
    })
}

pub(crate) fn kept_policy() -> Value {
    with(policy(), json!({ "version": 1, "over_broad": [] }))
}

pub(crate) fn policy_request() -> Value {
    json!({ "kind": "token", "name": "Pipeline Automation", "environment": "production", "lifetime": "365d" })
}

fn policy_finding() -> Value {
    json!({
        "policy": "short-lived-tokens",
        "kind": "token",
        "code": "maximum-lifetime",
        "field": "lifetime",
        "reason": "it would live too long",
        "fail": "soft",
    })
}

pub(crate) fn policy_trial() -> Value {
    json!({ "outcome": "warn", "findings": [policy_finding()], "over_broad": [] })
}

pub(crate) fn policy_objection() -> Value {
    json!({ "account": "pipeline_automation@service", "token": "0123456789abcdef", "findings": [policy_finding()] })
}

pub(crate) fn listed_review() -> Value {
    json!({
        "id": "service:98229871999-100",
        "opened_at": "2026-01-31T12:00:00Z",
        "opened_by": "service_administrator@service",
        "rows": 1,
        "findings": 1,
        "undecided": 0,
    })
}

pub(crate) fn review() -> Value {
    let kept = json!({
        "key": "pipeline_automation@service",
        "decision": "keep",
        "by": "service_administrator@service",
        "at": "2026-02-01T09:00:00Z",
        "note": "still loads the warehouse",
    });
    let found = json!({
        "question": "least privilege?",
        "risk": "NHI5",
        "finding": "never used: resources:write",
        "evidence": { "code": "overprivileged", "unused": ["resources:write"] },
    });
    let row = json!({
        "key": "pipeline_automation@service", "kind": "account", "findings": [found], "decision": kept.clone(),
    });
    let pack = json!({
        "next": null,
        "is_cut": false,
        "items": [row],
        "attestations": [kept],
        "delta": { "new": [], "standing": [], "resolved": [], "gone": [] },
    });
    with(listed_review(), pack)
}

pub(crate) const REVIEW_CSV: &str = "\"key\",\"kind\",\"question\",\"risk\",\"finding\",\"decision\",\"by\",\"note\"\n";

pub(crate) const REVIEW_MARKDOWN: &str = "# Review of 2026-01-31\n";
