//! For administrators: many accounts from one file.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use service_accounts::{ImportFile, access::Permission, store::Store};

use super::{Administrator, Api, secret, shown};
use crate::{
    Refusal,
    accept::preferred,
    json::{check_media_type, collect},
    query::Query,
    wire::import::{ImportPreviewView, ImportQuery, ImportedView},
};

const CSV: &str = "text/csv";

/// Without `confirm` in the query 200 with the preview, which writes nothing; with the preview's digest 201 with every
/// secret, kept by no cache, as JSON or as CSV by `Accept`. The body is CSV and is held whole, so it is bounded.
pub(crate) async fn import<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<ImportQuery>,
    request: Request,
) -> Result<Response, Refusal> {
    check_media_type(request.headers(), CSV)?;
    let wants_csv = preferred(request.headers(), &["application/json", CSV]) == CSV;
    let csv = collect(request.into_body(), ImportFile::MAX_BYTES).await?;
    let (confirm, options) = asked.split(api.accounts.lifecycle())?;
    let (file, acting) = (ImportFile { csv: &csv, options }, api.accounts.acting(&actor));
    let Some(digest) = confirm else {
        return Ok(shown(ImportPreviewView::from(&acting.preview_import(&file).await?)));
    };
    let imported = acting.confirm_import(&file, &digest).await?;
    Ok(if wants_csv { table(imported.to_csv()) } else { secret(StatusCode::CREATED, ImportedView::from(&imported)) })
}

/// A table with secrets, which nothing on the way may keep.
fn table(csv: String) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
    ];
    (StatusCode::CREATED, headers, csv).into_response()
}
