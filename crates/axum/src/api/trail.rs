//! For administrators: what is made of the trail.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::{HeaderName, HeaderValue, header::CONTENT_TYPE};
use service_accounts::{Actor, Error, ServiceAccounts, TrailExport, access::Permission, store::Store};

use super::{Administrator, Api, shown};
use crate::{
    Refusal,
    path::{Path, Place},
    query::Query,
    wire::{
        page::{PageQuery, PageView},
        trail::{AlertQuery, AlertView, ExportQuery, InclusionView, SealView, TrailCursor},
    },
};

/// 200 with a page in the order of time.
pub(crate) async fn alerts<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<AlertQuery>,
) -> Result<Response, Refusal> {
    let trail = api.accounts.acting(&actor).trail();
    let page = trail.alerts(asked.since(), asked.after(), asked.limit.get()).await?;
    let items = page.items.iter().map(AlertView::from).collect();
    Ok(shown(PageView { items, next_cursor: page.next.as_ref().map(ToString::to_string) }))
}

/// 200 with a page, the oldest seal first.
pub(crate) async fn seals<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<PageQuery<TrailCursor>>,
) -> Result<Response, Refusal> {
    let after = asked.after().map(|cursor| &cursor.0);
    let page = api.accounts.acting(&actor).trail().seals(after, asked.limit.get()).await?;
    let items = page.items.iter().map(SealView::from).collect();
    Ok(shown(PageView { items, next_cursor: page.next.as_ref().map(ToString::to_string) }))
}

/// 200 with the event, its seal and the digests between; 404 where it is not sealed yet.
pub(crate) async fn proof<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(Place(event)): Path<Place>,
) -> Result<Response, Refusal> {
    Ok(shown(InclusionView(api.accounts.acting(&actor).trail().inclusion(event).await?)))
}

/// 200, sent part by part as it is read. What goes wrong after the first byte cannot be a status any more: the answer
/// breaks off, and a verifier finds no end.
pub(crate) async fn export<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<ExportQuery>,
) -> Result<Response, Refusal> {
    let media_type: [(HeaderName, HeaderValue); 1] = [(CONTENT_TYPE, HeaderValue::from_static(asked.media_type()))];
    let export = api.accounts.acting(&actor).trail().export(asked.form()).await?;
    let file = File { accounts: api.accounts, actor, export };
    Ok((media_type, Body::from_stream(stream::try_unfold(file, File::next))).into_response())
}

/// A file under way. A failure breaks the answer off, so that nobody takes half a file for a whole one.
struct File<S, P: Permission> {
    accounts: ServiceAccounts<S, P>,
    actor: Actor<P>,
    export: TrailExport,
}

impl<S: Store + 'static, P: Permission> File<S, P> {
    /// Whether the actor may is asked for each part, by the catalogue of that moment.
    async fn next(mut self) -> Result<Option<(String, Self)>, Error> {
        let part = self.accounts.acting(&self.actor).trail().next_part(&mut self.export).await?;
        Ok(part.map(|part| (part, self)))
    }
}
