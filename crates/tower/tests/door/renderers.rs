//! Refusals in bodies of every kind.

use std::{convert::Infallible, future::ready};

use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use pollster::block_on;
use service_accounts_store::conformance::{Fault, When};
use service_accounts_tower::{AuthenticateLayer, Grpc, Problem};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::World;

/// A body as tonic's is: empty by default, and not made of text.
#[derive(Debug, Default, PartialEq)]
struct Opaque(Vec<u8>);

fn opaque(_: Request<String>) -> std::future::Ready<Result<Response<Opaque>, Infallible>> {
    ready(Ok(Response::new(Opaque(b"served".to_vec()))))
}

/// A newcomer's first try with tonic and with hyper's `BoxBody` did not compile.
#[test]
fn a_body_that_is_not_made_of_text_is_the_hosts_to_make() {
    let world = World::new();
    let frame = |problem: Problem| problem.into_response::<String>().map(|text| Opaque(text.into_bytes()));
    let guarded = AuthenticateLayer::new(world.gate()).render_with(frame).layer(service_fn(opaque));
    let served = block_on(guarded.clone().oneshot(world.request())).unwrap();
    assert_eq!(served.body(), &Opaque(b"served".to_vec()));
    let refused = block_on(guarded.oneshot(Request::default())).unwrap();
    assert_eq!(
        (refused.status(), &refused.headers()[CONTENT_TYPE]),
        (StatusCode::UNAUTHORIZED, &"application/problem+json".parse().unwrap())
    );
    let problem: serde_json::Value = serde_json::from_slice(&refused.body().0).unwrap();
    assert_eq!(problem["code"], "UNAUTHENTICATED");
}

#[test]
fn a_grpc_client_gets_a_status_and_an_empty_body() {
    let world = World::new();
    let guarded = AuthenticateLayer::new(world.gate()).render_with(Grpc);
    let writes = guarded.clone().require(service_accounts::access::presets::data_quality::Permission::ResourcesWrite);
    let status = |layer: &AuthenticateLayer<_, Grpc>, request| {
        let response = block_on(layer.layer(service_fn(opaque)).oneshot(request)).unwrap();
        assert_eq!((response.status(), response.body()), (StatusCode::OK, &Opaque::default()));
        response.headers()["grpc-status"].to_str().unwrap().to_owned()
    };
    assert_eq!(status(&guarded, Request::default()), "16");
    assert_eq!(status(&writes, world.request()), "7");
    world.store.fail(When::Always, Fault::Refused);
    assert_eq!(status(&guarded, world.request()), "14");
}
