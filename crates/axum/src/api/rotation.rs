//! Tokens are replaced: by administrators, and by themselves.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use service_accounts::{RotatedToken, Served, access::Permission, naming::AccountId, store::Store, token::TokenId};

use super::{Administrator, Api, secret, shown};
use crate::{
    Authenticated, Refusal,
    json::StrictJson,
    links::Links,
    path::Path,
    wire::rotation::{RotateRequest, RotateSelfRequest, RotatedView, RotationView},
};

pub(crate) async fn rotate<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
    links: Links,
    StrictJson(asked): StrictJson<RotateRequest>,
) -> Result<Response, Refusal> {
    let rotated = api.accounts.acting(&actor).token(&id, &token).rotate(&asked.into()).await?;
    Ok((links.sibling(rotated.successor.id.as_str()), answer(&api, &rotated)).into_response())
}

pub(crate) async fn rotate_self<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Authenticated(principal): Authenticated<P>,
    StrictJson(asked): StrictJson<RotateSelfRequest>,
) -> Result<Response, Refusal> {
    let actor = principal.actor();
    let own = api.accounts.acting(&actor).token(principal.id(), principal.token_id());
    Ok(answer(&api, &own.rotate(&asked.into()).await?))
}

/// 201 with a new successor; 200 with the one that the key has already.
fn answer<S: Store + 'static, P: Permission>(api: &Api<S, P>, rotated: &RotatedToken) -> Response {
    let status = match rotated.served {
        Served::Now => StatusCode::CREATED,
        Served::Before => StatusCode::OK,
    };
    secret(status, RotatedView::new(&api.accounts, rotated))
}

pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    Ok(shown(RotationView::of(&api.accounts.acting(&actor).token(&id, &token).rotation().await?)))
}

pub(crate) async fn cancel<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    Ok(shown(RotationView::of(&api.accounts.acting(&actor).token(&id, &token).cancel_rotation().await?)))
}

pub(crate) async fn finish<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    Ok(shown(RotationView::of(&api.accounts.acting(&actor).token(&id, &token).finish_rotation().await?)))
}
