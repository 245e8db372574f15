//! Accounts, their secrets, and the files that many of them come from.

use serde_json::{Value, json};

use super::{minted, with};

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
        "contact_email": null,
        "title": null,
        "created_at": "2026-01-31T12:00:00Z",
        "created_by": "service_administrator@service",
    })
}

pub(crate) fn updated() -> Value {
    with(account(), json!({ "gains": [], "warnings": [] }))
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
