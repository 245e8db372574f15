//! Client credentials, the sessions they open, and how those end.

use serde_json::{Value, json};

use crate::client::in_seconds;
use crate::{
    client::Answer,
    home::{Home, Service},
};

const AUTH: &str = "/api/v1/service-account/auth";

fn exchange(service: &Service, account: &Value, more: Value) -> Answer {
    let mut body = json!({"client_id": account["client_id"], "client_secret": account["client_secret"]});
    let Value::Object(more) = more else { panic!("more fields") };
    body.as_object_mut().unwrap().extend(more);
    service.without_credential().post(AUTH, &body)
}

#[test]
fn client_credentials_open_a_session_of_a_day_that_ends_when_it_says_so() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Pipeline Automation", json!({}));
    let opened = exchange(&service, &account, json!({}));
    assert_eq!((opened.status, opened.header("cache-control")), (200, Some("no-store")));
    let view = opened.json();
    assert_eq!((&view["token_type"], &view["expires_in"]), (&json!("Bearer"), &json!(86_400)));
    assert_eq!(view["service_account"]["id"], "pipeline_automation@service");

    let session = view["token"].as_str().unwrap();
    assert!(session.starts_with("sample_ses_"));
    let verified = service.with(session).get(&format!("{AUTH}/verify"));
    let claims = verified.json();
    assert_eq!((verified.status, &claims["active"], &claims["kind"]), (200, &json!(true), &json!("session")));
    assert_eq!(claims["permissions"], json!(["results:read", "datastores:view"]));
    assert_eq!(claims["environment"], "production");
    assert_eq!(service.with(session).get("/datastores").status, 200);

    assert_eq!(service.with(session).ask(&format!("{AUTH}/revoke")).status, 204);
    assert_eq!(service.with(session).get("/datastores").status, 401);
    assert_eq!(service.with(session).ask(&format!("{AUTH}/revoke")).status, 401);
}

#[test]
fn a_new_client_secret_ends_the_old_one_and_no_session() {
    let (_home, service, admin) = Home::first_start();
    let mut account = service.create(&admin, "Alation Sync", json!({}));
    let session = exchange(&service, &account, json!({})).json()["token"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/service-accounts/{}/client-secret", account["id"].as_str().unwrap());
    let renewed = service.with(&admin).ask(&path);
    assert_eq!((renewed.status, renewed.header("cache-control")), (201, Some("no-store")));
    let stale = exchange(&service, &account, json!({}));
    assert_eq!((stale.status, stale.code().as_str()), (401, "INVALID_CREDENTIALS"));
    assert_eq!(service.with(&session).get("/datastores").status, 200);
    account["client_secret"] = renewed.json()["client_secret"].clone();
    assert_eq!(exchange(&service, &account, json!({})).status, 200);
}

#[test]
fn the_precise_code_is_for_those_who_know_the_secret() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Finance Metrics", json!({}));
    let other = service.create(&admin, "Alation Sync", json!({}));
    let one = format!("/api/v1/service-accounts/{}", account["id"].as_str().unwrap());

    let unknown = exchange(&service, &account, json!({"client_id": "nobody@service"}));
    let foreign = exchange(&service, &account, json!({"client_secret": other["client_secret"]}));
    let garbage = exchange(&service, &account, json!({"client_secret": ""}));
    assert_eq!((unknown.status, unknown.code().as_str()), (401, "INVALID_CREDENTIALS"));
    assert_eq!(unknown.without_date(), foreign.without_date());
    assert_eq!(unknown.without_date(), garbage.without_date());

    service.with(&admin).patch(&one, &json!({"ip_allowlist": ["192.0.2.0/24"]}));
    assert_eq!(exchange(&service, &account, json!({})).code(), "IP_NOT_ALLOWED");
    assert_eq!(service.with(&admin).patch(&one, &json!({"expires_at": "2020-01-01T00:00:00Z"})).status, 422);
    assert_eq!(service.with(&admin).patch(&one, &json!({"expires_at": in_seconds(3)})).status, 200);
    std::thread::sleep(std::time::Duration::from_millis(3_100));
    assert_eq!(exchange(&service, &account, json!({})).code(), "SERVICE_ACCOUNT_EXPIRED");
    service.with(&admin).ask(&format!("{one}/disable"));
    assert_eq!(exchange(&service, &account, json!({})).code(), "SERVICE_ACCOUNT_INACTIVE");
    let guess = exchange(&service, &account, json!({"client_secret": other["client_secret"]}));
    assert_eq!(guess.without_date(), unknown.without_date(), "who does not know the secret learns nothing");
}

#[test]
fn a_session_narrows_and_never_widens() {
    let (_home, service, admin) = Home::first_start();
    let account =
        service.create(&admin, "Pipeline Automation", json!({"scopes": ["read"], "ip_allowlist": ["127.0.0.0/8"]}));
    let narrow = exchange(&service, &account, json!({"scope": "results:read", "expires_in": 60}));
    assert_eq!((narrow.status, &narrow.json()["expires_in"]), (200, &json!(60)));
    let session = narrow.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(service.with(&session).get("/datastores").status, 403);

    let wide = exchange(&service, &account, json!({"scope": "resources:write"}));
    assert_eq!(wide.status, 403, "a scope that the account does not hold opens nothing");
    for (more, field) in [
        (json!({"ip_allowlist": ["0.0.0.0/0"]}), "ip_allowlist"),
        (json!({"expires_in": 86_401}), "expires_in"),
        (json!({"expires_in": 0}), "expires_in"),
        (json!({"scope": "no such scope"}), "scope"),
    ] {
        let refused = exchange(&service, &account, more);
        assert_eq!((refused.status, refused.code().as_str()), (422, "VALIDATION_ERROR"), "{field}");
        assert!(refused.json()["detail"].as_str().unwrap().starts_with(field), "{}", refused.text());
    }
}

#[test]
fn a_token_is_not_a_session_and_a_client_secret_is_no_bearer() {
    let (_home, service, admin) = Home::first_start();
    let account = service.create(&admin, "Pipeline Automation", json!({}));
    let token = account["first_token"]["token"].as_str().unwrap();
    let ended = service.with(token).ask(&format!("{AUTH}/revoke"));
    assert_eq!((ended.status, ended.code().as_str()), (409, "NOT_A_SESSION"));
    assert_eq!(service.with(account["client_secret"].as_str().unwrap()).get("/datastores").status, 401);
    assert_eq!(exchange(&service, &account, json!({"client_secret": token})).code(), "INVALID_CREDENTIALS");
}
