//! For administrators: containment, incidents and leaks.

use axum::{extract::State, response::Response};
use http::StatusCode;
use service_accounts::{
    access::Permission,
    naming::AccountId,
    store::{DocumentId, Store},
    token::TokenId,
};

use super::{Administrator, Api, secret, shown};
use crate::{
    Refusal,
    json::StrictJson,
    path::Path,
    query::Query,
    wire::{
        incident::{
            ContainRequest, ContainedAccountView, ContainedTokenView, IncidentId, IncidentView, LeakReportView,
            LeakRequest, NoteRequest,
        },
        page::{PageQuery, PageView},
    },
};

/// 201 with the incident, and with a new client secret where `successor` asks for one; kept by no cache. Sent again it
/// adds its reason to that incident as a note, unless something else has happened to the account since.
pub(crate) async fn contain_account<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    StrictJson(asked): StrictJson<ContainRequest>,
) -> Result<Response, Refusal> {
    let account = api.accounts.acting(&actor).account(&id);
    let (incident, client_secret) = if asked.successor {
        let contained = account.contain_with_new_secret(asked.reason).await?;
        (contained.incident, Some(contained.client_secret))
    } else {
        (account.contain(asked.reason).await?, None)
    };
    Ok(secret(StatusCode::CREATED, ContainedAccountView::new(&incident, client_secret.as_ref())))
}

/// 201 with the incident, and with the successor's text where one was asked for; kept by no cache.
pub(crate) async fn contain_token<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(AccountId, TokenId)>,
    StrictJson(asked): StrictJson<ContainRequest>,
) -> Result<Response, Refusal> {
    let successor = asked.successor();
    let contained = api.accounts.acting(&actor).token(&id, &token).contain(asked.reason, successor).await?;
    Ok(secret(StatusCode::CREATED, ContainedTokenView::new(&api.accounts, &contained)))
}

/// 200 with a page in the order of their opening.
pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<PageQuery<IncidentId>>,
) -> Result<Response, Refusal> {
    let page = api.accounts.acting(&actor).incidents(asked.after().map(|after| &after.0), asked.limit.get()).await?;
    let items = page.items.iter().map(IncidentView::from).collect();
    Ok(shown(PageView { items, next_cursor: page.next.as_ref().map(ToString::to_string) }))
}

/// 200; 404 also for an incident of another realm.
pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<DocumentId>,
) -> Result<Response, Refusal> {
    Ok(shown(IncidentView::from(&api.accounts.acting(&actor).incident(&id).await?)))
}

/// 200 with the incident and all its notes. Sent twice it stands there twice.
pub(crate) async fn note<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<DocumentId>,
    StrictJson(asked): StrictJson<NoteRequest>,
) -> Result<Response, Refusal> {
    Ok(shown(IncidentView::from(&api.accounts.acting(&actor).note_incident(&id, asked.text).await?)))
}

/// 200 with what was found. The text comes in the body and never in a URL, and nothing of it is in the answer.
pub(crate) async fn report_leak<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    StrictJson(asked): StrictJson<LeakRequest>,
) -> Result<Response, Refusal> {
    Ok(shown(LeakReportView::from(&api.accounts.acting(&actor).report_leak(&asked.text).await?)))
}
