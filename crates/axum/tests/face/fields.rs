//! A refusal names the field as the client wrote it, and says what would have fitted.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, HOME, World, request, send};

const ACCOUNTS: &str = "/api/v1/service-accounts";
const TOKENS: &str = "/api/v1/service-accounts/finance_metrics@service/tokens";

async fn post(world: &World, path: &str, body: &Value) -> Answer {
    send(&world.api(), request(HOME, Some(&world.admin), &Method::POST, path, Some(body))).await
}

/// The detail of a 422.
async fn detail(world: &World, path: &str, body: &Value) -> String {
    let answer = post(world, path, body).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"), "{body}");
    answer.json()["detail"].as_str().unwrap().to_owned()
}

fn account(more: &Value) -> Value {
    let mut wanted = json!({"name": "Nightly Load", "purpose": "nightly load", "owner": "data team"});
    let members = wanted.as_object_mut().unwrap();
    members.insert("environment".into(), "production".into());
    members.extend(more.as_object().unwrap().clone());
    wanted
}

#[tokio::test]
async fn what_is_wrong_with_the_first_token_is_told_of_the_first_token() {
    let world = World::new().await;
    let cases = [
        (
            json!({"scopes": ["nope"]}),
            "first_token.scopes: unknown scope, expected one of `admin`, `datastores:view`, ",
        ),
        (json!({"expires_in_days": 366}), "first_token.expires_in_days: the lifetime is longer"),
        (json!({"environment": "prodution"}), "first_token.environment: the environment is none"),
    ];
    for (more, expected) in cases {
        let mut token = json!({"name": "nightly-load-2026"});
        token.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let told = detail(&world, ACCOUNTS, &account(&json!({"first_token": token}))).await;
        assert!(told.starts_with(expected), "{told}");
    }
    let told = detail(&world, ACCOUNTS, &account(&json!({"scopes": ["nope"], "first_token": {"name": "a-b-c"}}))).await;
    assert!(told.starts_with("scopes: unknown scope, expected one of `admin`, `datastores:view`, "), "{told}");
}

#[tokio::test]
async fn an_unknown_environment_of_a_token_is_named_with_those_that_are_known() {
    let world = World::new().await;
    let told = detail(&world, TOKENS, &json!({"name": "nightly-load-2026", "environment": "prodution"})).await;
    assert!(told.starts_with("environment: ") && told.ends_with("development, production, staging, testing"), "{told}");
}

#[tokio::test]
async fn a_client_is_told_of_its_scope_by_its_own_word_for_it() {
    let world = World::new().await;
    let asked = |scope: &str| {
        let client_id = "finance_metrics@service";
        json!({"client_id": client_id, "client_secret": world.client_secret, "scope": scope})
    };
    let told = detail(&world, "/api/v1/service-account/auth", &asked("result:read")).await;
    assert_eq!(told, "scope: unknown scope, the nearest known one is `results:read`");
    let answer = post(&world, "/api/v1/service-account/auth", &asked("resources:write")).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "GRANT_EXCEEDS_ACTOR"));
    let told = answer.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(told, "the service account does not hold resources:write; ask for less, or leave `scope` out");
}

#[tokio::test]
async fn a_rotation_that_is_refused_says_why_and_what_to_do() {
    let world = World::new().await;
    let minted = post(&world, TOKENS, &json!({"name": "nightly-load-2026"})).await.json();
    let token = format!("{TOKENS}/{}", minted["id"].as_str().unwrap());
    let told = detail(&world, &format!("{token}/rotate"), &json!({"idempotency_key": "k", "overlap_days": 999})).await;
    assert_eq!(
        told,
        "overlap_days: the successor would expire before the deadline of the token, ask for a shorter overlap"
    );
    post(&world, &format!("{token}/revoke"), &Value::Null).await;
    let late = post(&world, &format!("{token}/rotate"), &json!({"idempotency_key": "k"})).await;
    assert_eq!((late.status, late.code().as_str()), (409, "ROTATION_TOO_LATE"));
    assert_eq!(late.json()["detail"], "the token to be rotated no longer works, mint another one");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_told_with_its_place_and_an_empty_one_as_empty() {
    let world = World::new().await;
    for (text, expected) in [
        ("", "The body is empty; send a JSON object."),
        (" \n", "The body is empty; send a JSON object."),
        ("{\n  \"name\": oops\n}", "The body is not JSON: see line 2, column 11."),
        ("{\"name\": \"a\"} x", "The body is not JSON: see line 1, column 15."),
    ] {
        let mut asked = request(HOME, Some(&world.admin), &Method::POST, ACCOUNTS, Some(&Value::Null));
        *asked.body_mut() = text.into();
        let answer = send(&world.api(), asked).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "MALFORMED_JSON"), "{text}");
        assert_eq!(answer.json()["detail"], expected, "{text}");
    }
}

#[tokio::test]
async fn a_session_that_would_rotate_itself_is_told_to_open_another() {
    let world = World::new().await;
    let credentials = json!({"client_id": "finance_metrics@service", "client_secret": world.client_secret});
    let session = post(&world, "/api/v1/service-account/auth", &credentials).await.json();
    let (path, body) = ("/api/v1/service-account/auth/rotate", json!({"idempotency_key": "k"}));
    let asked = request(HOME, session["token"].as_str(), &Method::POST, path, Some(&body));
    let answer = send(&world.api(), asked).await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "NOT_A_TOKEN"));
}

