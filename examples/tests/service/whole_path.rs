//! The life of an account and its tokens, from the first start to the audit trail.

use serde_json::{Value, json};

use crate::home::{Home, Service};

const ACCOUNTS: &str = "/api/v1/service-accounts";

fn path_of(account: &Value) -> String {
    format!("{ACCOUNTS}/{}", account["id"].as_str().unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// The actions in the trail of an account, oldest first, access events aside.
fn history(service: &Service, admin: &str, account: &Value) -> Vec<String> {
    let page = service.with(admin).get(&format!("/api/v1/audit?limit=200&account={}", text(&account["id"]))).json();
    let actions = page["items"].as_array().unwrap().iter().map(|event| text(&event["action"]).to_owned());
    let mut actions: Vec<_> = actions.filter(|action| !action.starts_with("access.")).collect();
    actions.reverse();
    actions
}

#[test]
fn names_become_ids_and_the_answer_says_where_the_account_is() {
    let (_home, service, admin) = Home::first_start();
    for (name, id) in [
        ("Pipeline Automation", "pipeline_automation@service"),
        ("Alation Sync", "alation_sync@service"),
        ("Finance Metrics", "finance_metrics@service"),
    ] {
        let body = json!({"name": name, "purpose": "p", "owner": "o", "environment": "production"});
        let created = service.with(&admin).post(ACCOUNTS, &body);
        assert_eq!((created.status, &created.json()["id"]), (201, &json!(id)));
        assert_eq!(created.json()["client_id"], id);
        assert_eq!(created.header("location"), Some(format!("{ACCOUNTS}/{id}").as_str()));
        assert_eq!(created.header("cache-control"), Some("no-store"));
        let shown = service.with(&admin).get(created.header("location").unwrap());
        assert_eq!((shown.status, &shown.json()["name"]), (200, &json!(name)));
        assert_eq!(service.with(&admin).post(ACCOUNTS, &body).code(), "ID_TAKEN");
    }
}

#[test]
fn a_token_works_until_it_is_revoked_and_not_one_request_longer() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Pipeline Automation", json!({}));
    let first = text(&account["first_token"]["token"]).to_owned();
    let tokens = format!("{}/tokens", path_of(&account));

    let minted = service.with(&admin).post(&tokens, &json!({"name": "nightly-load-2026"}));
    assert_eq!((minted.status, minted.header("cache-control")), (201, Some("no-store")));
    let (secret, id) = (text(&minted.json()["token"]).to_owned(), text(&minted.json()["id"]).to_owned());
    assert_eq!(minted.header("location"), Some(format!("{tokens}/{id}").as_str()));
    let twice = service.with(&admin).post(&tokens, &json!({"name": "nightly-load-2026"}));
    assert_eq!((twice.status, twice.code().as_str()), (409, "NAME_TAKEN"));

    for token in [&first, &secret] {
        assert_eq!(service.with(token).get("/datastores").status, 200);
        let refused = service.with(token).post("/datastores", &json!({"name": "lake"}));
        assert_eq!((refused.status, refused.code().as_str()), (403, "INSUFFICIENT_SCOPE"));
    }

    let one = format!("{tokens}/{id}");
    let early = service.with(&admin).delete(&one);
    assert_eq!((early.status, early.code().as_str()), (409, "NOT_REVOKED"));
    assert_eq!(service.with(&admin).ask(&format!("{one}/revoke")).status, 200);
    assert_eq!(service.with(&secret).get("/datastores").status, 401, "at once, from another connection");
    assert_eq!(service.with(&first).get("/datastores").status, 200, "its sibling goes on");
    assert_eq!(service.with(&admin).ask(&format!("{one}/revoke")).status, 200, "twice is the same as once");
    assert_eq!(service.with(&admin).delete(&one).status, 204);
    assert_eq!(service.with(&admin).delete(&one).code(), "NOT_FOUND");
    assert_eq!(service.with(&secret).get("/datastores").status, 401);
}

#[test]
fn lists_show_hints_and_last_uses_but_no_text() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Finance Metrics", json!({}));
    let secret = text(&account["first_token"]["token"]).to_owned();
    service.with(&secret).get("/datastores");
    let listed = service.with(&admin).get(&format!("{}/tokens", path_of(&account)));
    let item = &listed.json()["items"][0];
    assert_eq!(item["name"], "first-token-2026");
    assert_eq!((&item["state"], &item["created_by"]), (&json!("active"), &json!("service_administrator@service")));
    assert_eq!((&item["last_used_ip"], item["last_used_at"].is_string()), (&json!("127.0.0.1"), true));
    assert!(item["expires_at"].is_string() && item["rotate_after"].is_string() && item["hint"].is_string());
    let half = &secret[secret.len() - 44..secret.len() - 6];
    assert!(!listed.text().contains(half) && item.get("token").is_none());
    assert_eq!(listed.json()["next_cursor"], Value::Null);
    let revoked =
        service.with(&admin).ask(&format!("{}/tokens/{}/revoke", path_of(&account), text(&item["id"]))).json();
    assert!(revoked.get("last_used_at").is_none(), "what was not looked up is not shown as never");
}

