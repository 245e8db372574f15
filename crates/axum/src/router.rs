//! Which path leads where.

use axum::{
    Router,
    routing::{get, patch, post},
};
use http::StatusCode;
use service_accounts::{ServiceAccounts, access::Permission, store::Store};
use service_accounts_tower::{AuthenticateLayer, Gate, Problem};

use crate::{
    Refusal,
    api::{Api, accounts, audit, session, tokens},
};

/// All endpoints, to be merged into the host's router.
///
/// Everything but the exchange of client credentials is guarded by `gate`; what administrates needs the permission that
/// the service accounts were built with.
pub fn api<S: Store + 'static, P: Permission>(accounts: ServiceAccounts<S, P>, gate: Gate<P>) -> Router {
    let layer = AuthenticateLayer::new(gate.clone());
    let guarded = machine_user().merge(administration());
    // The fallback comes before the layer, so that it is guarded too: which methods a route has is not for strangers.
    let guarded = guarded.method_not_allowed_fallback(method_not_allowed).route_layer(layer);
    let open = Router::new().route("/api/v1/service-account/auth", post(session::auth));
    open.method_not_allowed_fallback(method_not_allowed).merge(guarded).with_state(Api { accounts, gate })
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

fn machine_user<S: Store + 'static, P: Permission>() -> Router<Api<S, P>> {
    Router::new()
        .route("/api/v1/service-account/auth/verify", get(session::verify))
        .route("/api/v1/service-account/auth/revoke", post(session::revoke))
}

fn administration<S: Store + 'static, P: Permission>() -> Router<Api<S, P>> {
    let one = get(accounts::show).patch(accounts::update).delete(accounts::delete);
    Router::new()
        .route("/api/v1/service-accounts", get(accounts::list).post(accounts::create))
        .route("/api/v1/service-accounts/{id}", one)
        .route("/api/v1/service-accounts/{id}/disable", post(accounts::disable))
        .route("/api/v1/service-accounts/{id}/enable", post(accounts::enable))
        .route("/api/v1/service-accounts/{id}/approve", post(accounts::approve))
        .route("/api/v1/service-accounts/{id}/client-secret", post(accounts::regenerate_secret))
        .route("/api/v1/service-accounts/{id}/tokens", get(tokens::list).post(tokens::mint))
        .route("/api/v1/service-accounts/{id}/tokens/{token}", patch(tokens::update).delete(tokens::delete))
        .route("/api/v1/service-accounts/{id}/tokens/{token}/revoke", post(tokens::revoke))
        .route("/api/v1/audit", get(audit::list))
}
