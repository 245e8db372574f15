//! A store that is down: 503, never a verdict on a credential, never a change that did not happen.

use axum::{Router, routing::get};
use http::{Method, header};
use serde_json::json;
use service_accounts::access::presets::data_quality::Permission;
use service_accounts_axum::Authenticated;
use service_accounts_store::conformance::{Fault, When};

use crate::support::{Answer, HOME, World, request, send};

fn is_outage(answer: &Answer) {
    assert_eq!((answer.status, answer.code().as_str()), (503, "UNAVAILABLE"));
    assert_eq!(answer.header(header::RETRY_AFTER), Some("1"));
    assert_eq!(answer.header(header::WWW_AUTHENTICATE), None);
}

#[tokio::test]
async fn every_kind_of_call_says_that_it_could_not_be_decided() {
    let world = World::new().await;
    let handler = |_: Authenticated<Permission>| async {};
    let bare = Router::new().route("/", get(handler)).with_state(world.gate());
    world.store.fail(When::Always, Fault::Refused);
    for token in [&world.admin, &world.member] {
        is_outage(&send(&bare, request(HOME, Some(token), &Method::GET, "/", None)).await);
        is_outage(&send(&world.api(), request(HOME, Some(token), &Method::GET, "/api/v1/audit", None)).await);
    }
    let credentials = json!({"client_id": "finance_metrics@service", "client_secret": world.client_secret});
    let auth = request(HOME, None, &Method::POST, "/api/v1/service-account/auth", Some(&credentials));
    is_outage(&send(&world.api(), auth).await);
}

#[tokio::test]
async fn a_store_that_goes_down_behind_the_door_is_no_success() {
    let world = World::new().await;
    let account = "/api/v1/service-accounts/finance_metrics@service";
    let token = format!("{account}/tokens/0000000000000000");
    let minted = json!({"name": "another-token"});
    for (method, path, body) in [
        (Method::GET, "/api/v1/service-accounts".to_owned(), None),
        (Method::GET, account.to_owned(), None),
        (Method::PATCH, account.to_owned(), Some(json!({"purpose": "another"}))),
        (Method::DELETE, account.to_owned(), None),
        (Method::POST, format!("{account}/disable"), None),
        (Method::POST, format!("{account}/enable"), None),
        (Method::POST, format!("{account}/approve"), None),
        (Method::POST, format!("{account}/client-secret"), None),
        (Method::GET, format!("{account}/tokens"), None),
        (Method::POST, format!("{account}/tokens"), Some(minted)),
        (Method::POST, format!("{token}/revoke"), None),
        (Method::DELETE, token.clone(), None),
        (Method::GET, "/api/v1/audit".to_owned(), None),
    ] {
        // One call for the door; the handler's first one fails.
        world.store.fail(When::From(1), Fault::Refused);
        let answer = send(&world.api(), request(HOME, Some(&world.admin), &method, &path, body.as_ref())).await;
        assert_eq!(answer.status, 503, "{method} {path}");
        is_outage(&answer);
    }
}
