//! A key under which a client repeats a request whose answer it lost.

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderValue, request::Parts};
use service_accounts::store::RequestKey;

use crate::Refusal;

/// The one `Idempotency-Key` header, where there is one.
pub(crate) struct IdempotencyKey(pub(crate) Option<RequestKey>);

/// The header's name.
pub(crate) const HEADER: &str = "idempotency-key";

impl IdempotencyKey {
    /// What to send instead of a header that is no key.
    pub(crate) const UNFIT: &str = "send one key of at most 200 visible characters";

    /// Reads the headers; `None` where they hold no key, or more than one.
    ///
    /// Two keys are none: it could not be told which of them a retry will send.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(HEADER).iter();
        match (values.next(), values.next()) {
            (None, _) => Some(Self(None)),
            (Some(value), None) => visible(value).map(|key| Self(Some(key))),
            (Some(_), Some(_)) => None,
        }
    }
}

fn visible(value: &HeaderValue) -> Option<RequestKey> {
    let text = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))?;
    RequestKey::parse(text).ok()
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Self::of(&parts.headers).ok_or_else(|| Refusal::validation("Idempotency-Key", Self::UNFIT))
    }
}
