//! For administrators: what could be less, and what less would have done.

use axum::{extract::State, response::Response};
use service_accounts::{access::Permission, naming::AccountId, store::Store};

use super::{Administrator, Api, shown};
use crate::{
    Refusal,
    json::JsonOrNothing,
    path::Path,
    wire::insight::{AccountAdviceView, DryRunRequest, DryRunView},
};

/// 200; where nothing was seen, `since` is null and the advice rests on nothing.
pub(crate) async fn advice<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountAdviceView::from(&api.accounts.acting(&actor).account(&id).advice().await?)))
}

/// Answers 200. It is a POST because its question is long; it writes nothing.
pub(crate) async fn dry_run<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    JsonOrNothing(asked): JsonOrNothing<DryRunRequest>,
) -> Result<Response, Refusal> {
    Ok(shown(DryRunView::from(&api.accounts.acting(&actor).account(&id).dry_run(&asked.into()).await?)))
}
