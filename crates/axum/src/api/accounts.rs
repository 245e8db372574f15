//! For administrators: the accounts.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::LOCATION};
use serde::{Deserialize, Deserializer, Serialize};
use service_accounts::{
    AccountUpdate, Expiry, NewAccount,
    access::{Allowlist, Permission, RoleName, Scopes, Teams},
    lifecycle::Environment,
    naming::{AccountId, DisplayName, NameAdvice},
    store::{Account, Justification, Owner, Purpose, Store, SystemName},
};

use super::{
    Administrator, Api, NO_STORE, PageQuery, PageView, account_id,
    tokens::{MintRequest, MintedView},
    view::AccountView,
};
use crate::{
    Refusal,
    body::{Path, Query, StrictJson},
    instant::Instant,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRequest {
    name: DisplayName,
    purpose: Purpose,
    owner: Owner,
    environment: Environment,
    #[serde(default)]
    role: Option<RoleName>,
    #[serde(default = "inherited")]
    scopes: Scopes,
    #[serde(default)]
    teams: Teams,
    #[serde(default)]
    ip_allowlist: Allowlist,
    #[serde(default)]
    expires_at: Option<Instant>,
    #[serde(default)]
    justification: Option<Justification>,
    #[serde(default)]
    systems: Vec<SystemName>,
    #[serde(default)]
    first_token: Option<MintRequest>,
}

pub(crate) const fn inherited() -> Scopes {
    Scopes::Inherited
}

impl From<CreateRequest> for NewAccount {
    fn from(asked: CreateRequest) -> Self {
        Self {
            role: asked.role,
            scopes: asked.scopes,
            teams: asked.teams,
            allowlist: asked.ip_allowlist,
            expires_at: asked.expires_at.map(|instant| instant.0),
            justification: asked.justification,
            systems: asked.systems,
            first_token: asked.first_token.map(Into::into),
            ..Self::new(asked.name, asked.purpose, asked.owner, asked.environment)
        }
    }
}

#[derive(Serialize)]
struct CreatedView<'a> {
    #[serde(flatten)]
    account: AccountView<'a>,
    client_id: &'a AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token: Option<MintedView<'a>>,
    advice: &'a [NameAdvice],
}

pub(crate) async fn create<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    StrictJson(asked): StrictJson<CreateRequest>,
) -> Result<Response, Refusal> {
    let created = api.accounts.acting(&actor).create(asked.into()).await?;
    let id = &created.account.id;
    let view = CreatedView {
        account: AccountView::new(&created.account),
        client_id: id,
        client_secret: created.client_secret.as_ref().map(|secret| secret.expose()),
        first_token: created.first_token.as_ref().map(|minted| MintedView::new(&api.accounts, minted, Vec::new())),
        advice: &created.advice,
    };
    let location = [(LOCATION, format!("/api/v1/service-accounts/{id}"))];
    Ok((StatusCode::CREATED, NO_STORE, location, axum::Json(view)).into_response())
}

pub(crate) async fn list<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Query(asked): Query<PageQuery>,
) -> Result<Response, Refusal> {
    let after = asked.cursor(AccountId::parse)?;
    let page =
        api.accounts.acting(&actor).accounts(&api.accounts.every_account(), after.as_ref(), asked.limit()).await?;
    let items = page.items.iter().map(|account| AccountView::new(account)).collect();
    let next_cursor = page.next.as_ref().map(ToString::to_string);
    Ok(axum::Json(PageView { items, next_cursor }).into_response())
}

pub(crate) async fn show<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    answer(&api.accounts.acting(&actor).account(&account_id(&id)?).read().await?)
}

/// What changes; a field that is left out stays, and `expires_at: null` takes the expiry away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateRequest {
    #[serde(default, deserialize_with = "present")]
    role: Option<RoleName>,
    #[serde(default, deserialize_with = "present")]
    scopes: Option<Scopes>,
    #[serde(default, deserialize_with = "present")]
    teams: Option<Teams>,
    #[serde(default, deserialize_with = "present")]
    ip_allowlist: Option<Allowlist>,
    #[serde(default, deserialize_with = "present")]
    expires_at: Option<Option<Instant>>,
    #[serde(default, deserialize_with = "present")]
    purpose: Option<Purpose>,
    #[serde(default, deserialize_with = "present")]
    owner: Option<Owner>,
    #[serde(default, deserialize_with = "present")]
    justification: Option<Justification>,
}

/// A field that is there has a value of its type; `null` is no way of leaving it out.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl From<UpdateRequest> for AccountUpdate {
    fn from(asked: UpdateRequest) -> Self {
        let expiry = |end: Option<Instant>| end.map_or(Expiry::Never, |end| Expiry::At(end.0));
        Self {
            name: None,
            systems: None,
            role: asked.role,
            scopes: asked.scopes,
            teams: asked.teams,
            allowlist: asked.ip_allowlist,
            expires_at: asked.expires_at.map(expiry),
            purpose: asked.purpose,
            owner: asked.owner,
            justification: asked.justification,
        }
    }
}

pub(crate) async fn update<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<String>,
    StrictJson(asked): StrictJson<UpdateRequest>,
) -> Result<Response, Refusal> {
    answer(&api.accounts.acting(&actor).account(&account_id(&id)?).update(asked.into()).await?.account)
}

pub(crate) async fn disable<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    answer(&api.accounts.acting(&actor).account(&account_id(&id)?).disable().await?)
}

pub(crate) async fn enable<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    answer(&api.accounts.acting(&actor).account(&account_id(&id)?).enable().await?)
}

pub(crate) async fn approve<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = account_id(&id)?;
    let account = api.accounts.acting(&actor).account(&id);
    let seen = account.read().await?.revision;
    answer(&account.approve(seen).await?)
}

pub(crate) async fn delete<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    api.accounts.acting(&actor).account(&account_id(&id)?).delete().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct SecretView<'a> {
    client_id: &'a AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
}

pub(crate) async fn regenerate_secret<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Administrator(actor): Administrator<P>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = account_id(&id)?;
    let secret = api.accounts.acting(&actor).account(&id).regenerate_secret().await?;
    let view = SecretView { client_id: &id, client_secret: Some(secret.expose()) };
    Ok((StatusCode::CREATED, NO_STORE, axum::Json(view)).into_response())
}

fn answer(account: &Arc<Account>) -> Result<Response, Refusal> {
    Ok(axum::Json(AccountView::new(account)).into_response())
}
