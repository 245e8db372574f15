//! Refusals in the words of the standard.

use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE},
};
use service_accounts::{AuthenticateError, Disclosure, Error, ExchangeError, access::GrantError};
use service_accounts_oauth::{ErrorCode, OAuthError};
use service_accounts_tower::Problem;

/// What nothing on the way may keep (RFC 6749 §5.1).
pub(super) const NO_STORE: [(HeaderName, HeaderValue); 2] =
    [(CACHE_CONTROL, HeaderValue::from_static("no-store")), (PRAGMA, HeaderValue::from_static("no-cache"))];

/// A refusal with the realm of its challenge.
///
/// The challenge is `Basic` for a client and `Bearer` for a bearer (RFC 6749 §5.2, RFC 6750 §3).
#[derive(Debug)]
pub(crate) struct Refused {
    error: OAuthError,
    challenge: Option<String>,
}

impl Refused {
    /// Nobody has shown a bearer token, so the challenge names no error (RFC 6750 §3.1).
    pub(super) fn without_bearer(description: &'static str, realm: &str) -> Self {
        let error = OAuthError::new(ErrorCode::InvalidToken, description);
        Self { error, challenge: Some(format!("Bearer realm=\"{realm}\"")) }
    }

    pub(super) fn new(error: OAuthError, realm: &str) -> Self {
        let challenge = error.challenge(realm);
        Self { error, challenge }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, NO_STORE, Json(&self.error)).into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Client credentials that were refused. What is told beyond that they failed is told once the secret has verified.
pub(super) fn of_client(error: &AuthenticateError) -> OAuthError {
    let AuthenticateError::Rejected(rejection) = error else { return OAuthError::unavailable() };
    match rejection.disclosure() {
        Disclosure::InvalidCredentials => OAuthError::invalid_client(),
        Disclosure::Inactive => invalid_client("the service account is disabled or waits for approval"),
        Disclosure::Expired => invalid_client("the service account has expired"),
        Disclosure::AddressNotAllowed => invalid_client("the service account may not be used from this address"),
    }
}

/// A bearer that was refused; the answer is one for all reasons.
pub(super) fn of_bearer(error: &AuthenticateError) -> OAuthError {
    match error {
        AuthenticateError::Rejected(_) => OAuthError::new(ErrorCode::InvalidToken, "the bearer token is not accepted"),
        AuthenticateError::Unavailable(_) => OAuthError::unavailable(),
    }
}

/// A session that was not opened.
///
/// A full list of networks or a lifetime out of bounds is `invalid_request`, for the standard has no closer word.
pub(super) fn of_exchange(error: &ExchangeError) -> OAuthError {
    match error {
        ExchangeError::Authenticate(error) => of_client(error),
        ExchangeError::Session(Error::Grant(grant)) => OAuthError::new(ErrorCode::InvalidScope, grant.to_string()),
        ExchangeError::Session(Error::Unavailable(_) | Error::Randomness(_) | Error::Conflict) => {
            OAuthError::unavailable()
        }
        ExchangeError::Session(error) => OAuthError::invalid_request(error.to_string()),
    }
}

/// A client that was not registered.
///
/// RFC 7591 §3.2.2 has two codes; who may not gets those of RFC 6750.
pub(super) fn of_registration(error: &Error) -> OAuthError {
    match error {
        Error::NotPermitted | Error::OwnAccount | Error::AuthorityLost => insufficient(error),
        Error::Grant(grant @ (GrantError::Permissions { .. } | GrantError::Teams)) => insufficient(grant),
        Error::Grant(GrantError::Unknown(name)) => OAuthError::new(ErrorCode::InvalidClientMetadata, name.to_string()),
        Error::Name(name) => OAuthError::new(ErrorCode::InvalidClientMetadata, format!("client_name: {name}")),
        Error::Unavailable(_) | Error::Randomness(_) | Error::Conflict => OAuthError::unavailable(),
        _ => OAuthError::new(ErrorCode::InvalidClientMetadata, error.to_string()),
    }
}

/// A question or a revocation that could not be carried out; who may not ask gets no error but the answer for strangers.
pub(super) fn of_error(error: &Error) -> OAuthError {
    match error {
        Error::AuthorityLost | Error::NotPermitted => insufficient(error),
        Error::Grant(grant) => insufficient(grant),
        _ => OAuthError::unavailable(),
    }
}

/// What the gate answers where the client's address cannot be told.
pub(super) fn of_problem(problem: &Problem) -> OAuthError {
    match problem.status() {
        StatusCode::SERVICE_UNAVAILABLE => OAuthError::unavailable(),
        _ => OAuthError::invalid_request(problem.detail().to_owned()),
    }
}

/// 403, as RFC 6750 §3.1 has it.
fn insufficient(error: &impl std::error::Error) -> OAuthError {
    OAuthError::new(ErrorCode::InsufficientScope, error.to_string())
}

fn invalid_client(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClient, description)
}
