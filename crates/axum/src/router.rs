//! Which path leads where.

use axum::{
    Extension, Router,
    body::{Body, HttpBody},
    extract::{OriginalUri, Request},
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use http::StatusCode;
use serde_json::Value;
use service_accounts::{ServiceAccounts, access::Permission, store::Store};
use service_accounts_tower::{AuthenticateLayer, Gate, Problem};

use crate::{
    OAuthServer, Refusal,
    api::Api,
    call::{Call, Description, Endpoint, Needs},
    calls,
    document::{Served, document},
    json::collect,
    oauth_router,
};

/// Where [`api`] serves the OpenAPI document.
pub(crate) const DOCUMENT: &str = "/api/v1/openapi.json";

/// A group of endpoints that can be mounted alone.
///
/// A host that has an interface of its own for some of it mounts the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Room {
    /// For the machine user itself: sessions, and what a credential is good for.
    MachineUser,
    /// Accounts: create, list, change, approve, disable, delete.
    Accounts,
    /// The tokens of an account.
    Tokens,
    /// Tokens are replaced: by administrators, step by step.
    Rotation,
    /// The open sessions of an account.
    Sessions,
    /// What could be narrower about accounts, and what that would have done.
    Insight,
    /// Containment, incidents and leaks.
    Incidents,
    /// What is due and what is coming.
    Lifecycle,
    /// Many accounts from one file.
    Imports,
    /// What accounts are told.
    Subscriptions,
    /// Which peppers are in use.
    Peppers,
    /// Governance policies: kept, changed, tried.
    Policies,
    /// Reviews of accounts and tokens, and what people decided.
    Reviews,
    /// The audit trail.
    Audit,
}

impl Room {
    /// Every room.
    pub const ALL: [Self; 14] = [
        Self::MachineUser,
        Self::Accounts,
        Self::Tokens,
        Self::Rotation,
        Self::Sessions,
        Self::Insight,
        Self::Incidents,
        Self::Lifecycle,
        Self::Imports,
        Self::Subscriptions,
        Self::Peppers,
        Self::Policies,
        Self::Reviews,
        Self::Audit,
    ];

    fn calls<S: Store + 'static, P: Permission>(self) -> Vec<Call<S, P>> {
        match self {
            Self::MachineUser => calls::machine_user(),
            Self::Accounts => calls::accounts(),
            Self::Tokens => calls::tokens(),
            Self::Rotation => calls::rotation(),
            Self::Sessions => calls::sessions(),
            Self::Insight => calls::insight(),
            Self::Incidents => calls::incidents(),
            Self::Lifecycle => calls::lifecycle(),
            Self::Imports => calls::imports(),
            Self::Subscriptions => calls::subscriptions(),
            Self::Peppers => calls::peppers(),
            Self::Policies => calls::policies(),
            Self::Reviews => calls::reviews(),
            Self::Audit => calls::audit(),
        }
    }
}

/// All endpoints and their OpenAPI document, to be merged into the host's router or nested at any prefix.
///
/// Everything but the exchange of client credentials and the document is guarded by `gate`; what administrates needs the
/// permission that the service accounts were built with.
///
/// ```
/// use axum::Router;
/// use service_accounts::{ServiceAccounts, access::presets::data_quality::Permission, store::MemoryStore};
/// use service_accounts_axum::{api, not_found, tower::Gate};
///
/// fn routes(accounts: &ServiceAccounts<MemoryStore, Permission>) -> Router {
///     let gate = Gate::new(accounts.clone());
///     Router::new().merge(api(accounts.clone(), gate)).fallback(not_found)
/// }
/// ```
pub fn api<S: Store + 'static, P: Permission>(accounts: ServiceAccounts<S, P>, gate: Gate<P>) -> Router {
    rooms(&Room::ALL, accounts, gate)
}

/// Some endpoints, and an OpenAPI document of just these.
///
/// A path of a room that is left out is the host's to answer; `not_found` says 404.
pub fn rooms<S: Store + 'static, P: Permission>(
    rooms: &[Room],
    accounts: ServiceAccounts<S, P>,
    gate: Gate<P>,
) -> Router {
    let calls: Vec<Call<S, P>> = rooms.iter().flat_map(|room| room.calls()).collect();
    let document = document(&told(&calls));
    mounted(calls, document, accounts, gate)
}

