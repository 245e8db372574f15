//! Something was stolen or is not needed: containment, leaks, advice and dry runs, over HTTP.

use serde_json::{Value, json};

use crate::home::{Home, Service};

const ACCOUNTS: &str = "/api/v1/service-accounts";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// An account's path, its first token's path and text.
fn holder(service: &Service, admin: &str, name: &str, fields: Value) -> (String, String, String) {
    let account = service.create(admin, name, fields);
    let path = format!("{ACCOUNTS}/{}", text(&account["id"]));
    let token = format!("{path}/tokens/{}", text(&account["first_token"]["id"]));
    (path, token, text(&account["first_token"]["token"]).to_owned())
}

fn status(service: &Service, token: &str) -> u16 {
    service.with(token).get("/datastores").status
}

#[test]
fn a_contained_token_stops_its_successor_works_and_the_incident_is_kept() {
    let (_home, service, admin) = Home::first_start();
    let (_, token, stolen) = holder(&service, &admin, "Pipeline Automation", json!({ "systems": ["warehouse"] }));
    let body = json!({ "reason": "its token stood in a public log", "successor": true });
    let contained = service.with(&admin).post(&format!("{token}/contain"), &body);
    assert_eq!((contained.status, contained.header("cache-control")), (201, Some("no-store")));
    let incident = contained.json();
    assert_eq!((status(&service, &stolen), status(&service, text(&incident["new_token"]["token"]))), (401, 200));
    assert_eq!(incident["systems_to_rotate"], json!(["warehouse"]));
    assert_eq!(incident["successor"], incident["new_token"]["id"]);

    let path = format!("/api/v1/incidents/{}", text(&incident["id"]));
    let noted = service.with(&admin).post(&format!("{path}/notes"), &json!({ "text": "the password was changed" }));
    assert_eq!((noted.status, &noted.json()["notes"][0]["text"]), (200, &json!("the password was changed")));
    assert_eq!(service.with(&admin).get(&path).json(), noted.json());
    assert_eq!(service.with(&admin).get("/api/v1/incidents").json()["items"], json!([noted.json()]));
    assert_eq!(service.with(&admin).get("/api/v1/incidents/incident-1").code(), "NOT_FOUND");

    // The thief goes on trying, from where the token was never used.
    let shown = service.with(&admin).get(&token).json();
    assert_eq!(shown["observation"]["attempts"], 1, "{shown}");
    let seen = service.with(&admin).get(&format!("{token}/sightings")).json();
    assert_eq!(seen["observation"], shown["observation"]);
    assert_eq!(shown["successor"], incident["successor"]);
}

#[test]
fn a_contained_account_has_nothing_that_works_but_its_new_secret() {
    let (_home, service, admin) = Home::first_start();
    let (path, _, token) = holder(&service, &admin, "Pipeline Automation", json!({}));
    let body = json!({ "reason": "a laptop was stolen", "successor": true });
    let incident = service.with(&admin).post(&format!("{path}/contain"), &body).json();
    assert_eq!((status(&service, &token), incident["revoked"].as_array().unwrap().len()), (401, 2));
    let credentials = json!({ "client_id": incident["account"], "client_secret": incident["client_secret"] });
    let session = service.without_credential().post("/api/v1/service-account/auth", &credentials);
    assert_eq!(session.status, 200);
    let unfit = service.with(&admin).post(&format!("{path}/contain"), &json!({ "reason": "" }));
    assert_eq!((unfit.status, unfit.code().as_str()), (422, "VALIDATION_ERROR"));
}

#[test]
fn leaked_text_ends_every_token_in_it_and_is_not_repeated() {
    let (_home, service, admin) = Home::first_start();
    let (_, _, one) = holder(&service, &admin, "Pipeline Automation", json!({}));
    let (_, _, two) = holder(&service, &admin, "Finance Metrics", json!({}));
    let leak = format!("curl -H 'Authorization: Bearer {one}' # and {two}, {one} again");
    let report = service.with(&admin).post("/api/v1/leaks", &json!({ "text": leak }));
    let tokens = report.json()["tokens"].as_array().unwrap().len();
    assert_eq!((report.status, tokens, report.json()["strangers"].as_u64()), (200, 2, Some(0)));
    assert!(!report.text().contains(&one) && !report.text().contains("curl"));
    assert_eq!((status(&service, &one), status(&service, &two), status(&service, &admin)), (401, 401, 200));
}

#[test]
fn a_dry_run_tells_what_a_narrower_role_would_have_denied_before_anybody_is_locked_out() {
    let (_home, service, admin) = Home::first_start();
    let fields = json!({ "role": "Editor", "justification": "it writes" });
    let (path, _, token) = holder(&service, &admin, "Pipeline Automation", fields);
    for number in 0..3 {
        service.with(&token).post("/datastores", &json!({ "name": format!("lake {number}") }));
    }
    (0..2).for_each(|_| assert_eq!(status(&service, &token), 200));
    let tried = service.with(&admin).post(&format!("{path}/dry-run"), &json!({ "role": "Member" })).json();
    assert_eq!((tried["requests"].as_u64(), tried["would_deny"].as_u64()), (Some(5), Some(3)), "{tried}");
    assert_eq!(tried["by"][0]["permission"], "resources:write");
    let advice = service.with(&admin).get(&format!("{path}/advice")).json();
    assert_eq!(advice["unused_permissions"], json!(["results:read"]), "{advice}");
    assert_eq!(advice["ip_allowlist"], json!(["127.0.0.1"]));
    let unknown = service.with(&admin).post(&format!("{path}/dry-run"), &json!({ "role": "Adnin" }));
    assert_eq!((unknown.status, unknown.code().as_str()), (422, "VALIDATION_ERROR"));
}

#[test]
fn what_is_coming_and_what_another_policy_would_do_is_told_by_token() {
    let (_home, service, admin) = Home::first_start();
    let (_, token, _) = holder(&service, &admin, "Pipeline Automation", json!({}));
    let id = token.rsplit('/').next().unwrap();
    let of_it = |page: &Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().filter(|item| item["token"] == id).cloned().collect()
    };
    assert_eq!(of_it(&service.with(&admin).get("/api/v1/lifecycle/plan").json()), [Value::Null; 0]);
    let coming = of_it(&service.with(&admin).get("/api/v1/lifecycle/forecast?days=120").json());
    assert!(coming.iter().any(|each| each["finding"]["code"] == "idle"), "{coming:?}");
    let change = json!({ "lifetime_days": { "production": 1 } });
    let differences = of_it(&service.with(&admin).post("/api/v1/lifecycle/diff", &change).json());
    assert_eq!(differences[0]["appears"][0]["code"], "lifetime-too-long");
    for query in ["days=0", "days=10001", "days=x", "limit=0", "cursor=%20"] {
        let unfit = service.with(&admin).get(&format!("/api/v1/lifecycle/forecast?{query}"));
        assert_eq!((unfit.status, unfit.code().as_str()), (422, "VALIDATION_ERROR"), "{query}");
    }
}

#[test]
fn a_repeated_rotation_finds_the_same_successor_and_says_that_it_is_no_new_one() {
    let (_home, service, admin) = Home::first_start();
    let (_, token, _) = holder(&service, &admin, "Pipeline Automation", json!({}));
    let rotate = || service.with(&admin).post(&format!("{token}/rotate"), &json!({ "idempotency_key": "k" }));
    let (first, again) = (rotate(), rotate());
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(status(&service, text(&again.json()["token"])), 200);
    let late = rotate();
    assert_eq!((late.status, &late.json()["token"]), (200, &Value::Null), "it was used");
}
