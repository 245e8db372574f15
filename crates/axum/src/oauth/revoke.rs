//! `POST /oauth2/revoke`: a token is given back (RFC 7009).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use service_accounts::{access::Permission, store::Store};
use service_accounts_oauth::{Form, RevocationRequest};

use super::{
    Desk,
    answer::{NO_STORE, Refused, of_error},
    incoming::Incoming,
};

/// 200 also for a token that is unknown, revoked already or somebody else's (§2.2): the answer tells nothing of it.
pub(crate) async fn revoke<S: Store + 'static, P: Permission>(
    State(desk): State<Desk<S, P>>,
    incoming: Incoming<Form>,
) -> Result<Response, Refused> {
    let request = RevocationRequest::read(incoming.authorization(), &incoming.body);
    let request = request.map_err(|error| desk.refuse(error))?;
    let actor = desk.verify(&request.caller, incoming.address).await?;
    let revoked = desk.accounts.revoke_presented(&actor, request.token.expose()).await;
    revoked.map_err(|error| desk.refuse(of_error(&error)))?;
    // The standard has clients ignore the body; some insist that it is JSON.
    Ok((NO_STORE, Json(serde_json::json!({}))).into_response())
}