/// All endpoints, those of OAuth 2.0 among them, and one OpenAPI document of both.
///
/// It is [`api`] merged with [`oauth_router`](crate::oauth_router), but for the document, which tells of the OAuth calls too.
pub fn api_with_oauth<S: Store + 'static, P: Permission>(
    accounts: ServiceAccounts<S, P>,
    gate: Gate<P>,
    server: OAuthServer,
) -> Router {
    let oauth = oauth_router(accounts.clone(), gate.clone(), server);
    mounted(every_call(), openapi::<S, P>(), accounts, gate).merge(oauth)
}

fn every_call<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    Room::ALL.iter().flat_map(|room| room.calls()).collect()
}

fn told<T>(calls: &[Endpoint<T>]) -> Vec<&Description> {
    calls.iter().map(|call| &call.told).collect()
}

/// The routes of these calls, and of the document.
fn mounted<S: Store + 'static, P: Permission>(
    calls: Vec<Call<S, P>>,
    document: Value,
    accounts: ServiceAccounts<S, P>,
    gate: Gate<P>,
) -> Router {
    let (open, guarded): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.told.needs == Needs::Nothing);
    // The fallback comes before the layer, so that it is guarded too: which methods a route has is not for strangers.
    let guarded = routed(guarded).method_not_allowed_fallback(method_not_allowed);
    let guarded = guarded.route_layer(AuthenticateLayer::new(gate.clone()));
    let document = Served::new(document);
    let open = routed(open).route(DOCUMENT, get(|OriginalUri(uri)| async move { document.under(uri.path()) }));
    open.method_not_allowed_fallback(method_not_allowed).merge(guarded).with_state(Api { accounts, gate })
}

/// The duty goes with the request as an extension, for [`Administrator`](crate::api::Administrator) to ask about.
fn routed<S: Store + 'static, P: Permission>(calls: Vec<Call<S, P>>) -> Router<Api<S, P>> {
    calls.into_iter().fold(Router::new(), |router, Call { told, route }| {
        let route = match told.needs {
            Needs::Administration(duty) => route.layer(Extension(duty)),
            _ => route,
        };
        let route = if told.takes_a_query() { route } else { route.route_layer(from_fn(without_query)) };
        let route = if told.body.is_some() { route } else { route.route_layer(from_fn(without_body)) };
        router.route(told.path, route)
    })
}

/// A parameter that nobody reads is refused, as an unknown one is where some are read: a client that sends it counts on it.
async fn without_query(request: Request, next: Next) -> Result<Response, Refusal> {
    match request.uri().query() {
        None | Some("") => Ok(next.run(request).await),
        Some(_) => Err(Refusal::validation("", "this call takes nothing in its query, leave it out")),
    }
}

/// Some clients send an empty object or `null` with every call; anything more is refused, as what nobody reads in a query is.
async fn without_body(request: Request, next: Next) -> Result<Response, Refusal> {
    if request.body().is_end_stream() {
        return Ok(next.run(request).await);
    }
    let (head, body) = request.into_parts();
    if !collect(body, 16).await.is_ok_and(|bytes| says_nothing(&bytes)) {
        return Err(Refusal::validation("", "this call takes no body, leave it out"));
    }
    Ok(next.run(Request::from_parts(head, Body::empty())).await)
}

fn says_nothing(body: &[u8]) -> bool {
    let said: Vec<_> = body.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    matches!(&*said, b"" | b"{}" | b"null")
}

/// The OpenAPI 3.1 document of all endpoints, those of OAuth 2.0 among them, as JSON.
///
/// It is the same for every host: permissions are named by what they are for.
///
/// A test of this crate compares it with `openapi.json`, from which clients are generated.
#[must_use]
pub fn openapi<S: Store + 'static, P: Permission>() -> Value {
    let (own, oauth) = (every_call::<S, P>(), calls::oauth::<S, P>());
    document(&[told(&own), told(&oauth)].concat())
}

/// Answers where no route leads, as a problem: set it as the host's fallback.
pub async fn not_found() -> Refusal {
    Refusal::not_found()
}

/// Answers a method that a route does not have, as a problem.
pub async fn method_not_allowed() -> Refusal {
    let detail = "This path does not answer to this method.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail).into()
}
