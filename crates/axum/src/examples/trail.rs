//! Events, exports, seals and alerts.
//!
//! Files are texts here, since they are no JSON.

use serde_json::{Value, json};

pub(crate) fn event() -> Value {
    json!({
        "sequence": 42,
        "at": "2026-01-31T12:00:00Z",
        "action": "token.revoked",
        "actor": "service_administrator@service",
        "account": "pipeline_automation@service",
        "token": "0123456789abcdef",
        "token_name": "nightly-load-2026",
        "address": "198.51.100.7",
        "reason": null,
        "count": 1,
        "last_at": "2026-01-31T12:00:00Z",
        "changes": {},
        "details": {},
        "payload": null,
    })
}

pub(crate) const EXPORT: &str =
    "{\"sequence\":1,\"action\":\"account.created\",\"actor\":\"ops@example.com\",\"at\":1790000000}\n";

pub(crate) const EXPORT_TABLE: &str = "\"sequence\",\"at\",\"until\",\"count\",\"action\",\"actor\",…\n";

pub(crate) fn seal() -> Value {
    json!({
        "number": 0,
        "sealed_at": "2026-01-31T12:00:00Z",
        "first_event": 1,
        "last_event": 1000,
        "count": 1000,
        "root": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "tag": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    })
}

pub(crate) fn inclusion() -> Value {
    json!({
        "event": {
            "sequence": 2,
            "event": { "action": "token.revoked", "actor": "ops@example.com", "at": 1_790_000_000 },
        },
        "seal": {
            "version": 1,
            "number": 0,
            "first": 1,
            "last": 2,
            "root": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "previous": "0000000000000000000000000000000000000000000000000000000000000000",
            "hints": "5f1a0c4477ab90e2",
            "tag": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        },
        "proof": {
            "index": 1,
            "count": 2,
            "path": ["5f1a0c44cd2a8f1b1d9a4c3fb3b8f3b2a2b6a0ac3d1b7e2a9c8f7e6d5c4b3a29"],
        },
    })
}

pub(crate) fn alert() -> Value {
    json!({
        "kind": "unfamiliar_network",
        "subject": "203.0.113.0/24",
        "at": "2026-01-31T12:00:00Z",
        "first_event": 4711,
        "last_event": 4711,
        "count": 1,
        "account": "pipeline_automation@service",
        "token": "0123456789abcdef",
        "address": "203.0.113.7",
    })
}
