//! A permission that the layer asks for, on a team that it finds in the request.

use std::{convert::Infallible, future::ready};

use http::{Request, Response, StatusCode};
use pollster::block_on;
use service_accounts::{
    AccessEvents, NewAccount,
    access::{TeamName, Teams, presets::data_quality::Permission},
    audit::{Action, Query},
};
use service_accounts_tower::{AuthenticateLayer, Problem, RequestHead};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{World, operator};

fn finance() -> World {
    let teams = Teams::only(["finance"]).unwrap();
    World::with(AccessEvents::Coalesced, |account| NewAccount { teams, ..account })
}

fn team_of(head: RequestHead<'_>) -> Result<Option<TeamName>, Problem> {
    let Some(name) = head.uri.query().and_then(|query| query.strip_prefix("team=")) else { return Ok(None) };
    let unfit = |_| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", "team: no name of a team");
    TeamName::parse(name).map(Some).map_err(unfit)
}

fn status(world: &World, layer: &AuthenticateLayer<Permission>, target: &str) -> u16 {
    let inner = service_fn(|_: Request<String>| ready(Ok::<_, Infallible>(Response::new(String::new()))));
    let mut request = world.request();
    *request.uri_mut() = target.parse().unwrap();
    block_on(layer.layer(inner).oneshot(request)).unwrap().status().as_u16()
}

#[test]
fn what_belongs_to_another_team_is_out_of_reach() {
    let world = finance();
    let views = AuthenticateLayer::new(world.gate()).require_in(Permission::DatastoresView, team_of);
    for (target, expected) in [("/", 200), ("/?team=finance", 200), ("/?team=sales", 403), ("/?team=", 422)] {
        assert_eq!(status(&world, &views, target), expected, "{target}");
    }
    let denials = Query::default().for_action(Action::PermissionDenied);
    assert_eq!(
        block_on(world.accounts.acting(&operator()).audit(&denials)).unwrap().events.len(),
        1,
        "the refusal is recorded"
    );
}

#[test]
fn a_permission_that_is_not_held_is_refused_before_the_service() {
    let world = finance();
    let writes = AuthenticateLayer::new(world.gate()).require(Permission::ResourcesWrite);
    let views = AuthenticateLayer::new(world.gate()).require(Permission::DatastoresView);
    assert_eq!((status(&world, &writes, "/"), status(&world, &views, "/")), (403, 200));
}

#[test]
fn whoever_looks_for_the_team_sees_no_credential() {
    let world = finance();
    let layer = AuthenticateLayer::new(world.gate()).require_in(Permission::DatastoresView, |head| {
        assert!(!head.headers.contains_key("authorization"));
        Ok(None)
    });
    assert_eq!(status(&world, &layer, "/"), 200);
}
