//! Principals as handler arguments.

use axum::{Router, routing::get};
use http::{HeaderMap, Method, header};
use service_accounts::{
    Principal,
    access::presets::data_quality::{Permission, permission},
    audit::{Action, Query},
};
use service_accounts_axum::{Authenticated, Require, tower::AuthenticateLayer};

use crate::support::{HOME, World, operator, request, send};

async fn names(headers: HeaderMap, twice: (Authenticated<Permission>, Authenticated<Permission>)) -> String {
    let (Authenticated(first), Authenticated(second)) = twice;
    format!("{} {} {}", first.id(), second.id(), headers.contains_key(header::AUTHORIZATION))
}

async fn leftovers(_: Authenticated<Permission>, headers: HeaderMap) -> String {
    headers.contains_key(header::AUTHORIZATION).to_string()
}

#[tokio::test]
async fn the_extractor_needs_no_layer_and_judges_a_credential_once() {
    let world = World::new().await;
    let bare = Router::new().route("/", get(names)).with_state(world.gate());
    let layered = bare.clone().route_layer(AuthenticateLayer::new(world.gate()));
    for (router, shows_header) in [(bare, true), (layered, false)] {
        let answer = send(&router, request(HOME, Some(&world.member), &Method::GET, "/", None)).await;
        let expected = format!("finance_metrics@service finance_metrics@service {shows_header}");
        assert_eq!(String::from_utf8(answer.body).unwrap(), expected);
    }
    let granted = Query::default().for_action(Action::AccessGranted);
    let page = world.accounts.acting(&operator()).audit(&granted).await.unwrap();
    assert_eq!(page.events.iter().map(|recorded| recorded.event.count()).sum::<u32>(), 2, "one for each request");
}

#[tokio::test]
async fn behind_the_extractor_the_credential_is_gone() {
    let world = World::new().await;
    let router = Router::new().route("/", get(leftovers)).with_state(world.gate());
    let answer = send(&router, request(HOME, Some(&world.member), &Method::GET, "/", None)).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"false"[..]));
}

#[tokio::test]
async fn a_missing_permission_is_403_named_in_the_challenge_and_recorded() {
    let world = World::new().await;
    let handler = |_: Require<permission::ResourcesWrite>| async {};
    let router = Router::new().route("/", get(handler)).with_state(world.gate());
    let answer = send(&router, request(HOME, Some(&world.member), &Method::GET, "/", None)).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "INSUFFICIENT_SCOPE"));
    let challenge = "Bearer realm=\"service-accounts\", error=\"insufficient_scope\", scope=\"resources:write\"";
    assert_eq!(answer.header(header::WWW_AUTHENTICATE), Some(challenge));
    let denied = Query::default().for_action(Action::PermissionDenied);
    let page = world.accounts.acting(&operator()).audit(&denied).await.unwrap();
    let event = &page.events[0].event;
    assert_eq!((page.events.len(), event.reason().map(AsRef::as_ref)), (1, Some("resources:write")));
    assert_eq!(event.account().map(AsRef::as_ref), Some("finance_metrics@service"));
    assert_eq!(send(&router, request(HOME, Some(&world.admin), &Method::GET, "/", None)).await.status, 200);
}

#[tokio::test]
async fn the_principal_says_who_with_what_and_from_where() {
    let world = World::new().await;
    let handler = |Authenticated(principal): Authenticated<Permission>| async move { describe(&principal) };
    let router = Router::new().route("/", get(handler)).with_state(world.gate());
    let answer = send(&router, request(HOME, Some(&world.member), &Method::GET, "/", None)).await;
    assert_eq!(String::from_utf8(answer.body).unwrap(), "finance_metrics@service first-token 198.51.100.7");
}

fn describe(principal: &Principal<Permission>) -> String {
    let name = principal.token().unwrap().class.token_name().unwrap();
    format!("{} {} {}", principal.id(), name.as_str(), principal.address().unwrap())
}
