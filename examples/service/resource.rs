//! The sample resource that this service guards.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json, Router,
    extract::{FromRef, State},
    routing::get,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use service_accounts_axum::{
    Refusal, Require, StrictJson, method_not_allowed,
    tower::{AuthenticateLayer, Gate},
};

use crate::permissions::{Permission, permission};

/// A datastore, as clients send and see it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Datastore {
    name: DatastoreName,
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

#[derive(Clone)]
struct Resource {
    datastores: Arc<Mutex<Vec<Datastore>>>,
    gate: Gate<Permission>,
}

impl FromRef<Resource> for Gate<Permission> {
    fn from_ref(resource: &Resource) -> Self {
        resource.gate.clone()
    }
}

/// `GET /datastores` needs `datastores:view`, `POST /datastores` needs `resources:write`.
pub(crate) fn router(gate: Gate<Permission>) -> Router {
    let datastores = vec![Datastore { name: DatastoreName("warehouse".into()) }];
    Router::new()
        .route("/datastores", get(list).post(create))
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(AuthenticateLayer::new(gate.clone()))
        .with_state(Resource { datastores: Arc::new(Mutex::new(datastores)), gate })
}

async fn list(_: Require<permission::DatastoresView>, State(resource): State<Resource>) -> Json<Vec<Datastore>> {
    Json(resource.datastores.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

async fn create(
    _: Require<permission::ResourcesWrite>,
    State(resource): State<Resource>,
    StrictJson(datastore): StrictJson<Datastore>,
) -> Result<(StatusCode, Json<Datastore>), Refusal> {
    let mut datastores = resource.datastores.lock().unwrap_or_else(PoisonError::into_inner);
    if datastores.len() >= 1000 {
        return Err(Refusal::validation("name", "the sample keeps at most 1000 datastores"));
    }
    datastores.push(datastore.clone());
    Ok((StatusCode::CREATED, Json(datastore)))
}
