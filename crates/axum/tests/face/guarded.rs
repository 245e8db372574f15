//! Routers that cannot forget to ask who is calling, callers who may be nobody, and teams taken from the request.

use axum::{Router, routing::get};
use http::Method;
use service_accounts::access::presets::data_quality::{Permission, permission};
use service_accounts_axum::{
    Authenticated, GuardedRouter, OptionallyAuthenticated, Require, RequireIn, TeamInQuery, tower::Gate,
};

use crate::support::{HOME, World, request, send};

async fn whoami(Authenticated(principal): Authenticated<Permission>, method: Method) -> String {
    format!("{method} {}", principal.id())
}

async fn write(_: Require<permission::ResourcesWrite>) {}

#[tokio::test]
async fn every_route_of_a_guarded_router_is_guarded() {
    let world = World::new().await;
    let gate = world.gate();
    let router =
        GuardedRouter::new(gate.clone()).get("/", whoami).post("/", whoami).put("/write", write).with_state(gate);
    for (token, method, path, status) in [
        (None, Method::GET, "/", 401),
        (None, Method::PATCH, "/", 401),
        (None, Method::PUT, "/write", 401),
        (Some(&world.member), Method::GET, "/", 200),
        (Some(&world.member), Method::POST, "/", 200),
        (Some(&world.member), Method::PATCH, "/", 405),
        (Some(&world.member), Method::PUT, "/write", 403),
        (Some(&world.admin), Method::PUT, "/write", 200),
    ] {
        let answer = send(&router, request(HOME, token.map(String::as_str), &method, path, None)).await;
        assert_eq!(answer.status, status, "{method} {path}");
    }
}

#[tokio::test]
#[should_panic(expected = "the state yields another gate")]
async fn a_state_with_another_gate_is_told_at_the_start() {
    let world = World::new().await;
    let other = Gate::new(world.accounts.clone());
    let _router: Router = GuardedRouter::new(world.gate()).get("/", whoami).with_state(other);
}

#[tokio::test]
async fn no_credential_is_nobody_and_a_bad_one_is_refused() {
    let world = World::new().await;
    let greet = |OptionallyAuthenticated(principal): OptionallyAuthenticated<Permission>| async move {
        principal.map_or_else(|| "nobody".to_owned(), |principal| principal.id().to_string())
    };
    let router = Router::new().route("/", get(greet)).with_state(world.gate());
    let ask = async |token: Option<&str>| send(&router, request(HOME, token, &Method::GET, "/", None)).await;
    assert_eq!(ask(None).await.body, b"nobody");
    assert_eq!(ask(Some(&world.member)).await.body, b"finance_metrics@service");
    for bad in ["acme_sat_nonsense", "", "a b"] {
        assert!(matches!(ask(Some(bad)).await.status, 400 | 401), "{bad}");
    }
    assert_eq!(ask(Some("acme_sat_nonsense")).await.code(), "INVALID_TOKEN");
}

#[tokio::test]
async fn a_principal_of_another_tenant_passes_no_requirement() {
    let (ours, theirs) = (World::new().await, World::new().await);
    let inner = Router::new().route("/", get(|_: Require<permission::DatastoresView>| async {}));
    let inner = inner.with_state(theirs.gate());
    let router = inner.layer(service_accounts_axum::tower::AuthenticateLayer::new(ours.gate()));
    let answer = send(&router, request(HOME, Some(&ours.member), &Method::GET, "/", None)).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHENTICATED"));
}

#[tokio::test]
async fn a_team_in_the_query_narrows_what_is_reached() {
    let world = World::new().await;
    let handler = |guard: RequireIn<permission::DatastoresView, TeamInQuery>| async move {
        guard.team.map(|team| team.to_string()).unwrap_or_default()
    };
    let router = Router::new().route("/", get(handler)).with_state(world.gate());
    for (query, status, body) in
        [("", 200, ""), ("?team=finance", 200, "finance"), ("?team=", 422, ""), ("?team=a&te%61m=b", 422, "")]
    {
        let answer = send(&router, request(HOME, Some(&world.member), &Method::GET, &format!("/{query}"), None)).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(status != 200 || answer.body == body.as_bytes());
    }
}
