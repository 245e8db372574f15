//! Every path by which a credential can enter leads through the same door.

use axum::{Router, routing::get};
use http::Method;
use serde_json::{Value, json};
use service_accounts::access::presets::data_quality::{Permission, permission};
use service_accounts_axum::{Authenticated, Require, tower::AuthenticateLayer};

use crate::support::{ABROAD, HOME, World, request, send};

const ACCOUNT: &str = "/api/v1/service-accounts/finance_metrics@service";
const TOKEN: &str = "/api/v1/service-accounts/finance_metrics@service/tokens/0000000000000000";

/// The routes that take a bearer credential; `openapi` draws the same from the document.
fn guarded() -> Vec<(Method, String)> {
    let below = |base: &str, rest: &[&str]| rest.iter().map(|end| format!("{base}{end}")).collect::<Vec<_>>();
    let accounts = ["/api/v1/service-accounts".to_owned()];
    let gets = [
        &accounts[..],
        &below(ACCOUNT, &["", "/tokens"]),
        &below("/api/v1", &["/audit", "/service-account/auth/verify"]),
    ]
    .concat();
    let account_posts = below(ACCOUNT, &["/disable", "/enable", "/approve", "/client-secret", "/tokens"]);
    let posts = [
        &accounts[..],
        &account_posts,
        &below(TOKEN, &["/revoke"]),
        &below("/api/v1", &["/service-account/auth/revoke"]),
    ]
    .concat();
    let both = [ACCOUNT.to_owned(), TOKEN.to_owned()];
    let all =
        [(Method::GET, gets), (Method::POST, posts), (Method::PATCH, both.to_vec()), (Method::DELETE, both.to_vec())];
    all.into_iter().flat_map(|(method, paths)| paths.into_iter().map(move |path| (method.clone(), path))).collect()
}

/// The host's own routes: behind the layer, and with the extractors alone.
fn resource(world: &World) -> Router {
    let whoami = |Authenticated(principal): Authenticated<Permission>| async move { principal.id().to_string() };
    let viewer = |guard: Require<permission::DatastoresView>| async move { guard.principal.id().to_string() };
    let bare = Router::new().route("/bare", get(whoami)).route("/bare/required", get(viewer));
    let layered = Router::new().route("/layered", get(whoami)).route("/layered/required", get(viewer));
    let layered = layered.route_layer(AuthenticateLayer::new(world.gate()));
    bare.merge(layered).with_state(world.gate())
}

const OWN: [&str; 4] = ["/bare", "/bare/required", "/layered", "/layered/required"];

fn credentials(world: &World) -> Value {
    json!({"client_id": "finance_metrics@service", "client_secret": world.client_secret})
}

#[tokio::test]
async fn no_entry_lets_a_credential_in_from_a_foreign_network() {
    let world = World::new().await;
    let (api, own) = (world.api(), resource(&world));
    for (method, path) in guarded() {
        let answer = send(&api, request(ABROAD, Some(&world.admin), &method, &path, None)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "INVALID_TOKEN"), "{method} {path}");
    }
    for path in OWN {
        let answer = send(&own, request(ABROAD, Some(&world.member), &Method::GET, path, None)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "INVALID_TOKEN"), "{path}");
        let answer = send(&own, request(HOME, Some(&world.member), &Method::GET, path, None)).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"finance_metrics@service"[..]), "{path}");
    }
    let auth = "/api/v1/service-account/auth";
    let answer = send(&api, request(ABROAD, None, &Method::POST, auth, Some(&credentials(&world)))).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "IP_NOT_ALLOWED"));
    assert_eq!(send(&api, request(HOME, None, &Method::POST, auth, Some(&credentials(&world)))).await.status, 200);
}

#[tokio::test]
async fn no_entry_is_open_without_a_credential() {
    let world = World::new().await;
    let (api, own) = (world.api(), resource(&world));
    for (method, path) in guarded() {
        let answer = send(&api, request(HOME, None, &method, &path, None)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHENTICATED"), "{method} {path}");
    }
    for path in OWN {
        assert_eq!(send(&own, request(HOME, None, &Method::GET, path, None)).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn whatever_administrates_needs_the_permission_to() {
    let world = World::new().await;
    let api = world.api();
    for (method, path) in guarded().into_iter().filter(|(_, path)| !path.contains("/service-account/auth/")) {
        let answer = send(&api, request(HOME, Some(&world.member), &method, &path, None)).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "INSUFFICIENT_SCOPE"), "{method} {path}");
        let challenge = answer.header(http::header::WWW_AUTHENTICATE).unwrap();
        assert!(challenge.ends_with("scope=\"service-accounts:manage\""), "{challenge}");
    }
    for (method, path) in guarded() {
        // Past the door, what comes depends on the call.
        let answer = send(&api, request(HOME, Some(&world.admin), &method, &path, None)).await;
        assert!(!matches!(answer.status, 401 | 405 | 500..), "{method} {path}: {}", answer.status);
        assert!(answer.status != 403 || answer.code() != "INSUFFICIENT_SCOPE", "{method} {path}");
    }
}
