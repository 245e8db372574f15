//! What a refused client is told (RFC 6749 §5.2 and the registries that extend it).

use alloc::{borrow::Cow, format, string::String};

use serde::{Serialize, Serializer, ser::SerializeMap};
use thiserror::Error;

/// A refusal: the code, a clause for people, and the status of the response.
///
/// Serialises to the JSON object of §5.2. It carries nothing that the client sent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{description}")]
pub struct OAuthError {
    code: ErrorCode,
    description: Cow<'static, str>,
    status: u16,
}

/// The registered codes that a server of client credentials can answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// RFC 6749 §5.2: a parameter is missing, repeated, or cannot be read.
    InvalidRequest,
    /// RFC 6749 §5.2: the client did not authenticate.
    InvalidClient,
    /// RFC 6749 §5.2: the grant is not valid or was issued to another client.
    InvalidGrant,
    /// RFC 6749 §5.2: the client may not use this grant.
    UnauthorizedClient,
    /// RFC 6749 §5.2: the server does not know the grant.
    UnsupportedGrantType,
    /// RFC 6749 §5.2: the scope is unknown, malformed, or more than the client holds.
    InvalidScope,
    /// RFC 7009 §2.2.1: tokens of this type cannot be revoked here.
    UnsupportedTokenType,
    /// RFC 7591 §3.2.2: a redirect URI does not fit.
    InvalidRedirectUri,
    /// RFC 7591 §3.2.2: a metadata field does not fit.
    InvalidClientMetadata,
    /// RFC 6750 §3.1: the bearer token of the caller is not accepted.
    InvalidToken,
    /// RFC 6750 §3.1: the caller's bearer token is good, and does not permit this.
    InsufficientScope,
    /// Nothing was decided; the same request may succeed later (RFC 7009 §2.2.1 asks for 503).
    TemporarilyUnavailable,
}

impl OAuthError {
    /// A refusal with the status that belongs to the code.
    ///
    /// Characters that `error_description` may not have (RFC 6749 §5.2) become `'`.
    #[must_use]
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: printable(description.into()), status: code.status() }
    }

    /// A request that is missing something, repeats something, or cannot be read: 400.
    #[must_use]
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// A client that did not authenticate: 401 with a challenge. One answer for an unknown client and a wrong secret.
    #[must_use]
    pub fn invalid_client() -> Self {
        Self::new(ErrorCode::InvalidClient, "client authentication failed")
    }

    /// The body is larger than the endpoint reads: 413.
    #[must_use]
    pub fn too_large() -> Self {
        Self { status: 413, ..Self::invalid_request("the body is too large") }
    }

    /// The body is of another media type than the endpoint reads: 415.
    #[must_use]
    pub fn wrong_media_type(expected: &'static str) -> Self {
        Self { status: 415, ..Self::invalid_request(format!("send the body as {expected}")) }
    }

    /// The path answers to other methods: 405. RFC 6749 §3.2 asks for POST.
    #[must_use]
    pub fn wrong_method(expected: &'static str) -> Self {
        Self { status: 405, ..Self::invalid_request(format!("send the request with {expected}")) }
    }

    /// Nothing was decided: 503. Add `Retry-After`.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(ErrorCode::TemporarilyUnavailable, "the service cannot decide right now, try again")
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The clause for people, `error_description` on the wire.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The status of the response.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The value of `WWW-Authenticate`, on 401 and 403: Basic for a client, Bearer for a bearer.
    #[must_use]
    pub fn challenge(&self, realm: &str) -> Option<String> {
        let realm = quotable(realm);
        match self.code {
            ErrorCode::InvalidClient => Some(format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")),
            ErrorCode::InvalidToken | ErrorCode::InsufficientScope => {
                Some(format!("Bearer realm=\"{realm}\", error=\"{}\"", self.code.as_str()))
            }
            _ => None,
        }
    }
}

impl Serialize for OAuthError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("error", self.code.as_str())?;
        map.serialize_entry("error_description", self.description())?;
        map.end()
    }
}

impl ErrorCode {
    /// Every code, for documents and tests.
    pub const ALL: [Self; 12] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::UnsupportedTokenType,
        Self::InvalidRedirectUri,
        Self::InvalidClientMetadata,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::TemporarilyUnavailable,
    ];

    /// The code as it stands in `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The status that the code is answered with where nothing more exact is known.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// RFC 6749 §5.2: `%x20-21 / %x23-5B / %x5D-7E`.
const fn is_printable(c: char) -> bool {
    matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e')
}

fn printable(text: Cow<'static, str>) -> Cow<'static, str> {
    if text.chars().all(is_printable) {
        return text;
    }
    text.chars().map(|c| if is_printable(c) { c } else { '\'' }).collect()
}

/// A realm inside the quotes of a header field (RFC 9110 §11.5).
fn quotable(realm: &str) -> String {
    realm.chars().filter(|c| is_printable(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_only_the_characters_of_its_grammar() {
        let error = OAuthError::new(ErrorCode::InvalidScope, "no \"such\" scope\\\r\nfür dich");
        assert_eq!(error.description(), "no 'such' scope'''f'r dich");
        assert_eq!(error.to_string(), error.description());
    }

    #[test]
    fn a_realm_cannot_leave_its_quotes() {
        let challenge = OAuthError::invalid_client().challenge("a\", evil=\"b\r\n").unwrap();
        assert_eq!(challenge, "Basic realm=\"a, evil=b\", charset=\"UTF-8\"");
    }

    #[test]
    fn every_401_has_a_challenge() {
        for code in ErrorCode::ALL {
            let error = OAuthError::new(code, "x");
            assert!(error.status() != 401 || error.challenge("r").is_some(), "{code:?}");
        }
    }

    use alloc::string::ToString;
}
