//! For administrators: which peppers are in use.

use axum::{extract::State, response::Response};
use service_accounts::{access::Permission, store::Store};

use super::{Administrator, Api, shown};
use crate::{Refusal, wire::pepper::PepperView};

/// 200 with a list, not a page: a process has a handful of peppers.
pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
) -> Result<Response, Refusal> {
    let census = api.accounts.acting(&actor).peppers().await?;
    Ok(shown(census.iter().map(PepperView::from).collect::<Vec<_>>()))
}
