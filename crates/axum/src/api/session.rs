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

/// 200, kept by no cache: the session is a new thing with no address of its own, so there is no `Location`. 401 has the
/// code that the client may know (`INVALID_CREDENTIALS` and three others).
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

/// Answers 200. A credential that was deleted since it came in is refused like one that never was.
pub(crate) async fn verify<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Authenticated(principal): Authenticated<P>,
) -> Result<Response, Refusal> {
    let gone = AuthenticateError::Rejected(Rejection::Unknown);
    let gone = || Problem::of_authentication(&gone, api.gate.realm_name(), Disclose::default());
    Ok(shown(VerifyView::new(&api.accounts, &principal).ok_or_else(gone)?))
}

/// 204; 409 for a token, which only an administrator ends. Sent again it is 401: the session lets nobody in any more.
pub(crate) async fn revoke<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Authenticated(principal): Authenticated<P>,
) -> Result<StatusCode, Refusal> {
    api.accounts.end_session(&principal).await?;
    Ok(StatusCode::NO_CONTENT)
}
