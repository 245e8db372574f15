//! For administrators: the accounts.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use service_accounts::{NewAccount, access::Permission, naming::AccountId, store::Store};

use super::{Administrator, Api, secret, shown};
use crate::{
    Refusal,
    idempotency::IdempotencyKey,
    json::StrictJson,
    links::Links,
    path::Path,
    query::Query,
    wire::{
        account::{
            AccountQuery, AccountView, ApprovalQuery, CreateRequest, CreatedView, SecretView, UpdateRequest,
            UpdatedView,
        },
        page::PageView,
    },
};

pub(crate) async fn create<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    links: Links,
    IdempotencyKey(request): IdempotencyKey,
    StrictJson(asked): StrictJson<CreateRequest>,
) -> Result<Response, Refusal> {
    let wanted = NewAccount { request, ..asked.into() };
    let created = api.accounts.acting(&actor).create(wanted).await?;
    let location = links.member(created.account.id.as_str());
    Ok((location, secret(StatusCode::CREATED, CreatedView::new(&api.accounts, &created))).into_response())
}

pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<AccountQuery>,
) -> Result<Response, Refusal> {
    let (limit, after) = (asked.limit(), asked.after());
    let filter = asked.filter(api.accounts.every_account());
    let page = api.accounts.acting(&actor).accounts(&filter, after.as_ref(), limit).await?;
    let items = page.items.iter().map(|account| AccountView::new(account)).collect();
    Ok(shown(PageView { items, next_cursor: page.next.as_ref().map(ToString::to_string) }))
}

pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountView::new(&*api.accounts.acting(&actor).account(&id).read().await?)))
}

pub(crate) async fn update<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    StrictJson(asked): StrictJson<UpdateRequest>,
) -> Result<Response, Refusal> {
    let updated = api.accounts.acting(&actor).account(&id).update(asked.into()).await?;
    Ok(shown(UpdatedView::new(&updated)))
}

pub(crate) async fn disable<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountView::new(&*api.accounts.acting(&actor).account(&id).disable().await?)))
}

pub(crate) async fn enable<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(UpdatedView::new(&api.accounts.acting(&actor).account(&id).enable().await?)))
}

pub(crate) async fn approve<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    Query(asked): Query<ApprovalQuery>,
) -> Result<Response, Refusal> {
    let account = api.accounts.acting(&actor).account(&id);
    let seen = match asked.revision() {
        Some(seen) => seen,
        None => account.read().await?.revision,
    };
    Ok(shown(UpdatedView::new(&account.approve(seen).await?)))
}

pub(crate) async fn delete<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<StatusCode, Refusal> {
    api.accounts.acting(&actor).account(&id).delete().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn regenerate_secret<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    let regenerated = api.accounts.acting(&actor).account(&id).regenerate_secret().await?;
    Ok(secret(StatusCode::CREATED, SecretView::new(&id, &regenerated)))
}
