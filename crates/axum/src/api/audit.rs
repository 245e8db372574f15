//! For administrators: the audit trail.
//!
//! The rest of what is made of the trail, such as its file, is in [`trail`](super::trail).

use axum::{extract::State, response::Response};
use service_accounts::{access::Permission, store::Store};

use super::{Administrator, Api, shown};
use crate::{
    Refusal,
    query::Query,
    wire::{
        event::{AuditQuery, EventView},
        page::PageView,
    },
};

/// 200 with a page, the newest event first unless the query asks for the other order. A page may be short and still
/// have a next one.
pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<AuditQuery>,
) -> Result<Response, Refusal> {
    let page = api.accounts.acting(&actor).audit(&asked.into()).await?;
    let items = page.events.iter().map(EventView::from).collect();
    Ok(shown(PageView { items, next_cursor: page.next.map(|place| place.to_string()) }))
}
