//! For the machine user: client credentials into sessions, and what a credential is good for.

use axum::{extract::State, response::Response};
use http::{Extensions, HeaderMap, StatusCode};
use service_accounts::{AuthenticateError, Rejection, access::Permission, store::Store};
use service_accounts_tower::{Disclose, Problem};

use super::{Api, secret, shown};
use crate::{
    Authenticated, Refusal,
    json::StrictJson,
    wire::session::{AuthRequest, AuthView, VerifyView},
};

pub(crate) async fn auth<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    extensions: Extensions,
    headers: HeaderMap,
    StrictJson(asked): StrictJson<AuthRequest>,
) -> Result<Response, Refusal> {
    let address = api.gate.client_of(&headers, &extensions)?;
    let narrowing = asked.narrowing()?;
    let opened = api.accounts.open_session(&asked.client_id, &asked.client_secret, &narrowing, address).await;
    let session = opened.map_err(|error| Refusal::of_exchange(error, api.gate.realm_name()))?;
    Ok(secret(StatusCode::OK, AuthView::new(&session)))
}

pub(crate) async fn verify<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Authenticated(principal): Authenticated<P>,
) -> Result<Response, Refusal> {
    let gone = AuthenticateError::Rejected(Rejection::Unknown);
    let gone = || Problem::of_authentication(&gone, api.gate.realm_name(), Disclose::default());
    Ok(shown(VerifyView::new(&api.accounts, &principal).ok_or_else(gone)?))
}

pub(crate) async fn revoke<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Authenticated(principal): Authenticated<P>,
) -> Result<StatusCode, Refusal> {
    api.accounts.end_session(&principal).await?;
    Ok(StatusCode::NO_CONTENT)
}
