//! Tokens are replaced: by administrators, and by themselves.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use service_accounts::{
    RotatedToken, Served,
    access::Permission,
    naming::AccountId,
    store::Store,
    token::{Kind, TokenId},
};

use super::{Administrator, Api, secret, shown};
use crate::{
    Authenticated, Refusal,
    json::StrictJson,
    links::Links,
    path::Path,
    wire::rotation::{RotateRequest, RotateSelfRequest, RotatedView, RotationView},
};

/// 201 or 200, kept by no cache, with the successor's place in `Location`. The key is in the body: the same key again
/// finds the same successor.
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

/// As [`rotate`], for the credential that the request came with: it needs no right to administrate, and names no token
/// in its path. 409 for a session, which is opened anew instead.
pub(crate) async fn rotate_self<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Authenticated(principal): Authenticated<P>,
    StrictJson(asked): StrictJson<RotateSelfRequest>,
) -> Result<Response, Refusal> {
    if principal.token().is_some_and(|token| token.class.kind() == Kind::Session) {
        return Err(Refusal::not_a_token());
    }
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

/// 200 with each step, who did it and when; 404 where the token was never rotated.
pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    let rotation = api.accounts.acting(&actor).token(&id, &token).rotation().await?;
    Ok(shown(RotationView::of(&rotation, api.accounts.now())))
}

/// 200; 409 once the new token has been used or the old one has ended.
pub(crate) async fn cancel<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    let rotation = api.accounts.acting(&actor).token(&id, &token).cancel_rotation().await?;
    Ok(shown(RotationView::of(&rotation, api.accounts.now())))
}

/// 200, also where the old token is revoked already.
pub(crate) async fn finish<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    let rotation = api.accounts.acting(&actor).token(&id, &token).finish_rotation().await?;
    Ok(shown(RotationView::of(&rotation, api.accounts.now())))
}