/// As with the environment of an account: a policy about `prodution` would never be asked, and nobody would notice.
#[tokio::test]
async fn a_policy_that_could_never_be_asked_is_refused_kept_or_tried() {
    let world = World::new().await;
    let policy = |criteria: Value, is_enabled: bool| {
        let rules = json!([{"kind": "owner_required", "fail": "hard"}]);
        json!({"name": "short", "is_enabled": is_enabled, "matching_criteria": criteria, "rules": rules})
    };
    let request = json!({"name": "nightly", "environment": "production"});
    for (criteria, expected) in [
        (json!({"environments": ["production", "prodution"]}), "matching_criteria.environments[1]: not known here"),
        (json!({"roles": ["admin"]}), "matching_criteria.roles[0]: not known here"),
    ] {
        let told = detail(&world, "/api/v1/service/policies", &policy(criteria.clone(), true)).await;
        assert!(told.starts_with(expected), "{told}");
        let tried = json!({"policy": policy(criteria.clone(), false), "request": request});
        let told = detail(&world, "/api/v1/service/policies/validate", &tried).await;
        assert!(told.starts_with(&format!("policy.{expected}")), "{told}");
        let tried = json!({"policy": policy(criteria, false)});
        let told = detail(&world, "/api/v1/service/policies/validate-existing", &tried).await;
        assert!(told.starts_with(&format!("policy.{expected}")), "{told}");
    }
    let gone = policy(json!({"roles": ["Gone"]}), false);
    assert_eq!(post(&world, "/api/v1/service/policies", &gone).await.status, 201, "what is out of force may stay");
    let of_certificates = json!({"kinds": ["certificate"], "environments": ["edge"]});
    let mut named = policy(of_certificates, true);
    named["name"] = "certificates".into();
    assert_eq!(post(&world, "/api/v1/service/policies", &named).await.status, 201, "certificates are the host's");
}

/// A list's entry is named by its place from 0, as everywhere.
#[tokio::test]
async fn a_network_that_is_none_is_named_by_its_path_in_every_body_that_takes_a_list() {
    let world = World::new().await;
    let networks = json!(["10.0.0.0/8", "10.0.0.1/8"]);
    let wrong = "ip_allowlist[1]: address has bits set beyond its prefix, the network is 10.0.0.0/8";
    let told = detail(&world, ACCOUNTS, &account(&json!({"ip_allowlist": networks}))).await;
    assert!(told.starts_with(wrong), "{told}");
    let told = detail(&world, ACCOUNTS, &account(&json!({"ip_allowlist": [7]}))).await;
    assert_eq!(told, "ip_allowlist[0]: expected a text");
    let session = json!({"client_id": "finance_metrics@service", "client_secret": "x", "ip_allowlist": networks});
    let told = detail(&world, "/api/v1/service-account/auth", &session).await;
    assert!(told.starts_with(wrong), "{told}");
    let path = "/api/v1/service-accounts/finance_metrics@service";
    let told = detail(&world, &format!("{path}/dry-run"), &json!({"ip_allowlist": networks})).await;
    assert!(told.starts_with(wrong), "{told}");
    let body = json!({"ip_allowlist": networks});
    let answer = send(&world.api(), request(HOME, Some(&world.admin), &Method::PATCH, path, Some(&body))).await;
    assert!(answer.json()["detail"].as_str().unwrap().starts_with(wrong), "{}", answer.json());
    let many: Vec<_> = (0..1001).map(|n| format!("10.0.{}.{}", n / 256, n % 256)).collect();
    let told = detail(&world, ACCOUNTS, &account(&json!({"ip_allowlist": many}))).await;
    assert_eq!(told, "ip_allowlist: the list has more than 1000 networks");
}

#[tokio::test]
async fn another_lifecycle_policy_for_an_unknown_environment_is_refused_with_those_that_are_known() {
    let world = World::new().await;
    let asked = json!({"lifetime_days": {"production": 90, "prodution": 90}});
    let told = detail(&world, "/api/v1/lifecycle/diff", &asked).await;
    assert!(
        told.starts_with("lifetime_days: ") && told.ends_with("development, production, staging, testing"),
        "{told}"
    );
    let asked = json!({"lifetime_days": {"production": 90}});
    assert_eq!(post(&world, "/api/v1/lifecycle/diff", &asked).await.status, 200);
}

#[tokio::test]
async fn a_system_that_is_named_twice_is_kept_once() {
    let world = World::new().await;
    let made = post(&world, ACCOUNTS, &account(&json!({"systems": ["erp", "crm", "erp"]}))).await.json();
    assert_eq!(made["systems"], json!(["erp", "crm"]));
}

/// After `finish` the old token is dead and still watched, which is neither `open` nor `done`.
#[tokio::test]
async fn a_rotation_is_open_then_observing_and_never_open_once_the_old_token_is_dead() {
    let world = World::new().await;
    let minted = post(&world, TOKENS, &json!({"name": "nightly-load-2026"})).await.json();
    let token = format!("{TOKENS}/{}", minted["id"].as_str().unwrap());
    let rotated = post(&world, &format!("{token}/rotate"), &json!({"idempotency_key": "k"})).await.json();
    assert_eq!(rotated["rotation"]["state"], "open");
    let finished = post(&world, &format!("{token}/rotation/finish"), &Value::Null).await.json();
    assert_eq!(finished["state"], "observing");
    let shown =
        send(&world.api(), request(HOME, Some(&world.admin), &Method::GET, &format!("{token}/rotation"), None)).await;
    assert_eq!(shown.json(), finished);
    let successor = format!("{TOKENS}/{}", rotated["id"].as_str().unwrap());
    let at_once = json!({"idempotency_key": "l", "overlap_days": 0});
    let rotated = post(&world, &format!("{successor}/rotate"), &at_once).await.json();
    assert_eq!(rotated["rotation"]["state"], "observing");
}
