//! What arrives, before it is a request of the standard: the right media type, a bounded body, no secret in the URL.

use std::net::IpAddr;

use axum::extract::{FromRequest, Request};
use http::{
    HeaderMap, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
    request::Parts,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use service_accounts::{
    access::Permission,
    store::{RequestKey, Store},
};
use service_accounts_oauth::{Form, OAuthError, is_form};

use super::{
    Desk,
    answer::{Refused, of_problem},
};
use crate::{
    idempotency::IdempotencyKey,
    json::{is_plain, is_utf_8},
};

/// The names that must never stand in a URL, where logs and histories keep them (RFC 6749 §2.3.1, RFC 6750 §5.3).
const SECRETS: [&str; 3] = ["access_token", "client_secret", "token"];

/// The body and what stood before it.
///
/// The address is found before the body is read, since a request whose address cannot be told is refused whatever it
/// says.
pub(crate) struct Incoming<B> {
    pub(super) body: B,
    pub(super) address: Option<IpAddr>,
    headers: HeaderMap,
}

/// A JSON text, still to be read.
pub(crate) struct JsonText(pub(super) axum::body::Bytes);

impl<B> Incoming<B> {
    /// The values of `Authorization`.
    pub(super) fn authorization(&self) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(AUTHORIZATION).iter().map(http::HeaderValue::as_bytes)
    }

    /// The key under which the request may come again.
    pub(super) fn idempotency_key(&self) -> Result<Option<RequestKey>, OAuthError> {
        let unfit = || OAuthError::invalid_request(format!("Idempotency-Key: {}", IdempotencyKey::UNFIT));
        IdempotencyKey::of(&self.headers).map(|key| key.0).ok_or_else(unfit)
    }
}

impl<S: Store + 'static, P: Permission> FromRequest<Desk<S, P>> for Incoming<Form> {
    type Rejection = Refused;

    async fn from_request(request: Request, desk: &Desk<S, P>) -> Result<Self, Refused> {
        let incoming = receive(request, desk, is_form, "application/x-www-form-urlencoded").await;
        let incoming = incoming
            .and_then(|Incoming { body, address, headers }| Ok(Self { body: Form::parse(&body)?, address, headers }));
        incoming.map_err(|error| desk.refuse(error))
    }
}

impl<S: Store + 'static, P: Permission> FromRequest<Desk<S, P>> for Incoming<JsonText> {
    type Rejection = Refused;

    async fn from_request(request: Request, desk: &Desk<S, P>) -> Result<Self, Refused> {
        let incoming = receive(request, desk, is_json, "application/json").await;
        let incoming =
            incoming.map(|Incoming { body, address, headers }| Self { body: JsonText(body), address, headers });
        incoming.map_err(|error| desk.refuse(error))
    }
}

/// The order: the URL, the media type, the address, then the body. What is refused early costs least.
async fn receive<S, P: Permission>(
    request: Request,
    desk: &Desk<S, P>,
    is_expected: fn(&str) -> bool,
    expected: &'static str,
) -> Result<Incoming<axum::body::Bytes>, OAuthError> {
    let (Parts { headers, uri, extensions, .. }, body) = request.into_parts();
    refuse_secrets_in(&uri)?;
    check_media_type(&headers, is_expected, expected)?;
    let address = desk.gate.client_of(&headers, &extensions).map_err(|problem| of_problem(&problem))?;
    match Limited::new(body, Form::MAX_BYTES).collect().await {
        Ok(collected) => Ok(Incoming { body: collected.to_bytes(), address, headers }),
        Err(error) if error.is::<LengthLimitError>() => Err(OAuthError::too_large()),
        Err(_) => Err(OAuthError::invalid_request("the body broke off")),
    }
}

/// Names are compared after decoding, so `client%5Fsecret` is no way around.
fn refuse_secrets_in(uri: &Uri) -> Result<(), OAuthError> {
    let mut names = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).map(|(name, _)| name);
    if names.any(|name| SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret))) {
        return Err(OAuthError::invalid_request("a secret in the URL is refused, send it in the body or the header"));
    }
    Ok(())
}

/// One `Content-Type`, as expected, and not packed.
fn check_media_type(
    headers: &HeaderMap,
    is_expected: fn(&str) -> bool,
    expected: &'static str,
) -> Result<(), OAuthError> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let is_one = values.next().is_some_and(|value| value.to_str().is_ok_and(is_expected)) && values.next().is_none();
    if is_one && is_plain(headers) { Ok(()) } else { Err(OAuthError::wrong_media_type(expected)) }
}

fn is_json(content_type: &str) -> bool {
    is_utf_8(content_type, "application/json")
}
