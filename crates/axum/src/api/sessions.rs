//! For administrators: the open sessions of an account.

use axum::{extract::State, response::Response};
use http::StatusCode;
use service_accounts::{access::Permission, naming::AccountId, store::Store, token::TokenId};

use super::{Administrator, Api, shown};
use crate::{
    Refusal,
    path::{Path, SessionId},
    query::Query,
    wire::{
        page::{PageQuery, PageView},
        session::SessionView,
    },
};

/// 200 with a page; sessions that have ended are in it until upkeep removes them.
pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    Query(asked): Query<PageQuery<TokenId>>,
) -> Result<Response, Refusal> {
    let page = api.accounts.acting(&actor).account(&id).sessions(asked.after(), asked.limit.get()).await?;
    let items = page.items.iter().map(|listed| SessionView::new(&api.accounts, listed)).collect();
    Ok(shown(PageView { items, next_cursor: page.next.map(|id| id.as_str().into()) }))
}

/// 204, also where it is revoked already.
pub(crate) async fn revoke<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, SessionId(session))): Path<(AccountId, SessionId)>,
) -> Result<StatusCode, Refusal> {
    api.accounts.acting(&actor).account(&id).revoke_session(&session).await?;
    Ok(StatusCode::NO_CONTENT)
}
