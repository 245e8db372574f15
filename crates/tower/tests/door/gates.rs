//! Two gates in one process: each believes the principals that it let in itself.

use std::{convert::Infallible, future::ready};

use http::{Request, Response};
use pollster::block_on;
use service_accounts::access::presets::data_quality::Permission;
use service_accounts_tower::{AuthenticateLayer, Gate, RequestHead};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::World;

/// Who `inside` finds in a request that came through `outside`.
fn found(world: &World, outside: &Gate<Permission>, inside: &Gate<Permission>) -> Option<String> {
    let inside = inside.clone();
    let inner = service_fn(move |request: Request<String>| {
        let name = inside.recall(request.extensions()).map(|principal| principal.id().to_string());
        ready(Ok::<_, Infallible>(Response::new(name.unwrap_or_default())))
    });
    let guarded = AuthenticateLayer::new(outside.clone()).layer(inner);
    let name = block_on(guarded.oneshot(world.request())).unwrap().into_body();
    (!name.is_empty()).then_some(name)
}

/// Tenant A's principal in front of tenant B's check: the types are the same, the tenants are not.
#[test]
fn a_principal_of_another_gate_is_not_believed() {
    let (ours, theirs) = (World::new(), World::new());
    let (a, b) = (ours.gate(), theirs.gate());
    assert_eq!(found(&ours, &a, &a).as_deref(), Some(ours.account.as_str()));
    assert_eq!(found(&ours, &a, &b), None);
    assert_eq!(found(&theirs, &b, &a), None);
}

#[test]
fn a_gate_stays_the_same_gate_whatever_is_set_on_it() {
    let world = World::new();
    let gate = world.gate();
    let changed = gate.clone().realm("other");
    assert_eq!(found(&world, &gate, &changed).as_deref(), Some(world.account.as_str()));
}

#[test]
fn the_last_gate_that_let_a_request_in_is_the_one_that_counts() {
    let (ours, theirs) = (World::new(), World::new());
    let (a, b) = (ours.gate(), theirs.gate());
    let (mut parts, _) = ours.request().into_parts();
    let (others, _) = theirs.request().into_parts();
    let first = block_on(a.admit(RequestHead::from(&parts))).unwrap();
    a.remember(&mut parts.extensions, first);
    let second = block_on(b.admit(RequestHead::from(&others))).unwrap();
    b.remember(&mut parts.extensions, second);
    assert!(a.recall(&parts.extensions).is_none() && b.recall(&parts.extensions).is_some());
}
