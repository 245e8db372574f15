//! `POST /oauth2/introspect`: what a token is good for, without using it (RFC 7662).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use service_accounts::{
    access::Permission,
    store::{Class, Store},
};
use service_accounts_oauth::{ActiveToken, Form, Introspection, IntrospectionRequest};

use super::{
    Desk,
    answer::{NO_STORE, Refused, of_error},
    incoming::Incoming,
    token::scope_of,
};

/// 200 with `active: false` for everything that is not good, is not the caller's to know of, or is no bearer (§2.2).
/// Asking is no use.
pub(crate) async fn introspect<S: Store + 'static, P: Permission>(
    State(desk): State<Desk<S, P>>,
    incoming: Incoming<Form>,
) -> Result<Response, Refused> {
    let request = IntrospectionRequest::read(incoming.authorization(), &incoming.body);
    let request = request.map_err(|error| desk.refuse(error))?;
    let actor = desk.verify(&request.caller, incoming.address).await?;
    let found = desk.accounts.introspect(&actor, request.token.expose()).await;
    let found = found.map_err(|error| desk.refuse(of_error(&error)))?;
    let told = found.map_or(Introspection::Inactive, |found| tell(&found));
    Ok((NO_STORE, Json(told)).into_response())
}

/// A client secret works, but nobody presents it as a bearer token.
fn tell<P: Permission>(found: &service_accounts::Introspection<P>) -> Introspection {
    let (account, token) = (found.credential.account(), found.credential.token());
    if matches!(token.class, Class::Secret) {
        return Introspection::Inactive;
    }
    Introspection::Active(ActiveToken {
        scope: scope_of(account, token, found.principal.grants().permissions()),
        client_id: account.id.to_string(),
        sub: account.id.to_string(),
        exp: token.expires_at.map(|end| end.unix_timestamp()),
        iat: Some(token.created_at.unix_timestamp()),
    })
}
