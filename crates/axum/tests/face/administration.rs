//! What administrators do over HTTP, beyond the example service's tests.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use http::{HeaderValue, Method};
use serde_json::{Value, json};
use service_accounts::UpkeepBounds;
use time::UtcDateTime;

use crate::support::{Answer, HOME, World, request, send};

const ACCOUNTS: &str = "/api/v1/service-accounts";
const MEMBER: &str = "/api/v1/service-accounts/finance_metrics@service";

async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    send(&world.api(), request(HOME, Some(&world.admin), &method, path, body.as_ref())).await
}

fn wanted() -> Value {
    json!({"name": "Pipeline Automation", "purpose": "p", "owner": "o", "environment": "production",
           "first_token": {"name": "first"}})
}

#[tokio::test]
async fn a_retry_under_the_same_key_gets_the_same_account_with_secrets_that_work() {
    let world = World::new().await;
    let create = || {
        let mut asked = request(HOME, Some(&world.admin), &Method::POST, ACCOUNTS, Some(&wanted()));
        asked.headers_mut().insert("idempotency-key", "7f3c".parse().unwrap());
        asked
    };
    let first = send(&world.api(), create()).await;
    let second = send(&world.api(), create()).await;
    assert_eq!((first.status, second.status), (201, 201), "{}", second.json());
    assert_eq!(first.json()["id"], second.json()["id"]);
    let token = second.json()["first_token"]["token"].as_str().unwrap().to_owned();
    let verify = "/api/v1/service-account/auth/verify";
    assert_eq!(send(&world.api(), request(HOME, Some(&token), &Method::GET, verify, None)).await.status, 200);
    let third = send(&world.api(), create()).await;
    assert_eq!(third.json()["id"], first.json()["id"]);
    assert!(third.json().get("client_secret").is_none(), "a secret that is in use is not minted anew");
}

#[tokio::test]
async fn what_is_no_single_key_creates_nothing() {
    let world = World::new().await;
    let long = "k".repeat(201);
    for keys in [&[""][..], &["two words"], &["a\tb"], &["caf\u{e9}"], &[&long], &["one", "other"], &["one", "one"]] {
        let mut asked = request(HOME, Some(&world.admin), &Method::POST, ACCOUNTS, Some(&wanted()));
        for key in keys {
            asked.headers_mut().append("idempotency-key", HeaderValue::from_bytes(key.as_bytes()).unwrap());
        }
        let answer = send(&world.api(), asked).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "VALIDATION_ERROR"), "{keys:?}");
        assert!(answer.json()["detail"].as_str().unwrap().starts_with("Idempotency-Key"), "{}", answer.json());
    }
    let made = format!("{ACCOUNTS}/pipeline_automation@service");
    assert_eq!(call(&world, Method::GET, &made, None).await.status, 404);
}

#[tokio::test]
async fn a_key_whose_account_is_deleted_makes_another_one() {
    let world = World::new().await;
    let create = async || {
        let mut asked = request(HOME, Some(&world.admin), &Method::POST, ACCOUNTS, Some(&wanted()));
        asked.headers_mut().insert("idempotency-key", "k".repeat(200).parse().unwrap());
        send(&world.api(), asked).await.json()
    };
    let first = create().await;
    let token = first["first_token"]["token"].as_str().unwrap();
    let verify = "/api/v1/service-account/auth/verify";
    assert_eq!(send(&world.api(), request(HOME, Some(token), &Method::GET, verify, None)).await.status, 200);
    assert!(create().await.get("client_secret").is_none(), "its token is in use");
    let made = format!("{ACCOUNTS}/pipeline_automation@service");
    assert_eq!(call(&world, Method::DELETE, &made, None).await.status, 204);
    let second = create().await;
    assert!(second.get("client_secret").is_some(), "another account under the same id: {second}");
    assert_eq!(send(&world.api(), request(HOME, Some(token), &Method::GET, verify, None)).await.status, 401);
}

#[tokio::test]
async fn a_taken_name_is_refused_or_numbered_as_asked() {
    let world = World::new().await;
    assert_eq!(call(&world, Method::POST, ACCOUNTS, Some(wanted())).await.status, 201);
    let taken = call(&world, Method::POST, ACCOUNTS, Some(wanted())).await;
    assert_eq!((taken.status, taken.code().as_str()), (409, "ID_TAKEN"));
    let mut numbered = wanted();
    numbered["on_taken"] = "number".into();
    let numbered = call(&world, Method::POST, ACCOUNTS, Some(numbered)).await.json();
    assert_eq!(numbered["id"], "pipeline_automation_2@service");
    assert_eq!(numbered["email"], "pipeline_automation_2@service.invalid");
}

