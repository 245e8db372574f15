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

/// 201 with `Location`, kept by no cache, for it has the secrets. Under an `Idempotency-Key` a retry gets the same
/// account, and new secrets while none was used.
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

/// 200 with a page. The filters of the query are asked together; the realm is the host's own, whatever is sent.
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

/// Answers 200. Its `email` is made of the id and leads nowhere; the address of an import is its `contact_email`.
pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountView::new(&*api.accounts.acting(&actor).account(&id).read().await?)))
}

/// 200 with the account as it was written, who gains by it, and warnings. A field that is left out stays.
pub(crate) async fn update<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    StrictJson(asked): StrictJson<UpdateRequest>,
) -> Result<Response, Refusal> {
    let updated = api.accounts.acting(&actor).account(&id).update(asked.into()).await?;
    Ok(shown(UpdatedView::new(&updated)))
}

/// 200, also where it is disabled already.
pub(crate) async fn disable<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountView::new(&*api.accounts.acting(&actor).account(&id).disable().await?)))
}

/// 200 with the account, and who gains by its credentials working again.
pub(crate) async fn enable<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(UpdatedView::new(&api.accounts.acting(&actor).account(&id).enable().await?)))
}

/// Answers 200. Without a `revision` in the query the account is approved as it stands now, so a client that shows it to a
///      person sends the revision that it has shown.
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

/// Answers 204. A second deletion is 404: the account is gone.
pub(crate) async fn delete<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<StatusCode, Refusal> {
    api.accounts.acting(&actor).account(&id).delete().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 201, kept by no cache. There is no key for a retry: each call makes another secret and ends the one before.
pub(crate) async fn regenerate_secret<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    let regenerated = api.accounts.acting(&actor).account(&id).regenerate_secret().await?;
    Ok(secret(StatusCode::CREATED, SecretView::new(&id, &regenerated)))
}
