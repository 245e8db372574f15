//! Containment and leaks.

use serde_json::{Value, json};

use super::event;

pub(crate) fn contain() -> Value {
    json!({ "reason": "its token stood in a public log", "successor": true })
}

pub(crate) fn incident() -> Value {
    json!({
        "id": "service:001769860800-00",
        "account": "pipeline_automation@service",
        "token": "0123456789abcdef",
        "reason": "its token stood in a public log",
        "opened_by": "service_administrator@service",
        "opened_at": "2026-01-31T12:00:00Z",
        "revoked": ["0123456789abcdef"],
        "successor": null,
        "did": [event()],
        "systems_to_rotate": ["warehouse"],
        "notes": [],
    })
}

pub(crate) fn leak_report() -> Value {
    let leaked = json!({
        "account": "pipeline_automation@service",
        "hint": "acme_sat_0123456789abcdef…",
        "was_working": true,
    });
    json!({ "tokens": [leaked], "strangers": 0, "is_cut": false })
}
