//! What a call refuses, one response a status.

use serde_json::{Map, Value, json};

use super::header;
use crate::{call::Refusals, problems::Kind};

/// The refusals of one status in one response: which codes there are, and when each is met.
pub(super) fn refusal(kinds: &[Kind], refusals: Refusals) -> Value {
    let codes: Vec<_> = kinds.iter().map(|kind| kind.code).collect();
    let when: Vec<_> = kinds.iter().map(|kind| format!("`{}`: {}", kind.code, kind.when)).collect();
    let (media_type, schema, example): (_, _, fn(&Kind) -> Value) = match refusals {
        Refusals::Problems => ("application/problem+json", "#/components/schemas/Problem", problem),
        Refusals::OAuth => ("application/json", "#/components/schemas/OAuthError", oauth_error),
    };
    let examples: Map<_, _> =
        kinds.iter().map(|kind| (kind.code.to_owned(), json!({ "value": example(kind) }))).collect();
    json!({
        "description": when.join("\n"),
        "headers": headers(kinds, refusals),
        "content": { media_type: { "schema": { "$ref": schema }, "examples": examples } },
        "x-codes": codes,
    })
}

/// Only what a client needs to go on: the challenge, and how long to wait.
fn headers(kinds: &[Kind], refusals: Refusals) -> Value {
    match (kinds.first().map(|kind| kind.status), refusals) {
        (Some(401 | 403), Refusals::Problems) => {
            json!({ "WWW-Authenticate": header("The challenge (RFC 6750 §3).") })
        }
        (Some(401 | 403), Refusals::OAuth) => {
            json!({ "WWW-Authenticate": header("The challenge: Basic for a client, Bearer for a bearer.") })
        }
        (Some(503), _) => json!({ "Retry-After": header("Seconds.") }),
        _ => json!({}),
    }
}

fn problem(kind: &Kind) -> Value {
    let status = http::StatusCode::from_u16(kind.status).ok();
    let title = status.and_then(|status| status.canonical_reason()).unwrap_or("Error");
    json!({ "type": "about:blank", "title": title, "status": kind.status, "detail": kind.when, "code": kind.code })
}

fn oauth_error(kind: &Kind) -> Value {
    json!({ "error": kind.code, "error_description": kind.when })
}
