//! For administrators: the accounts.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use service_accounts::{access::Permission, naming::AccountId, store::Store};

use super::{Administrator, Api, secret, shown};
use crate::{
    Refusal,
    json::StrictJson,
    links::Links,
    path::Path,
    query::Query,
    wire::{
        account::{AccountView, CreateRequest, CreatedView, SecretView, UpdateRequest},
        page::{PageQuery, PageView},
        token::{AdviceView, MintedView},
    },
};

pub(crate) async fn create<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    links: Links,
    StrictJson(asked): StrictJson<CreateRequest>,
) -> Result<Response, Refusal> {
    let created = api.accounts.create_account(&actor, asked.into()).await?;
    let id = &created.account.id;
    let view = CreatedView {
        account: AccountView::new(&created.account),
        client_id: id,
        client_secret: created.client_secret.expose(),
        first_token: created.first_token.as_ref().map(|minted| MintedView::new(&api.accounts, minted, &[])),
        advice: created.advice.iter().map(AdviceView::from).collect(),
    };
    Ok((links.member(id.as_str()), secret(StatusCode::CREATED, view)).into_response())
}

pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<PageQuery<AccountId>>,
) -> Result<Response, Refusal> {
    let page = api.accounts.accounts(&actor, asked.after(), asked.limit.get()).await?;
    let items = page.items.iter().map(|account| AccountView::new(account)).collect();
    Ok(shown(PageView { items, next_cursor: page.next.as_ref().map(ToString::to_string) }))
}

pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountView::new(&*api.accounts.account(&actor, &id).await?)))
}

pub(crate) async fn update<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    StrictJson(asked): StrictJson<UpdateRequest>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountView::new(&*api.accounts.update_account(&actor, &id, asked.into()).await?)))
}

pub(crate) async fn disable<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountView::new(&*api.accounts.disable_account(&actor, &id).await?)))
}

pub(crate) async fn enable<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountView::new(&*api.accounts.enable_account(&actor, &id).await?)))
}

pub(crate) async fn approve<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountView::new(&*api.accounts.approve_account(&actor, &id).await?)))
}

pub(crate) async fn delete<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<StatusCode, Refusal> {
    api.accounts.delete_account(&actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn regenerate_secret<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    let regenerated = api.accounts.regenerate_client_secret(&actor, &id).await?;
    let view = SecretView { client_id: &id, client_secret: regenerated.expose() };
    Ok(secret(StatusCode::CREATED, view))
}
