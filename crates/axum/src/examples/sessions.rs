//! Sessions, and what a credential is good for.

use serde_json::{Value, json};

pub(crate) fn credentials() -> Value {
    json!({
        "client_id": "pipeline_automation@service",
        "client_secret": "acme_sec_0123456789abcdef…",
        "scope": "datastores:view",
        "expires_in": 3600,
    })
}

pub(crate) fn session() -> Value {
    json!({
        "token": "acme_ses_0123456789abcdef…",
        "token_type": "Bearer",
        "expires_in": 3600,
        "expires_at": "2026-01-31T13:00:00Z",
        "service_account": holder(),
    })
}

pub(crate) fn open_session() -> Value {
    json!({
        "id": "0123456789abcdef",
        "hint": "acme_ses_0123456789abcdef…",
        "state": "active",
        "scopes": ["datastores:view"],
        "ip_allowlist": [],
        "created_at": "2026-01-31T12:00:00Z",
        "expires_at": "2026-01-31T13:00:00Z",
        "last_used_at": null,
        "last_used_ip": null,
    })
}

pub(crate) fn verified() -> Value {
    json!({
        "active": true,
        "kind": "token",
        "service_account": holder(),
        "token": {
            "id": "0123456789abcdef",
            "name": "nightly-load-2026",
            "hint": "acme_sat_0123456789abcdef…",
            "expires_at": "2027-01-31T12:00:00Z",
            "rotate_after": "2027-01-01T12:00:00Z",
        },
        "permissions": ["datastores:view"],
        "teams": [],
        "environment": "production",
    })
}

fn holder() -> Value {
    json!({ "id": "pipeline_automation@service", "name": "Pipeline Automation", "scopes": ["datastores:view"] })
}
