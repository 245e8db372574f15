//! For administrators: the tokens of an account.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::LOCATION};
use serde::{Deserialize, Serialize};
use service_accounts::{
    MintedToken, NewToken, ServiceAccounts,
    access::{Permission, Scopes},
    lifecycle::Environment,
    naming::{NameAdvice, TokenName},
    store::Store,
    token::TokenId,
};
use time::Duration;

use super::{
    Administrator, Api, NO_STORE, PageQuery, PageView, account_id,
    accounts::inherited,
    token_id,
    view::{ListedTokenView, TokenView},
};
use crate::{
    Refusal,
    body::{Path, Query, StrictJson},
};

/// A token to mint. Scopes that are left out are the account's; an empty list is no access at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MintRequest {
    name: TokenName,
    #[serde(default = "inherited")]
    scopes: Scopes,
    #[serde(default)]
    expires_in_days: Option<u32>,
    #[serde(default)]
    environment: Option<Environment>,
}

impl From<MintRequest> for NewToken {
    fn from(asked: MintRequest) -> Self {
        Self {
            scopes: asked.scopes,
            lifetime: asked.expires_in_days.map(|days| Duration::days(days.into())),
            environment: asked.environment,
            ..Self::new(asked.name)
        }
    }
}

/// A new token: its record, and the one sight of its text.
#[derive(Serialize)]
pub(crate) struct MintedView<'a> {
    token: &'a str,
    #[serde(flatten)]
    record: TokenView,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    advice: Vec<NameAdvice>,
}

impl<'a> MintedView<'a> {
    pub(crate) fn new<S: Store, P: Permission>(
        accounts: &ServiceAccounts<S, P>,
        minted: &'a MintedToken,
        advice: Vec<NameAdvice>,
    ) -> Self {
        Self { token: minted.secret.expose(), record: TokenView::new(accounts, &minted.token), advice }
    }
}

pub(crate) async fn mint<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<String>,
    StrictJson(asked): StrictJson<MintRequest>,
) -> Result<Response, Refusal> {
    let (id, asked) = (account_id(&id)?, NewToken::from(asked));
    let minted = api.accounts.acting(&actor).account(&id).mint(&asked).await?;
    let view = MintedView::new(&api.accounts, &minted, api.accounts.advise_token_name(&asked.name));
    let location = [(LOCATION, format!("/api/v1/service-accounts/{id}/tokens/{}", minted.token.id.as_str()))];
    Ok((StatusCode::CREATED, NO_STORE, location, axum::Json(view)).into_response())
}

pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<String>,
    Query(asked): Query<PageQuery>,
) -> Result<Response, Refusal> {
    let after = asked.cursor(TokenId::parse)?;
    let page = api.accounts.acting(&actor).account(&account_id(&id)?).tokens(after.as_ref(), asked.limit()).await?;
    let items = page.items.iter().map(|listed| ListedTokenView::new(&api.accounts, listed)).collect();
    Ok(axum::Json(PageView { items, next_cursor: page.next.map(|id| id.as_str().into()) }).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateRequest {
    scopes: Scopes,
}

pub(crate) async fn update<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(String, String)>,
    StrictJson(asked): StrictJson<UpdateRequest>,
) -> Result<Response, Refusal> {
    let (id, token) = (account_id(&id)?, token_id(&token)?);
    let changed = api.accounts.acting(&actor).token(&id, &token).set_scopes(asked.scopes).await?;
    Ok(axum::Json(TokenView::new(&api.accounts, changed.token())).into_response())
}

pub(crate) async fn revoke<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (id, token) = (account_id(&id)?, token_id(&token)?);
    let revoked = api.accounts.acting(&actor).token(&id, &token).revoke().await?;
    Ok(axum::Json(TokenView::new(&api.accounts, revoked.token())).into_response())
}

pub(crate) async fn delete<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path((id, token)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    api.accounts.acting(&actor).token(&account_id(&id)?, &token_id(&token)?).delete().await?;
    Ok(StatusCode::NO_CONTENT)
}
