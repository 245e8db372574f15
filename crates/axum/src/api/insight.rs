//! For administrators: what could be less, and what less would have done.

use axum::{extract::State, response::Response};
use service_accounts::{access::Permission, naming::AccountId, store::Store};

use super::{Administrator, Api, shown};
use crate::{
    Refusal,
    json::StrictJson,
    path::Path,
    wire::insight::{AccountAdviceView, DryRunRequest, DryRunView},
};

pub(crate) async fn advice<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
) -> Result<Response, Refusal> {
    Ok(shown(AccountAdviceView::from(&api.accounts.acting(&actor).account(&id).advice().await?)))
}

pub(crate) async fn dry_run<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<AccountId>,
    StrictJson(asked): StrictJson<DryRunRequest>,
) -> Result<Response, Refusal> {
    Ok(shown(DryRunView::from(&api.accounts.acting(&actor).account(&id).dry_run(&asked.into()).await?)))
}
