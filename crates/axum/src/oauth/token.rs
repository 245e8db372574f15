//! `POST /oauth2/token`: client credentials become a session (RFC 6749 §4.4).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use service_accounts::{
    Narrowing, OpenedSession,
    access::{Permission, PermissionSet, Scopes},
    store::{Account, Store, Token},
};
use service_accounts_oauth::{ErrorCode, Form, OAuthError, ScopeList, Secret, TokenRequest, TokenResponse};

use super::{
    Desk,
    answer::{NO_STORE, Refused, of_exchange},
    incoming::Incoming,
};

/// 200 without a refresh token (§4.4.3). `scope` is always told, so that a client knows what it got (§5.1).
pub(crate) async fn token<S: Store + 'static, P: Permission>(
    State(desk): State<Desk<S, P>>,
    incoming: Incoming<Form>,
) -> Result<Response, Refused> {
    let request = TokenRequest::read(incoming.authorization(), &incoming.body).map_err(|error| desk.refuse(error))?;
    let narrowing = narrowing(request.scope.as_ref()).map_err(|error| desk.refuse(error))?;
    let (id, secret) = (request.client.client_id(), request.client.client_secret().expose());
    let opened = desk.accounts.open_session(id, secret, &narrowing, incoming.address).await;
    let session = opened.map_err(|error| desk.refuse(of_exchange(&error)))?;
    Ok((NO_STORE, Json(answer(&session))).into_response())
}

/// What the session is to be narrowed to; nothing asked for is all that the account has.
fn narrowing(scope: Option<&ScopeList>) -> Result<Narrowing, OAuthError> {
    let Some(scope) = scope else { return Ok(Narrowing::default()) };
    let unknown = |_| OAuthError::new(ErrorCode::InvalidScope, "a scope is unknown");
    Ok(Narrowing { scopes: Scopes::only(scope.iter()).map_err(unknown)?, ..Narrowing::default() })
}

/// The seconds count from the session's own date and not from this answer.
fn answer<P: Permission>(session: &OpenedSession<P>) -> TokenResponse<'_> {
    let seconds = (session.expires_at - session.token.created_at).whole_seconds();
    let scope = scope_of(&session.account, &session.token, session.grants.permissions());
    TokenResponse::new(Secret::new(session.secret.expose()), seconds.try_into().unwrap_or(0), scope)
}

/// What a credential can do, as scopes: those it is narrowed to, or else its permissions, each of which is a scope too.
pub(super) fn scope_of<P: Permission>(account: &Account, token: &Token, permissions: PermissionSet<P>) -> ScopeList {
    let narrowest =
        [token.grant.scopes(), account.grant.scopes()].into_iter().find(|scopes| **scopes != Scopes::Inherited);
    let listed = match narrowest {
        Some(scopes) => ScopeList::of(scopes.names().map(|name| name.as_str())),
        None => ScopeList::of(permissions.iter().map(Permission::name)),
    };
    // The names of scopes and permissions have no character that the standard does not allow.
    listed.unwrap_or_default()
}
