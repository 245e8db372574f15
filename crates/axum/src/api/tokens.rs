//! For administrators: the tokens of an account.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use service_accounts::{NewToken, access::Permission, naming::AccountId, store::Store, token::TokenId};

use super::{Administrator, Api, secret, shown};
use crate::{
    Refusal,
    json::StrictJson,
    links::Links,
    path::Path,
    query::Query,
    wire::{
        insight::{ObservationView, SightingsView},
        page::{PageQuery, PageView},
        sighting::SightingView,
        token::{
            ListedTokenView, MintRequest, MintedView, ShownTokenView, TokenUpdateRequest, TokenView, UpdatedTokenView,
        },
    },
};

/// 201 with `Location` and the text, kept by no cache. A retry meets 409, for the name is taken.
pub(crate) async fn mint<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    links: Links,
    StrictJson(asked): StrictJson<MintRequest>,
) -> Result<Response, Refusal> {
    let asked = NewToken::from(asked);
    let account = api.accounts.acting(&actor).account(&id);
    let minted = account.mint(&asked).await?;
    let view = MintedView::new(&api.accounts, &minted);
    Ok((links.member(minted.token.id.as_str()), secret(StatusCode::CREATED, view)).into_response())
}

/// 200 with a page, each token with its last use and whether it is safe to delete.
pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    Query(asked): Query<PageQuery<TokenId>>,
) -> Result<Response, Refusal> {
    let page = api.accounts.acting(&actor).account(&id).tokens(asked.after(), asked.limit.get()).await?;
    let items = page.items.iter().map(|listed| ListedTokenView::new(&api.accounts, listed)).collect();
    Ok(shown(PageView { items, next_cursor: page.next.map(|id| id.as_str().into()) }))
}

/// 200 with the token, and who gains by its new scopes.
pub(crate) async fn update<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
    StrictJson(asked): StrictJson<TokenUpdateRequest>,
) -> Result<Response, Refusal> {
    let changed = api.accounts.acting(&actor).token(&id, &token).set_scopes(asked.scopes).await?;
    Ok(shown(UpdatedTokenView::new(&api.accounts, &changed)))
}

/// 200 with the token as it is now, also where it was revoked before.
pub(crate) async fn revoke<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    let revoked = api.accounts.acting(&actor).token(&id, &token).revoke().await?;
    Ok(shown(TokenView::new(&api.accounts, &revoked)))
}

/// 204; 409 for one that is not revoked.
pub(crate) async fn delete<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<StatusCode, Refusal> {
    api.accounts.acting(&actor).token(&id, &token).delete().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 200; a revoked token comes with what was seen of it since.
pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    let handle = api.accounts.acting(&actor).token(&id, &token);
    let found = handle.read().await?;
    let observation = match found.token().is_revoked(found.account()) {
        true => Some(ObservationView::from(&handle.observation().await?)),
        false => None,
    };
    Ok(shown(ShownTokenView { token: TokenView::new(&api.accounts, &found), observation }))
}

/// 200 with all rows at once: at most 64 of each kind are kept.
pub(crate) async fn sightings<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    let handle = api.accounts.acting(&actor).token(&id, &token);
    let items = handle.sightings().await?.iter().map(SightingView::from).collect();
    let observation = ObservationView::from(&handle.observation().await?);
    Ok(shown(SightingsView { items, next_cursor: None, observation }))
}
