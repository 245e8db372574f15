//! What is due, what is coming, and what could be narrower.

use serde_json::{Value, json};

fn finding() -> Value {
    json!({
        "code": "rotation-due",
        "reason": "the token is due for rotation and has no successor",
        "severity": "warning",
        "since": "2027-01-01T12:00:00Z",
    })
}

pub(crate) fn task() -> Value {
    json!({
        "account": "pipeline_automation@service",
        "token": "0123456789abcdef",
        "task": "rotate",
        "severity": "warning",
        "reasons": [finding()],
    })
}

pub(crate) fn coming() -> Value {
    json!({
        "account": "pipeline_automation@service",
        "token": "0123456789abcdef",
        "at": "2027-01-01T12:00:00Z",
        "finding": finding(),
    })
}

pub(crate) fn difference() -> Value {
    json!({
        "account": "pipeline_automation@service",
        "token": "0123456789abcdef",
        "appears": [finding()],
        "disappears": [],
        "next_due": "2027-01-01T12:00:00Z",
        "next_due_then": "2027-01-31T12:00:00Z",
    })
}

pub(crate) fn account_advice() -> Value {
    json!({
        "unused_permissions": ["users:view"],
        "least_role": "Member",
        "exact_scopes": ["datastores:view"],
        "declared_scope": "read",
        "ip_allowlist": ["198.51.100.7"],
        "sessions": null,
        "naming": [],
        "since": "2026-01-31T12:00:00Z",
        "is_cut": false,
    })
}

pub(crate) fn dry_run() -> Value {
    let denied = json!({
        "reason": "the role does not hold the permission",
        "address": "198.51.100.7",
        "permission": "resources:write",
        "count": 300,
    });
    json!({ "requests": 10482, "would_deny": 300, "by": [denied], "since": "2026-01-31T12:00:00Z", "is_cut": false })
}
