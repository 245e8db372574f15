//! Tokens, their rotation, and what they were seen to do.

use serde_json::{Value, json};

use super::with;

pub(crate) fn token() -> Value {
    json!({
        "id": "0123456789abcdef",
        "name": "nightly-load-2026",
        "hint": "acme_sat_0123456789abcdef…",
        "state": "active",
        "scopes": ["datastores:view"],
        "environment": "production",
        "created_at": "2026-01-31T12:00:00Z",
        "created_by": "service_administrator@service",
        "expires_at": "2027-01-31T12:00:00Z",
        "rotate_after": "2027-01-01T12:00:00Z",
        "successor": null,
    })
}

pub(crate) fn updated_token() -> Value {
    with(token(), json!({ "gains": [], "warnings": [] }))
}

pub(crate) fn shown_token() -> Value {
    with(token(), json!({ "observation": null }))
}

pub(crate) fn listed_token() -> Value {
    let deletion = json!({ "is_safe": false, "reason": "it is not revoked: revoke it first" });
    let last_use = json!({ "last_used_at": "2026-02-01T03:00:00Z", "last_used_ip": "198.51.100.7" });
    with(with(token(), last_use), json!({ "deletion": deletion }))
}

pub(crate) fn minted() -> Value {
    with(token(), json!({ "token": "acme_sat_0123456789abcdef…" }))
}

pub(crate) fn rotate() -> Value {
    json!({ "idempotency_key": "deploy-2026-11-28", "overlap_days": 7 })
}

pub(crate) fn rotated() -> Value {
    with(minted(), json!({ "rotation": rotation() }))
}

pub(crate) fn rotation() -> Value {
    json!({
        "state": "open",
        "deadline": "2026-02-07T12:00:00Z",
        "predecessor": "0123456789abcdef",
        "successor": "fedcba9876543210",
        "steps": [{ "step": "mint", "at": "2026-01-31T12:00:00Z", "by": "service_administrator@service" }],
    })
}

fn sighting() -> Value {
    let (first, last) = ("2026-02-01T03:00:00Z", "2026-03-01T03:00:00Z");
    json!({ "kind": "used_from", "value": "198.51.100.7", "count": 29, "first": first, "last": last })
}

pub(crate) fn sightings() -> Value {
    json!({ "items": [sighting()], "next_cursor": null, "observation": observation() })
}

fn observation() -> Value {
    json!({
        "verdict": {
            "suspicion": "stale_deploy",
            "reasons": ["attempts came from 1 addresses that used the token while it worked"],
        },
        "attempts": 12,
        "last_attempt": "2026-03-01T03:00:00Z",
        "observed_until": "2026-03-08T03:00:00Z",
        "is_safe_to_delete": false,
    })
}

pub(crate) fn pepper() -> Value {
    json!({ "id": "k1", "current": true, "credentials": 42 })
}
