//! `GET /healthz`: whether the service can do its work.

use std::time::Duration;

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Value, json};
use service_accounts_axum::{Refusal, method_not_allowed, tower::Problem};
use tokio::time::timeout;

use crate::{Accounts, bootstrap};

/// Who asks often gets an answer or none by then.
const DEADLINE: Duration = Duration::from_secs(2);

/// 200 when the store answers, 503 when it does not. It needs no credential and tells nothing else.
pub(crate) fn router(accounts: Accounts) -> Router {
    Router::new().route("/healthz", get(answer)).method_not_allowed_fallback(method_not_allowed).with_state(accounts)
}

async fn answer(State(accounts): State<Accounts>) -> Result<Json<Value>, Refusal> {
    match timeout(DEADLINE, bootstrap::has_store(&accounts)).await {
        Ok(true) => Ok(Json(json!({"status": "ok"}))),
        _ => Err(Problem::unavailable().into()),
    }
}
