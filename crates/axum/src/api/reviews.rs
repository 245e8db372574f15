//! For reviewers: packs, and what they decide.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use service_accounts::{OpenedReview, access::Permission, store::Store};

use super::{Administrator, Api, shown};
use crate::{
    Refusal,
    accept::preferred,
    json::{JsonOrNothing, StrictJson},
    links::Links,
    path::{Path, ReviewId},
    query::Query,
    wire::{
        page::{PageQuery, PageView},
        review::{AttestRequest, ListedReviewView, ReviewCursor, ReviewRequest, ReviewView},
    },
};

const CSV: &str = "text/csv";
const MARKDOWN: &str = "text/markdown";

/// 201 with `Location`, as JSON, CSV or Markdown by `Accept`. Sent twice it opens two reviews.
pub(crate) async fn open<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    links: Links,
    headers: HeaderMap,
    JsonOrNothing(asked): JsonOrNothing<ReviewRequest>,
) -> Result<Response, Refusal> {
    let limit = asked.limit.get();
    let opened = api.accounts.acting(&actor).reviews().open(asked.into(), limit).await?;
    let location = links.member(opened.pack.id.as_str());
    Ok((StatusCode::CREATED, location, answer(&headers, &opened)).into_response())
}

/// 200 with a page, the latest first, each without its rows.
pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<PageQuery<ReviewCursor>>,
) -> Result<Response, Refusal> {
    let after = asked.after().map(|cursor| &cursor.0);
    let page = api.accounts.acting(&actor).reviews().list(after, asked.limit.get()).await?;
    let items = page.items.iter().map(ListedReviewView::from).collect();
    Ok(shown(PageView { items, next_cursor: page.next.as_ref().map(ToString::to_string) }))
}

/// 200, as JSON, CSV or Markdown by `Accept`; only JSON has the delta.
pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(ReviewId(id)): Path<ReviewId>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(answer(&headers, &api.accounts.acting(&actor).reviews().get(&id).await?))
}

/// 200 with the whole review, in the form that `Accept` asks for.
pub(crate) async fn attest<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(ReviewId(id)): Path<ReviewId>,
    headers: HeaderMap,
    StrictJson(asked): StrictJson<AttestRequest>,
) -> Result<Response, Refusal> {
    let room = api.accounts.acting(&actor).reviews();
    let opened = room.attest(&id, &asked.key, asked.decision.into(), asked.note).await?;
    Ok(answer(&headers, &opened))
}

/// The pack as the request's `Accept` asks for it.
fn answer(headers: &HeaderMap, opened: &OpenedReview) -> Response {
    match preferred(headers, &["application/json", CSV, MARKDOWN]) {
        CSV => text("text/csv; charset=utf-8", opened.pack.rows.to_csv()),
        MARKDOWN => text("text/markdown; charset=utf-8", opened.pack.rows.to_markdown()),
        _ => shown(ReviewView::from(opened)),
    }
}

/// The charset is named, because a browser would otherwise guess it.
fn text(media_type: &'static str, text: String) -> Response {
    let content_type: [(HeaderName, HeaderValue); 1] = [(CONTENT_TYPE, HeaderValue::from_static(media_type))];
    (content_type, text).into_response()
}
