//! What a client is told when a request is refused (RFC 9457).

use std::borrow::Cow;

use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::Value;
use service_accounts::{AuthenticateError, Forbidden, Rejection, Unavailable};

use crate::{BearerError, ClientAddressError};

/// Why a request is refused, before it is a response: status, a stable upper-case code, a sentence and a challenge.
///
/// It carries nothing that the client sent. [`into_response`](Self::into_response) makes `application/problem+json` of it;
/// a stack with another `http` or without one takes the parts:
///
/// ```
/// use service_accounts_tower::{BearerError, Problem};
///
/// let problem = Problem::of_bearer(BearerError::Missing, "acme");
/// assert_eq!((problem.status().as_u16(), problem.code()), (401, "UNAUTHENTICATED"));
/// assert_eq!(problem.challenge(), Some("Bearer realm=\"acme\""));
/// assert!(problem.to_json().contains(problem.detail()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    challenge: Option<String>,
    findings: Option<Value>,
}

/// Whether a refused client learns why (the `INVALID_CREDENTIALS` family), or gets one answer for all reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disclose {
    /// One answer, byte for byte, whatever the reason.
    #[default]
    Nothing,
    /// The precise code, once the secret has verified.
    Reason,
}

impl Problem {
    /// A problem with this status and code; `detail` is a sentence for people.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), challenge: None, findings: None }
    }

    /// Adds a `WWW-Authenticate` challenge (RFC 6750 §3).
    #[must_use]
    pub fn with_challenge(self, challenge: String) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    /// Adds a member `findings`: everything that was objected to, for programs.
    #[must_use]
    pub fn with_findings(self, findings: Value) -> Self {
        Self { findings: Some(findings), ..self }
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// A sentence for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The value of `WWW-Authenticate`, where there is one.
    #[must_use]
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// The value of `Retry-After` in seconds: where nothing was decided, the same request may succeed soon.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(1)
    }

    /// No credential, or none that can be read.
    #[must_use]
    pub fn of_bearer(error: BearerError, realm: &str) -> Self {
        match error {
            BearerError::Missing => Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", sentence(&error))
                .with_challenge(format!("Bearer realm=\"{realm}\"")),
            BearerError::Doubled | BearerError::Malformed | BearerError::InUrl => {
                Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", sentence(&error))
                    .with_challenge(format!("Bearer realm=\"{realm}\", error=\"invalid_request\""))
            }
        }
    }

    /// A credential that was refused or could not be judged.
    #[must_use]
    pub fn of_authentication(error: &AuthenticateError, realm: &str, disclose: Disclose) -> Self {
        match error {
            AuthenticateError::Unavailable(_) => Self::unavailable(),
            AuthenticateError::Rejected(rejection) => Self::of_rejection(*rejection, realm, disclose),
        }
    }

    /// A permission that is missing.
    #[must_use]
    pub fn of_forbidden(forbidden: Forbidden, realm: &str) -> Self {
        let permission = forbidden.permission;
        Self::new(StatusCode::FORBIDDEN, "INSUFFICIENT_SCOPE", sentence(&forbidden))
            .with_challenge(format!("Bearer realm=\"{realm}\", error=\"insufficient_scope\", scope=\"{permission}\""))
    }

    /// The store or the audit trail is down; nothing was decided.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "The service cannot decide right now; try again.")
    }

    fn of_rejection(rejection: Rejection, realm: &str, disclose: Disclose) -> Self {
        let code = match disclose {
            Disclose::Nothing => "INVALID_TOKEN",
            Disclose::Reason => rejection.disclosure().code(),
        };
        Self::new(StatusCode::UNAUTHORIZED, code, "The credential is not accepted.")
            .with_challenge(format!("Bearer realm=\"{realm}\", error=\"invalid_token\""))
    }

    /// The document, to be sent as `application/problem+json` (RFC 9457).
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut document = serde_json::json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        if let (Some(findings), Some(members)) = (&self.findings, document.as_object_mut()) {
            members.insert("findings".into(), findings.clone());
        }
        document.to_string()
    }

    /// As a response of any stack whose bodies can be made of text.
    #[must_use]
    pub fn into_response<B: From<String>>(self) -> Response<B> {
        let mut response = Response::new(B::from(self.to_json()));
        *response.status_mut() = self.status;
        let retry_after = self.retry_after();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<ClientAddressError> for Problem {
    fn from(error: ClientAddressError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", sentence(&error))
    }
}

impl From<&Unavailable> for Problem {
    fn from(_: &Unavailable) -> Self {
        Self::unavailable()
    }
}

/// Error messages are clauses; people read sentences.
fn sentence(error: &impl std::error::Error) -> String {
    let clause = error.to_string();
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
