//! For administrators: what accounts are told.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use service_accounts::{SubscriptionId, access::Permission, audit::Sequence, naming::AccountId, store::Store};

use super::{Administrator, Api, secret, shown};
use crate::{
    Refusal,
    json::StrictJson,
    links::Links,
    path::Path,
    query::Query,
    wire::{
        page::{PageQuery, PageView},
        subscription::{
            CreatedSubscriptionView, DeliveryView, ReplayRequest, SigningSecretView, SubscribeRequest, SubscriptionView,
        },
    },
};

/// 200 with a page, disabled ones included.
pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    Query(asked): Query<PageQuery<SubscriptionId>>,
) -> Result<Response, Refusal> {
    let page = api.accounts.acting(&actor).subscriptions(&id).list(asked.after(), asked.limit.get()).await?;
    let items = page.items.iter().map(SubscriptionView::new).collect();
    Ok(shown(PageView { items, next_cursor: page.next.map(|id| id.as_str().into()) }))
}

/// 201 with `Location` and the signing secret, kept by no cache. Sent twice it subscribes twice.
pub(crate) async fn create<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    links: Links,
    StrictJson(asked): StrictJson<SubscribeRequest>,
) -> Result<Response, Refusal> {
    let created = api.accounts.acting(&actor).subscriptions(&id).create(asked.into()).await?;
    let location = links.member(created.subscription.id.as_str());
    Ok((location, secret(StatusCode::CREATED, CreatedSubscriptionView::new(&created))).into_response())
}

/// 200, without the secret.
pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, subscription)): Path<(AccountId, SubscriptionId)>,
) -> Result<Response, Refusal> {
    let found = api.accounts.acting(&actor).subscriptions(&id).get(&subscription).await?;
    Ok(shown(SubscriptionView::new(&found)))
}

/// 204; a message that is on its way may still arrive.
pub(crate) async fn delete<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, subscription)): Path<(AccountId, SubscriptionId)>,
) -> Result<StatusCode, Refusal> {
    api.accounts.acting(&actor).subscriptions(&id).remove(&subscription).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 204: the message is in the trail, and a deliverer sends it.
pub(crate) async fn test<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, subscription)): Path<(AccountId, SubscriptionId)>,
) -> Result<StatusCode, Refusal> {
    api.accounts.acting(&actor).subscriptions(&id).test(&subscription).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 200 with a page that has no next one: twenty are remembered.
pub(crate) async fn deliveries<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, subscription)): Path<(AccountId, SubscriptionId)>,
) -> Result<Response, Refusal> {
    let deliveries = api.accounts.acting(&actor).subscriptions(&id).deliveries(&subscription).await?;
    Ok(shown(PageView { items: deliveries.iter().map(DeliveryView::new).collect(), next_cursor: None }))
}

/// 201 with the new secret, kept by no cache. Each call makes another one.
pub(crate) async fn rotate_secret<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, subscription)): Path<(AccountId, SubscriptionId)>,
) -> Result<Response, Refusal> {
    let new = api.accounts.acting(&actor).subscriptions(&id).rotate_secret(&subscription).await?;
    Ok(secret(StatusCode::CREATED, SigningSecretView { secret: new.expose() }))
}

/// 200, also where it is enabled already.
pub(crate) async fn enable<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, subscription)): Path<(AccountId, SubscriptionId)>,
) -> Result<Response, Refusal> {
    let enabled = api.accounts.acting(&actor).subscriptions(&id).enable(&subscription).await?;
    Ok(shown(SubscriptionView::new(&enabled)))
}

/// Answers 200. What the trail no longer holds is not told again.
pub(crate) async fn replay<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, subscription)): Path<(AccountId, SubscriptionId)>,
    StrictJson(asked): StrictJson<ReplayRequest>,
) -> Result<Response, Refusal> {
    if asked.from < 1 {
        return Err(Refusal::validation("from", "expected the place of an event, 1 or more"));
    }
    let from = Sequence::new(asked.from);
    let replayed = api.accounts.acting(&actor).subscriptions(&id).replay(&subscription, from).await?;
    Ok(shown(SubscriptionView::new(&replayed)))
}
