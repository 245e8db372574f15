//! The sample resource that this service guards.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Json, Router,
    extract::{FromRef, Query, State, rejection::QueryRejection},
    routing::get,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use service_accounts::access::TeamName;
use service_accounts_axum::{
    Authenticated, Refusal, StrictJson, method_not_allowed,
    tower::{AuthenticateLayer, Gate},
};

use crate::permissions::Permission;

/// What a client sends to make a datastore.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDatastore {
    name: DatastoreName,
}

/// A datastore as clients see it.
#[derive(Clone, Serialize)]
struct Datastore {
    name: DatastoreName,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<TeamName>,
}

/// What people call a datastore: one line of at most 100 characters.
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String")]
struct DatastoreName(String);

impl TryFrom<String> for DatastoreName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let is_fit = !text.trim().is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control);
        if is_fit { Ok(Self(text)) } else { Err("expected one line of at most 100 characters") }
    }
}

/// `?team=`: whose datastores are meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfTeam {
    team: Option<TeamName>,
}

#[derive(Clone)]
struct Resource {
    datastores: Arc<Mutex<Vec<Datastore>>>,
    gate: Gate<Permission>,
}

impl Resource {
    fn datastores(&self) -> MutexGuard<'_, Vec<Datastore>> {
        self.datastores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FromRef<Resource> for Gate<Permission> {
    fn from_ref(resource: &Resource) -> Self {
        resource.gate.clone()
    }
}

/// `GET /datastores` needs `datastores:view`, `POST /datastores` needs `resources:write`; with `?team=`, in that team.
pub(crate) fn router(gate: Gate<Permission>) -> Router {
    let warehouse = Datastore { name: DatastoreName("warehouse".into()), team: None };
    Router::new()
        .route("/datastores", get(list).post(create))
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(AuthenticateLayer::new(gate.clone()))
        .with_state(Resource { datastores: Arc::new(Mutex::new(vec![warehouse])), gate })
}

/// Those of the team, or all that the caller may see.
async fn list(
    Authenticated(caller): Authenticated<Permission>,
    State(resource): State<Resource>,
    asked: Result<Query<OfTeam>, QueryRejection>,
) -> Result<Json<Vec<Datastore>>, Refusal> {
    let team = team(asked)?;
    resource.gate.authorize(&caller, Permission::DatastoresView, team.as_ref())?;
    let is_asked_for = |datastore: &&Datastore| match &team {
        Some(_) => datastore.team == team,
        None => caller.decide(Permission::DatastoresView, datastore.team.as_ref()).is_allow(),
    };
    Ok(Json(resource.datastores().iter().filter(is_asked_for).cloned().collect()))
}

async fn create(
    Authenticated(caller): Authenticated<Permission>,
    State(resource): State<Resource>,
    asked: Result<Query<OfTeam>, QueryRejection>,
    body: Result<StrictJson<NewDatastore>, Refusal>,
) -> Result<(StatusCode, Json<Datastore>), Refusal> {
    let team = team(asked)?;
    resource.gate.authorize(&caller, Permission::ResourcesWrite, team.as_ref())?;
    // Only now does it matter what was sent.
    let StrictJson(NewDatastore { name }) = body?;
    let mut datastores = resource.datastores();
    if datastores.len() >= 1000 {
        return Err(Refusal::validation("name", "the sample keeps at most 1000 datastores"));
    }
    let datastore = Datastore { name, team };
    datastores.push(datastore.clone());
    Ok((StatusCode::CREATED, Json(datastore)))
}

fn team(asked: Result<Query<OfTeam>, QueryRejection>) -> Result<Option<TeamName>, Refusal> {
    let unreadable = |_| Refusal::validation("team", "name one team, and nothing else");
    asked.map(|Query(OfTeam { team })| team).map_err(unreadable)
}
