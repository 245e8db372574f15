//! For administrators: the audit trail.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use service_accounts::{
    access::Permission,
    audit::{Action, Label, Query as TrailQuery, Sequence},
    store::Store,
};

use super::{Administrator, Api, PageView, view::EventView};
use crate::{Refusal, body::Query, instant::Instant};

/// Which events to show, newest first; all conditions must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    account: Option<Label>,
    token: Option<Label>,
    action: Option<Action>,
    since: Option<Instant>,
    cursor: Option<i64>,
    limit: Option<usize>,
}

impl From<AuditQuery> for TrailQuery {
    fn from(asked: AuditQuery) -> Self {
        let query = Self::default();
        let query = asked.account.into_iter().fold(query, Self::for_account);
        let query = asked.token.into_iter().fold(query, Self::for_token);
        let query = asked.action.into_iter().fold(query, Self::for_action);
        let query = asked.since.into_iter().fold(query, |query, since| query.since(since.0));
        let query = asked.cursor.into_iter().fold(query, |query, place| query.continue_from(Sequence::new(place)));
        asked.limit.into_iter().fold(query, Self::limit)
    }
}

pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<AuditQuery>,
) -> Result<Response, Refusal> {
    let page = api.accounts.acting(&actor).audit(&asked.into()).await?;
    let items = page.events.iter().map(EventView::from).collect();
    Ok(axum::Json(PageView { items, next_cursor: page.next.map(|place| place.to_string()) }).into_response())
}
