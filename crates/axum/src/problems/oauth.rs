//! What an OAuth call refuses with: the registered codes, the status of each, and when it is met.

use service_accounts_oauth::ErrorCode;

use super::Kind;

pub(crate) const INVALID_REQUEST: Kind = kind(
    ErrorCode::InvalidRequest,
    "A parameter is missing, repeated or cannot be read, or a secret stands in the URL.",
);
pub(crate) const INVALID_CLIENT: Kind =
    kind(ErrorCode::InvalidClient, "The client did not authenticate, or its account does not work.");
pub(crate) const UNSUPPORTED_GRANT_TYPE: Kind =
    kind(ErrorCode::UnsupportedGrantType, "The grant is not `client_credentials`.");
pub(crate) const INVALID_SCOPE: Kind =
    kind(ErrorCode::InvalidScope, "A scope is unknown, malformed, or more than the client holds.");
pub(crate) const INVALID_CLIENT_METADATA: Kind =
    kind(ErrorCode::InvalidClientMetadata, "A field of the registration does not fit; the description names it.");
pub(crate) const INVALID_TOKEN: Kind = kind(ErrorCode::InvalidToken, "The bearer token is missing or not accepted.");
pub(crate) const INSUFFICIENT_SCOPE: Kind =
    kind(ErrorCode::InsufficientScope, "The caller may not do this, or would give more than it holds.");
pub(crate) const UNAVAILABLE: Kind =
    kind(ErrorCode::TemporarilyUnavailable, "The service cannot decide right now; try again.");

/// RFC 6749 has no code for it.
pub(crate) const TOO_LARGE: Kind = Kind { status: 413, when: "The body is larger than allowed.", ..INVALID_REQUEST };
/// RFC 6749 has no code for it.
pub(crate) const WRONG_MEDIA_TYPE: Kind =
    Kind { status: 415, when: "The body is sent as another media type, or is packed.", ..INVALID_REQUEST };

/// The status is the standard's, from the crate that knows it.
const fn kind(code: ErrorCode, when: &'static str) -> Kind {
    Kind { status: code.status(), code: code.as_str(), when }
}
