//! Subscriptions and deliveries.

use serde_json::{Value, json};

use super::with;

pub(crate) fn subscribe() -> Value {
    json!({ "application": "service-accounts", "events": ["token.*"], "url": "https://hooks.example.com/x" })
}

pub(crate) fn subscription() -> Value {
    json!({
        "id": "0123456789abcdef0123",
        "account": "pipeline_automation@service",
        "application": "service-accounts",
        "events": ["token.*"],
        "url": "https://hooks.example.com/x",
        "format": "json",
        "state": "enabled",
        "disabled_because": null,
        "disabled_at": null,
        "created_at": "2026-01-31T12:00:00Z",
        "created_by": "service_administrator@service",
    })
}

pub(crate) fn created_subscription() -> Value {
    with(subscription(), signing_secret())
}

pub(crate) fn signing_secret() -> Value {
    json!({ "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" })
}

pub(crate) fn delivery() -> Value {
    json!({
        "message": "msg_0123456789abcdef0123_512",
        "event": "token.revoked",
        "attempts": 2,
        "at": "2026-01-31T12:00:06Z",
        "state": "failed",
        "failure": "status",
        "status": 503,
    })
}