#[tokio::test]
async fn a_new_name_leaves_the_id() {
    let world = World::new().await;
    let change = json!({"name": "Finance Figures", "systems": ["warehouse"]});
    let changed = call(&world, Method::PATCH, MEMBER, Some(change)).await.json();
    assert_eq!((&changed["id"], &changed["name"]), (&json!("finance_metrics@service"), &json!("Finance Figures")));
    assert_eq!((&changed["systems"], &changed["gains"]), (&json!(["warehouse"]), &json!([])));
}

#[tokio::test]
async fn no_account_administers_itself() {
    let world = World::new().await;
    let own = format!("{ACCOUNTS}/platform_automation@service");
    let refused = call(&world, Method::POST, &format!("{own}/disable"), None).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "OWN_ACCOUNT"));
}

#[tokio::test]
async fn a_session_is_seen_and_ended() {
    let world = World::new().await;
    let credentials = json!({"client_id": "finance_metrics@service", "client_secret": world.client_secret});
    let auth = request(HOME, None, &Method::POST, "/api/v1/service-account/auth", Some(&credentials));
    let session = send(&world.api(), auth).await.json()["token"].as_str().unwrap().to_owned();
    let listed = call(&world, Method::GET, &format!("{MEMBER}/sessions"), None).await.json();
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["state"]), (1, &json!("active")));
    let id = listed["items"][0]["id"].as_str().unwrap();
    assert_eq!(call(&world, Method::POST, &format!("{MEMBER}/sessions/{id}/revoke"), None).await.status, 204);
    let verify = "/api/v1/service-account/auth/verify";
    assert_eq!(send(&world.api(), request(HOME, Some(&session), &Method::GET, verify, None)).await.status, 401);
}

#[tokio::test]
async fn what_a_token_was_seen_to_do_is_told() {
    let world = World::new().await;
    let verify = "/api/v1/service-account/auth/verify";
    send(&world.api(), request(HOME, Some(&world.member), &Method::GET, verify, None)).await;
    let tokens = call(&world, Method::GET, &format!("{MEMBER}/tokens"), None).await.json();
    let id = tokens["items"][0]["id"].as_str().unwrap();
    let seen = call(&world, Method::GET, &format!("{MEMBER}/tokens/{id}/sightings"), None).await.json();
    let first = &seen["items"][0];
    assert_eq!((&first["kind"], &first["value"], &first["count"]), (&json!("used_from"), &json!(HOME), &json!(1)));
    let shown = call(&world, Method::GET, &format!("{MEMBER}/tokens/{id}"), None).await.json();
    assert_eq!(shown["id"], tokens["items"][0]["id"]);
}

#[tokio::test]
async fn the_list_says_whether_a_token_is_safe_to_delete() {
    const START: i64 = 1_767_225_600;
    const WEEK: i64 = 7 * 86_400;
    let now = Arc::new(AtomicI64::new(START));
    let clock = now.clone();
    let world = World::at(move || UtcDateTime::from_unix_timestamp(clock.load(Ordering::Relaxed)).unwrap()).await;
    let deletion = async || {
        let tokens = call(&world, Method::GET, &format!("{MEMBER}/tokens"), None).await.json();
        (tokens["items"][0]["id"].clone(), tokens["items"][0]["deletion"].clone())
    };
    let (id, at_work) = deletion().await;
    assert_eq!(at_work, json!({"is_safe": false, "reason": "it is not revoked: revoke it first"}));

    let revoke = format!("{MEMBER}/tokens/{}/revoke", id.as_str().unwrap());
    assert_eq!(call(&world, Method::POST, &revoke, None).await.status, 200);
    for (offset, is_safe, reason) in [
        (0, false, "it is still observed: somebody may try it"),
        (WEEK - 1, false, "it is still observed: somebody may try it"),
        (WEEK, true, "nobody has tried it for a whole observation"),
    ] {
        now.store(START + offset, Ordering::Relaxed);
        world.accounts.upkeep(UpkeepBounds::default()).await.unwrap();
        assert_eq!(deletion().await.1, json!({"is_safe": is_safe, "reason": reason}), "{offset}");
    }
}

