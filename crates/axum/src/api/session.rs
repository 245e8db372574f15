//! For the machine user: client credentials into sessions, and what a credential is good for.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{Extensions, HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use service_accounts::{
    Narrowing, Principal,
    access::{Allowlist, Permission, Scopes, Teams},
    lifecycle::Environment,
    naming::{AccountId, DisplayName},
    store::{Account, Store, Token},
    token::Hint,
};
use time::Duration;

use super::{Api, NO_STORE};
use crate::{Authenticated, Refusal, body::StrictJson, instant::Instant};

/// Client credentials, and how the session is to be narrower than its account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthRequest {
    client_id: String,
    client_secret: String,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    expires_in: Option<u32>,
    #[serde(default)]
    ip_allowlist: Allowlist,
}

impl AuthRequest {
    fn narrowing(&self) -> Result<Narrowing, Refusal> {
        let scopes = self.scope.as_deref().map(Scopes::parse_list).transpose();
        let scopes = scopes.map_err(|error| Refusal::validation("scope", &error.to_string()))?;
        Ok(Narrowing {
            scopes: scopes.unwrap_or(Scopes::Inherited),
            allowlist: self.ip_allowlist.clone(),
            lifetime: self.expires_in.map(|seconds| Duration::seconds(seconds.into())),
        })
    }
}

#[derive(Serialize)]
struct AuthView<'a> {
    token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    expires_at: Instant,
    service_account: HolderView<'a>,
}

/// The account behind a credential. Scopes that are inherited are shown as what they amount to: each permission's name
/// is a scope too.
#[derive(Serialize)]
struct HolderView<'a> {
    id: &'a AccountId,
    name: &'a DisplayName,
    scopes: Vec<String>,
}

impl<'a> HolderView<'a> {
    fn new<P: Permission>(account: &'a Account, token: &Token, permissions: impl Iterator<Item = P>) -> Self {
        let narrowest =
            [token.grant.scopes(), account.grant.scopes()].into_iter().find(|scopes| **scopes != Scopes::Inherited);
        let scopes = match narrowest {
            Some(scopes) => scopes.names().map(|name| name.as_str().into()).collect(),
            None => permissions.map(|permission| permission.name().into()).collect(),
        };
        Self { id: &account.id, name: &account.name, scopes }
    }
}

pub(crate) async fn auth<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    extensions: Extensions,
    headers: HeaderMap,
    StrictJson(asked): StrictJson<AuthRequest>,
) -> Result<Response, Refusal> {
    let address = api.gate.client_of(&headers, &extensions)?;
    let narrowing = asked.narrowing()?;
    let opened = api.accounts.open_session(&asked.client_id, &asked.client_secret, &narrowing, address).await;
    let session = opened.map_err(|error| Refusal::of_exchange(error, api.gate.realm_name()))?;
    let view = AuthView {
        token: session.secret.expose(),
        token_type: "Bearer",
        expires_in: (session.expires_at - session.token.created_at).whole_seconds(),
        expires_at: Instant(session.expires_at),
        service_account: HolderView::new(&session.account, &session.token, session.grants.permissions().iter()),
    };
    Ok((NO_STORE, axum::Json(view)).into_response())
}

#[derive(Serialize)]
struct VerifyView<'a> {
    active: bool,
    kind: &'static str,
    service_account: HolderView<'a>,
    token: CredentialView<'a>,
    permissions: Vec<&'static str>,
    teams: &'a Teams,
    environment: &'a Environment,
}

#[derive(Serialize)]
struct CredentialView<'a> {
    id: &'a str,
    name: Option<&'a str>,
    hint: Hint,
    expires_at: Option<Instant>,
    rotate_after: Option<Instant>,
}

pub(crate) async fn verify<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Authenticated(principal): Authenticated<P>,
) -> Response {
    let token = principal.token();
    let permissions = principal.grants().permissions();
    axum::Json(VerifyView {
        active: true,
        kind: kind(&principal),
        service_account: HolderView::new(principal.account(), token, permissions.iter()),
        token: CredentialView {
            id: token.id.as_str(),
            name: token.class.token_name().map(|name| name.as_str()),
            hint: token.hint,
            expires_at: token.expires_at.map(Instant),
            rotate_after: api.accounts.rotate_after(token).map(Instant),
        },
        permissions: permissions.iter().map(Permission::name).collect(),
        teams: principal.grants().teams(),
        environment: &token.environment,
    })
    .into_response()
}

pub(crate) async fn revoke<S: Store + 'static, P: Permission>(
    State(api): State<Api<S, P>>,
    Authenticated(principal): Authenticated<P>,
) -> Result<StatusCode, Refusal> {
    api.accounts.end_session(&principal).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn kind<P: Permission>(principal: &Principal<P>) -> &'static str {
    use service_accounts::store::Class;
    match principal.token().class {
        Class::Token(_) => "token",
        Class::Session { .. } => "session",
        Class::Secret => "secret",
    }
}
