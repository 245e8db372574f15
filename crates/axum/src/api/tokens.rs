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
        page::{PageQuery, PageView},
        token::{ListedTokenView, MintRequest, MintedView, TokenUpdateRequest, TokenView},
    },
};

pub(crate) async fn mint<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    links: Links,
    StrictJson(asked): StrictJson<MintRequest>,
) -> Result<Response, Refusal> {
    let asked = NewToken::from(asked);
    let minted = api.accounts.mint_token(&actor, &id, &asked).await?;
    let view = MintedView::new(&api.accounts, &minted, &api.accounts.advise_token_name(&asked.name));
    Ok((links.member(minted.token.id.as_str()), secret(StatusCode::CREATED, view)).into_response())
}

pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    Query(asked): Query<PageQuery<TokenId>>,
) -> Result<Response, Refusal> {
    let page = api.accounts.tokens(&actor, &id, asked.after(), asked.limit.get()).await?;
    let items = page.items.iter().map(|listed| ListedTokenView::new(&api.accounts, listed)).collect();
    Ok(shown(PageView { items, next_cursor: page.next.map(|id| id.as_str().into()) }))
}

pub(crate) async fn update<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
    StrictJson(asked): StrictJson<TokenUpdateRequest>,
) -> Result<Response, Refusal> {
    let changed = api.accounts.set_token_scopes(&actor, &id, &token, asked.scopes).await?;
    Ok(shown(TokenView::new(&api.accounts, changed.token())))
}

pub(crate) async fn revoke<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<Response, Refusal> {
    let revoked = api.accounts.revoke_token(&actor, &id, &token).await?;
    Ok(shown(TokenView::new(&api.accounts, revoked.token())))
}

pub(crate) async fn delete<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
) -> Result<StatusCode, Refusal> {
    api.accounts.delete_token(&actor, &id, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}
