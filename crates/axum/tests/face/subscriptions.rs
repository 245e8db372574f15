//! What accounts are told, over HTTP.

use http::{Method, header};
use serde_json::{Value, json};

use crate::support::{Answer, HOME, World, request, send};

const MEMBER: &str = "/api/v1/service-accounts/finance_metrics@service/subscriptions";

async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    send(&world.api(), request(HOME, Some(&world.admin), &method, path, body.as_ref())).await
}

/// An account that may read the trail.
async fn watcher(world: &World) -> String {
    let wanted = json!({"name": "Watcher", "purpose": "p", "owner": "o", "environment": "production", "role": "Admin",
                        "justification": "reads the trail"});
    let created = call(world, Method::POST, "/api/v1/service-accounts", Some(wanted)).await.json();
    format!("/api/v1/service-accounts/{}/subscriptions", created["id"].as_str().unwrap())
}

fn wanted() -> Value {
    json!({"application": "service-accounts", "events": ["token.*"], "url": "https://hooks.example.com/x"})
}

#[tokio::test]
async fn a_signing_secret_is_shown_once_and_kept_by_nothing_on_the_way() {
    let world = World::new().await;
    let path = watcher(&world).await;
    let created = call(&world, Method::POST, &path, Some(wanted())).await;
    assert_eq!((created.status, created.header(header::CACHE_CONTROL)), (201, Some("no-store")));
    let view = created.json();
    assert!(view["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!((&view["state"], &view["format"]), (&"enabled".into(), &"json".into()));
    let one = created.header(header::LOCATION).unwrap().to_owned();
    for path in [&one, &path, &format!("{one}/deliveries")] {
        let shown = call(&world, Method::GET, path, None).await;
        assert_eq!(shown.status, 200, "{path}");
        assert!(!String::from_utf8(shown.body).unwrap().contains("whsec_"), "{path}");
    }
    let rotated = call(&world, Method::POST, &format!("{one}/secret"), None).await;
    assert_eq!((rotated.status, rotated.header(header::CACHE_CONTROL)), (201, Some("no-store")));
    assert_ne!(rotated.json()["secret"], view["secret"]);
}

#[tokio::test]
async fn a_subscription_is_tried_replayed_and_ended() {
    let world = World::new().await;
    let path = watcher(&world).await;
    let created = call(&world, Method::POST, &path, Some(wanted())).await;
    let one = created.header(header::LOCATION).unwrap().to_owned();
    for (call_path, body, status) in [
        (format!("{one}/test"), None, 204),
        (format!("{one}/enable"), None, 200),
        (format!("{one}/replay"), Some(json!({"from": 1})), 200),
        (format!("{one}/replay"), Some(json!({"from": 0})), 422),
        (format!("{one}/replay"), Some(json!({"from": -1})), 422),
    ] {
        assert_eq!(call(&world, Method::POST, &call_path, body).await.status, status, "{call_path}");
    }
    assert_eq!(call(&world, Method::DELETE, &one, None).await.status, 204);
    assert_eq!(call(&world, Method::GET, &one, None).await.code(), "NOT_FOUND");
    assert_eq!(call(&world, Method::GET, &path, None).await.json()["items"], json!([]));
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let world = World::new().await;
    let path = watcher(&world).await;
    for (field, value) in [
        ("url", json!("https://10.0.0.1/x")),
        ("url", json!("http://hooks.example.com/x")),
        ("url", json!("nonsense")),
        ("events", json!([])),
        ("events", json!(["token.created"])),
        ("application", json!("payroll")),
        ("format", json!("xml")),
    ] {
        let mut asked = wanted();
        asked[field] = value;
        let answer = call(&world, Method::POST, &path, Some(asked)).await;
        assert_eq!(answer.code(), "VALIDATION_ERROR", "{field}");
        assert!(answer.json()["detail"].as_str().unwrap().starts_with(field), "{}", answer.json()["detail"]);
    }
    let refused = call(&world, Method::POST, MEMBER, Some(wanted())).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "APPLICATION_NOT_PERMITTED"));
}