#[test]
fn pages_of_a_list_join_without_a_gap() {
    let (_home, service, admin) = Home::first_start();
    for name in ["Alation Sync", "Finance Metrics", "Pipeline Automation"] {
        service.create(&admin, name, json!({}));
    }
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = service.with(&admin).get(&format!("{ACCOUNTS}?limit=1{cursor}")).json();
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"]).to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={}", next.replace('@', "%40"));
    }
    let expected = ["alation_sync", "finance_metrics", "pipeline_automation", "service_administrator"];
    assert_eq!(ids, expected.map(|name| format!("{name}@service")));
}

#[test]
fn a_disabled_account_is_refused_and_an_enabled_one_works_again() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Alation Sync", json!({}));
    let (one, token) = (path_of(&account), text(&account["first_token"]["token"]));
    for (step, status, allowed) in [("disable", "disabled", 401), ("enable", "enabled", 200)] {
        let changed = service.with(&admin).ask(&format!("{one}/{step}"));
        assert_eq!((changed.status, &changed.json()["status"]), (200, &json!(status)));
        assert_eq!(service.with(token).get("/datastores").status, allowed, "{step}");
    }
    assert_eq!(service.with(&admin).delete(&one).status, 204);
    assert_eq!(service.with(token).get("/datastores").status, 401);
    assert_eq!(service.with(&admin).get(&one).code(), "NOT_FOUND");
    let again = service.create(&admin, "Alation Sync", json!({}));
    assert_eq!(service.with(token).get("/datastores").status, 401, "a namesake revives nothing");
    assert_eq!(
        history(&service, &admin, &again),
        ["account.created", "account.disabled", "account.enabled", "account.deleted", "account.created"]
    );
}

#[test]
fn a_change_of_role_or_scopes_bites_on_the_same_token_at_once() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Pipeline Automation", json!({}));
    let (one, token) = (path_of(&account), text(&account["first_token"]["token"]));
    let id = text(&account["first_token"]["id"]);
    let may_write = |expected: u16, why: &str| {
        assert_eq!(service.with(token).post("/datastores", &json!({"name": "lake"})).status, expected, "{why}");
    };
    may_write(403, "a Member only reads");
    let unjustified = service.with(&admin).patch(&one, &json!({"role": "Editor"}));
    assert_eq!((unjustified.status, unjustified.code().as_str()), (422, "VALIDATION_ERROR"));
    let raised = json!({"role": "Editor", "justification": "writes what it loads"});
    assert_eq!(service.with(&admin).patch(&one, &raised).status, 200);
    may_write(201, "an Editor writes");
    let scopes = format!("{one}/tokens/{id}");
    assert_eq!(service.with(&admin).patch(&scopes, &json!({"scopes": ["read"]})).status, 200);
    may_write(403, "the token's scopes narrow its role");
    assert_eq!(service.with(&admin).patch(&scopes, &json!({"scopes": []})).status, 200);
    assert_eq!(service.with(token).get("/datastores").status, 403, "no scopes are no access");
}

#[test]
fn the_trail_tells_who_did_what() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Pipeline Automation", json!({}));
    let (one, token) = (path_of(&account), text(&account["first_token"]["token"]));
    service.with(token).get("/datastores");
    service.with(token).post("/datastores", &json!({"name": "lake"}));
    service.with(&admin).ask(&format!("{one}/client-secret"));
    service.with(&admin).ask(&format!("{one}/tokens/{}/revoke", text(&account["first_token"]["id"])));
    service.with(token).get("/datastores");

    let id = text(&account["id"]);
    let page = service.with(&admin).get(&format!("/api/v1/audit?account={id}")).json();
    let mut events: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|e| (text(&e["action"]), text(&e["actor"]))).collect();
    // What upkeep settles comes at its own time.
    events.retain(|(action, _)| *action != "token.settled");
    events.sort_unstable();
    let admin = "service_administrator@service";
    let expected = [
        ("access.denied", id),
        ("access.granted", id),
        ("access.granted", id),
        ("account.created", admin),
        ("permission.denied", id),
        ("secret.regenerated", admin),
        ("token.revoked", admin),
    ];
    assert_eq!(events, expected);
    let denied = page["items"].as_array().unwrap().iter().find(|e| e["action"] == "access.denied").unwrap();
    assert_eq!((&denied["reason"], &denied["token_name"]), (&json!("revoked"), &json!("first-token-2026")));
    assert_eq!(denied["address"], "127.0.0.1");
}
