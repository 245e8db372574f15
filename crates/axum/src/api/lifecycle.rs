//! For administrators: what is due, what is coming, and what another policy would change.

use axum::{extract::State, response::Response};
use serde::Serialize;
use service_accounts::{
    access::Permission,
    naming::AccountId,
    store::{Paged, Store},
};

use super::{Administrator, Api, shown};
use crate::{
    Refusal,
    json::StrictJson,
    query::Query,
    wire::{
        page::PageView,
        plan::{ComingView, DiffRequest, DifferenceView, ForecastQuery, PlanQuery, TaskView},
    },
};

/// 200 with a page: `limit` counts accounts, and an item is a task.
pub(crate) async fn plan<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<PlanQuery>,
) -> Result<Response, Refusal> {
    let (after, limit) = asked.page();
    Ok(page::<_, TaskView>(&api.accounts.acting(&actor).plan(after, limit).await?))
}

/// 200 with a page. Without `days` it looks as far ahead as makes an unused token idle.
pub(crate) async fn forecast<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<ForecastQuery>,
) -> Result<Response, Refusal> {
    let (after, limit) = asked.page();
    let horizon = asked.days.map_or_else(|| api.accounts.lifecycle().idle_after(), |days| days.0);
    Ok(page::<_, ComingView>(&api.accounts.acting(&actor).forecast(horizon, after, limit).await?))
}

/// 200 with a page. The policy in the body is compared with the host's and kept nowhere; an environment that the host's
/// does not know is refused, for no token is in it.
pub(crate) async fn diff<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<PlanQuery>,
    StrictJson(change): StrictJson<DiffRequest>,
) -> Result<Response, Refusal> {
    let (after, limit) = asked.page();
    let policy = change.applied_to(api.accounts.lifecycle().clone())?;
    Ok(page::<_, DifferenceView>(&api.accounts.acting(&actor).compare_policy(&policy, after, limit).await?))
}

/// A page that tells of so many accounts, whatever the number of its items.
///
/// The cursor is the id of the last account that was looked at.
fn page<'p, T, V: From<&'p T> + Serialize>(page: &'p Paged<T, AccountId>) -> Response {
    let items = page.items.iter().map(V::from).collect();
    shown(PageView { items, next_cursor: page.next.as_ref().map(ToString::to_string) })
}