/// Row 108: a client that sent `null` for its scope got a session with all of them.
#[tokio::test]
async fn null_is_no_way_of_leaving_a_scope_out() {
    let world = World::new().await;
    let credentials =
        json!({"client_id": "finance_metrics@service", "client_secret": world.client_secret, "scope": null});
    let auth = request(HOME, None, &Method::POST, "/api/v1/service-account/auth", Some(&credentials));
    let refused = send(&world.api(), auth).await;
    assert_eq!((refused.status, refused.json()["detail"].as_str().unwrap()), (422, "scope: expected a text"));
}

#[tokio::test]
async fn the_peppers_are_counted() {
    let world = World::new().await;
    let peppers = call(&world, Method::GET, "/api/v1/peppers", None).await.json();
    assert_eq!(peppers, json!([{"id": "k1", "current": true, "credentials": 4}]), "a token and a client secret each");
}

#[tokio::test]
async fn a_token_is_replaced_and_a_lost_answer_loses_nothing() {
    let world = World::new().await;
    let tokens = call(&world, Method::GET, &format!("{MEMBER}/tokens"), None).await.json();
    let token = format!("{MEMBER}/tokens/{}", tokens["items"][0]["id"].as_str().unwrap());
    let asked = json!({"idempotency_key": "deploy-1", "overlap_days": 7});
    let first = call(&world, Method::POST, &format!("{token}/rotate"), Some(asked.clone())).await;
    assert_eq!(first.status, 201, "{}", first.json());
    let successor = format!("{MEMBER}/tokens/{}", first.json()["id"].as_str().unwrap());
    assert_eq!(first.header(http::header::LOCATION), Some(successor.as_str()));
    let again = call(&world, Method::POST, &format!("{token}/rotate"), Some(asked.clone())).await;
    assert_eq!(again.json()["id"], first.json()["id"]);
    let text = again.json()["token"].as_str().unwrap().to_owned();
    let verify = "/api/v1/service-account/auth/verify";
    assert_eq!(send(&world.api(), request(HOME, Some(&text), &Method::GET, verify, None)).await.status, 200);
    let after_use = call(&world, Method::POST, &format!("{token}/rotate"), Some(asked)).await;
    assert_eq!((after_use.status, after_use.json().get("token")), (200, None));
    let other = json!({"idempotency_key": "deploy-2"});
    let other = call(&world, Method::POST, &format!("{token}/rotate"), Some(other)).await;
    assert_eq!(other.status, 409, "{}", other.json());
    let shown = call(&world, Method::GET, &format!("{token}/rotation"), None).await.json();
    assert_eq!((shown["steps"].as_array().unwrap().len(), &shown["successor"]), (8, &first.json()["id"]));
    assert_eq!(call(&world, Method::POST, &format!("{token}/rotation/finish"), None).await.status, 200);
    assert_eq!(call(&world, Method::GET, &token, None).await.json()["state"], "revoked");
}

#[tokio::test]
async fn a_token_rotates_itself() {
    let world = World::new().await;
    let asked = json!({"idempotency_key": "self-1", "overlap_days": 0});
    let path = "/api/v1/service-account/auth/rotate";
    let rotated = send(&world.api(), request(HOME, Some(&world.member), &Method::POST, path, Some(&asked))).await;
    assert_eq!(rotated.status, 201, "{}", rotated.json());
    let verify = "/api/v1/service-account/auth/verify";
    assert_eq!(send(&world.api(), request(HOME, Some(&world.member), &Method::GET, verify, None)).await.status, 401);
}

/// A retry after the successor had ended was answered with the state of one that was just made.
#[tokio::test]
async fn a_rotation_that_is_asked_for_again_tells_the_successor_as_it_is_by_now() {
    for end in ["tokens/{id}/revoke", "contain"] {
        let world = World::new().await;
        let tokens = call(&world, Method::GET, &format!("{MEMBER}/tokens"), None).await.json();
        let rotate = format!("{MEMBER}/tokens/{}/rotate", tokens["items"][0]["id"].as_str().unwrap());
        let asked = json!({"idempotency_key": "deploy-1", "overlap_days": 7});
        let first = call(&world, Method::POST, &rotate, Some(asked.clone())).await.json();
        assert_eq!(first["state"], "active");
        let path = format!("{MEMBER}/{}", end.replace("{id}", first["id"].as_str().unwrap()));
        let body = (end == "contain").then(|| json!({"reason": "it leaked"}));
        assert!(call(&world, Method::POST, &path, body).await.status < 300, "{end}");
        let again = call(&world, Method::POST, &rotate, Some(asked)).await;
        assert_eq!((again.status, &again.json()["id"]), (200, &first["id"]), "{end}");
        assert_eq!((&again.json()["state"], again.json().get("token")), (&json!("revoked"), None), "{end}");
    }
}
