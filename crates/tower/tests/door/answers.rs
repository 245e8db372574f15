//! What each refusal looks like on the wire.

use std::{convert::Infallible, future::ready};

use http::{
    Request, Response, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use pollster::block_on;
use service_accounts::{
    AccessEvents,
    access::presets::data_quality::Permission,
    audit::{Action, Query},
};
use service_accounts_store::conformance::{Call, Fault, When};
use service_accounts_tower::{AuthenticateLayer, Disclose, Gate, Problem, RequestHead};
use time::Duration;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{World, operator, request_with};

/// Status, headers and body, ready to be compared byte for byte.
fn answer(gate: Gate<Permission>, request: Request<String>) -> Response<String> {
    let inner = service_fn(|_| ready(Ok::<_, Infallible>(Response::new(String::new()))));
    block_on(AuthenticateLayer::new(gate).layer(inner).oneshot(request)).unwrap()
}

fn header(response: &Response<String>, name: http::HeaderName) -> Option<&str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn code(response: &Response<String>) -> String {
    assert_eq!(header(response, CONTENT_TYPE), Some("application/problem+json"));
    assert_eq!(header(response, CACHE_CONTROL), Some("no-store"));
    let problem: serde_json::Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(problem["status"], response.status().as_u16());
    problem["code"].as_str().unwrap().to_owned()
}

fn raw(values: &[&[u8]]) -> Request<String> {
    let mut request = Request::new(String::new());
    for value in values {
        request.headers_mut().append(AUTHORIZATION, http::HeaderValue::from_bytes(value).unwrap());
    }
    request
}

#[test]
fn each_case_has_its_challenge() {
    let world = World::new();
    let token = format!("Bearer {}", world.token);
    let in_url = Request::builder().uri("/?access_token=x").body(String::new()).unwrap();
    for (request, status, expected, challenge) in [
        (raw(&[]), 401, "UNAUTHENTICATED", "Bearer realm=\"acme\""),
        (raw(&[b"Basic YTpi"]), 401, "UNAUTHENTICATED", "Bearer realm=\"acme\""),
        (raw(&[b"Bearer"]), 400, "INVALID_REQUEST", "Bearer realm=\"acme\", error=\"invalid_request\""),
        (raw(&[b"Bearer \xff"]), 400, "INVALID_REQUEST", "Bearer realm=\"acme\", error=\"invalid_request\""),
        (
            raw(&[token.as_bytes(), token.as_bytes()]),
            400,
            "INVALID_REQUEST",
            "Bearer realm=\"acme\", error=\"invalid_request\"",
        ),
        (in_url, 400, "INVALID_REQUEST", "Bearer realm=\"acme\", error=\"invalid_request\""),
        (raw(&[b"Bearer x"]), 401, "INVALID_TOKEN", "Bearer realm=\"acme\", error=\"invalid_token\""),
    ] {
        let response = answer(world.gate().realm("acme"), request);
        assert_eq!((response.status().as_u16(), code(&response).as_str()), (status, expected));
        assert_eq!(header(&response, WWW_AUTHENTICATE), Some(challenge));
        assert_eq!(header(&response, RETRY_AFTER), None);
    }
}

#[test]
fn a_realm_cannot_break_out_of_its_quotes() {
    let world = World::new();
    let response = answer(world.gate().realm("a\"b\\c\r\nd\u{e9}"), raw(&[]));
    assert_eq!(header(&response, WWW_AUTHENTICATE), Some("Bearer realm=\"abcd\""));
}

#[test]
fn a_missing_permission_is_named_in_the_challenge_and_recorded() {
    let world = World::with(AccessEvents::Coalesced, |account| account);
    let gate = world.gate();
    let (parts, _) = world.request().into_parts();
    let principal = block_on(gate.admit(RequestHead::from(&parts))).unwrap();
    assert_eq!(gate.authorize(&principal, Permission::DatastoresView, None), Ok(()));
    let problem = gate.authorize(&principal, Permission::ResourcesWrite, None).unwrap_err();
    assert_eq!((problem.status(), problem.code()), (StatusCode::FORBIDDEN, "INSUFFICIENT_SCOPE"));
    let response: Response<String> = problem.into_response();
    let challenge = "Bearer realm=\"service-accounts\", error=\"insufficient_scope\", scope=\"resources:write\"";
    assert_eq!(header(&response, WWW_AUTHENTICATE), Some(challenge));
    let denials = Query::default().for_action(Action::PermissionDenied);
    let page = block_on(world.accounts.acting(&operator()).audit(&denials)).unwrap();
    assert_eq!(page.events.len(), 1);
    assert_eq!(page.events[0].event.reason().map(AsRef::as_ref), Some("resources:write"));
}

/// A world for each way of being refused, and the credential that is.
fn refusals() -> [(World, &'static str); 4] {
    let worlds = [World::new(), World::new(), World::new(), World::new()];
    let [unknown, revoked, expired, disabled] = worlds;
    let (id, token) = (&revoked.account, &revoked.token_id);
    block_on(revoked.accounts.acting(&operator()).token(id, token).revoke()).unwrap();
    expired.clock.advance(Duration::days(365));
    block_on(disabled.accounts.acting(&operator()).account(&disabled.account).disable()).unwrap();
    let unknown = World { token: World::new().token, ..unknown };
    [
        (unknown, "INVALID_CREDENTIALS"),
        (revoked, "INVALID_CREDENTIALS"),
        (expired, "INVALID_CREDENTIALS"),
        (disabled, "SERVICE_ACCOUNT_INACTIVE"),
    ]
}

#[test]
fn every_refused_credential_gets_the_same_bytes() {
    let world = World::new();
    let garbage = answer(world.gate(), request_with("garbage"));
    assert_eq!(garbage.status(), StatusCode::UNAUTHORIZED);
    for (world, reason) in refusals() {
        let response = answer(world.gate(), world.request());
        assert_eq!((response.headers(), response.body()), (garbage.headers(), garbage.body()), "{reason}");
        assert_eq!(response.status(), garbage.status());
    }
}

#[test]
fn a_host_may_tell_those_who_know_the_secret_why() {
    for (world, expected) in refusals() {
        let response = answer(world.gate().disclose(Disclose::Reason), world.request());
        assert_eq!((response.status().as_u16(), code(&response).as_str()), (401, expected));
    }
}

#[test]
fn an_expired_token_is_refused_from_its_last_instant_on() {
    let world = World::new();
    world.clock.advance(Duration::days(365) - Duration::SECOND);
    assert_eq!(answer(world.gate(), world.request()).status(), StatusCode::OK);
    world.clock.advance(Duration::SECOND);
    assert_eq!(answer(world.gate(), world.request()).status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn a_store_that_is_down_is_no_verdict_on_the_credential() {
    let world = World::new();
    let revoked = World::new();
    block_on(revoked.accounts.acting(&operator()).token(&revoked.account, &revoked.token_id).revoke()).unwrap();
    for world in [&world, &revoked] {
        world.store.fail(When::Always, Fault::Refused);
        let response = answer(world.gate(), world.request());
        assert_eq!((response.status().as_u16(), code(&response).as_str()), (503, "UNAVAILABLE"));
        assert_eq!(header(&response, RETRY_AFTER), Some("1"));
        assert_eq!(header(&response, WWW_AUTHENTICATE), None);
    }
}

#[test]
fn in_strict_mode_there_is_no_access_without_a_record() {
    for (events, status) in [(AccessEvents::Strict, 503), (AccessEvents::Coalesced, 200), (AccessEvents::Off, 200)] {
        let world = World::with(events, |account| account);
        world.store.fail(When::Each(Call::Append), Fault::Refused);
        assert_eq!(answer(world.gate(), world.request()).status().as_u16(), status, "{events:?}");
    }
}

#[test]
fn a_problem_is_a_whole_document() {
    let response: Response<String> =
        Problem::new(StatusCode::IM_A_TEAPOT, "TEAPOT", "Short and \"stout\".").into_response();
    let problem: serde_json::Value = serde_json::from_str(response.body()).unwrap();
    let expected = serde_json::json!({
        "type": "about:blank", "title": "I'm a teapot", "status": 418, "detail": "Short and \"stout\".", "code": "TEAPOT",
    });
    assert_eq!(problem, expected);
}
