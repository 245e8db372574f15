//! Examples of bodies, for the OpenAPI document; a test holds them against the real ones.

use serde_json::{Value, json};

pub(crate) fn new_account() -> Value {
    json!({
        "name": "Pipeline Automation",
        "purpose": "loads the warehouse at night",
        "owner": "data team",
        "environment": "production",
        "ip_allowlist": ["198.51.100.0/24"],
        "first_token": { "name": "nightly-load-2026" },
    })
}

pub(crate) fn account() -> Value {
    json!({
        "id": "pipeline_automation@service",
        "email": "pipeline_automation@service.invalid",
        "name": "Pipeline Automation",
        "purpose": "loads the warehouse at night",
        "owner": "data team",
        "systems": [],
        "role": "Member",
        "scopes": "inherited",
        "teams": [],
        "environment": "production",
        "ip_allowlist": ["198.51.100.0/24"],
        "justification": null,
        "expires_at": null,
        "status": "enabled",
        "approval": "not_required",
        "approved_by": null,
        "proposal": null,
        "revision": 17,
        "created_at": "2026-01-31T12:00:00Z",
        "created_by": "service_administrator@service",
    })
}

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

pub(crate) fn updated() -> Value {
    with(account(), json!({ "gains": [], "warnings": [] }))
}

pub(crate) fn updated_token() -> Value {
    with(token(), json!({ "gains": [], "warnings": [] }))
}

pub(crate) fn sighting() -> Value {
    let (first, last) = ("2026-02-01T03:00:00Z", "2026-03-01T03:00:00Z");
    json!({ "kind": "used_from", "value": "198.51.100.7", "count": 29, "first": first, "last": last })
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

pub(crate) fn shown_token() -> Value {
    with(token(), json!({ "observation": null }))
}

pub(crate) fn listed_token() -> Value {
    with(token(), json!({ "last_used_at": "2026-02-01T03:00:00Z", "last_used_ip": "198.51.100.7" }))
}

pub(crate) fn minted() -> Value {
    with(token(), json!({ "token": "acme_sat_0123456789abcdef…" }))
}

pub(crate) fn created() -> Value {
    let secrets = json!({
        "client_id": "pipeline_automation@service",
        "client_secret": "acme_sec_0123456789abcdef…",
        "first_token": minted(),
        "advice": [],
        "warnings": [],
    });
    with(account(), secrets)
}

pub(crate) fn client_secret() -> Value {
    json!({ "client_id": "pipeline_automation@service", "client_secret": "acme_sec_0123456789abcdef…", "warnings": [] })
}

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
    })
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

pub(crate) fn pepper() -> Value {
    json!({ "id": "k1", "current": true, "credentials": 42 })
}

pub(crate) const IMPORT_FILE: &str =
    "user,display_name,email,title,role,password\nloader,Nightly Loader,ops@example.com,Loads the warehouse,Editor,\n";

pub(crate) const IMPORTED_FILE: &str = "line,user,client_id,client_secret,token,tried\n\
    2,loader,loader@service,acme_sec_0123456789abcdef…,,works\n";

pub(crate) fn import_preview() -> Value {
    json!({
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "counts": { "rows": 1, "create": 1, "refuse": 0 },
        "rows": [{ "line": 2, "user": "loader", "outcome": "create", "id": "loader@service", "problems": [] }],
    })
}

pub(crate) fn imported() -> Value {
    json!({ "accounts": [{
        "line": 2,
        "user": "loader",
        "id": "loader@service",
        "client_id": "loader@service",
        "client_secret": "acme_sec_0123456789abcdef…",
        "token": null,
        "tried": "works",
    }] })
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

pub(crate) fn contain() -> Value {
    json!({ "reason": "its token stood in a public log", "successor": true })
}

pub(crate) fn incident() -> Value {
    json!({
        "id": "incident-001769860800-00",
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

/// An object with the fields of another.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut object, more) {
        fields.extend(more);
    }
    object
}

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
