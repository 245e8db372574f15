//! For administrators: governance policies.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use service_accounts::{Error, access::Permission, naming::AccountId, store::Store};

use super::{Administrator, Api, shown};
use crate::{
    Refusal,
    json::StrictJson,
    links::Links,
    path::{Path, PolicyName},
    query::Query,
    wire::{
        page::{PageQuery, PageView},
        policy::{
            ObjectionView, PolicyContentRequest, PolicyRequest, PolicyView, ReachRequest, TrialRequest, TrialView,
            VersionQuery,
        },
    },
};

/// 200 with a page, the cursor being the last name.
pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<PageQuery<String>>,
) -> Result<Response, Refusal> {
    let after = asked.after().map(String::as_str);
    let page = api.accounts.acting(&actor).policies().list(after, asked.limit.get()).await?;
    let items = page.items.iter().map(PolicyView::from).collect();
    Ok(shown(PageView { items, next_cursor: page.next }))
}

/// 201 with `Location`; 409 where the name is taken.
pub(crate) async fn create<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    links: Links,
    StrictJson(asked): StrictJson<PolicyRequest>,
) -> Result<Response, Refusal> {
    let policy = asked.read()?;
    let kept = api.accounts.acting(&actor).policies().put(&policy, None).await?;
    Ok((StatusCode::CREATED, links.member(&policy.name), axum::Json(PolicyView::from(&kept))).into_response())
}

/// 200, with the version that a change has to name.
pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(PolicyName(name)): Path<PolicyName>,
) -> Result<Response, Refusal> {
    Ok(shown(PolicyView::from(&api.accounts.acting(&actor).policies().get(&name).await?)))
}

/// Answers 200. The version that was read comes in the query, and 409 says that the policy is at another by now; without one in the
/// query the state of this moment is replaced.
pub(crate) async fn replace<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(PolicyName(name)): Path<PolicyName>,
    Query(asked): Query<VersionQuery>,
    StrictJson(content): StrictJson<PolicyContentRequest>,
) -> Result<Response, Refusal> {
    let room = api.accounts.acting(&actor).policies();
    let policy = content.read(name)?;
    let expected = match asked.version() {
        Some(version) => version,
        None => room.get(&policy.name).await?.version,
    };
    Ok(shown(PolicyView::from(&room.put(&policy, Some(expected)).await?)))
}

/// 204, under the version that was read; without one in the query, whatever stands now.
pub(crate) async fn delete<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(PolicyName(name)): Path<PolicyName>,
    Query(asked): Query<VersionQuery>,
) -> Result<StatusCode, Refusal> {
    let room = api.accounts.acting(&actor).policies();
    let expected = match asked.version() {
        Some(version) => version,
        None => room.get(&name).await?.version,
    };
    room.remove(&name, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 200 whatever the outcome: an objection is an answer here, not a refusal.
pub(crate) async fn validate<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    StrictJson(asked): StrictJson<TrialRequest>,
) -> Result<Response, Refusal> {
    let policy = asked.policy.read().map_err(|refusal| refusal.inside("policy"))?;
    let trial = api.accounts.acting(&actor).policies().validate(&policy, &asked.request).await;
    Ok(shown(TrialView::from(&trial.map_err(inside_policy)?)))
}

/// 200 with a page of what the policy objects to; `limit` counts accounts.
pub(crate) async fn validate_existing<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<PageQuery<AccountId>>,
    StrictJson(body): StrictJson<ReachRequest>,
) -> Result<Response, Refusal> {
    let policy = body.policy.read().map_err(|refusal| refusal.inside("policy"))?;
    let room = api.accounts.acting(&actor).policies();
    let page = room.validate_existing(&policy, asked.after(), asked.limit.get()).await.map_err(inside_policy)?;
    let items = page.items.iter().map(ObjectionView::from).collect();
    Ok(shown(PageView { items, next_cursor: page.next.as_ref().map(ToString::to_string) }))
}

/// A policy that is tried stands in the field `policy` of the body.
fn inside_policy(error: Error) -> Refusal {
    Refusal::from(error).inside("policy")
}

/// What a hard rule has refused, with every finding.
pub(crate) fn blocked(error: &Error) -> serde_json::Value {
    match error {
        Error::PolicyBlocked { findings } => serde_json::json!(crate::wire::policy::findings(findings)),
        _ => serde_json::Value::Null,
    }
}
