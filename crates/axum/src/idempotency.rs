//! A key under which a client repeats a request whose answer it lost.

use axum::extract::FromRequestParts;
use http::request::Parts;
use service_accounts::store::RequestKey;

use crate::Refusal;

/// The one `Idempotency-Key` header, where there is one.
pub(crate) struct IdempotencyKey(pub(crate) Option<RequestKey>);

/// The header's name.
pub(crate) const HEADER: &str = "idempotency-key";

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let mut values = parts.headers.get_all(HEADER).iter();
        let unfit = || Refusal::validation("Idempotency-Key", "send one key of at most 200 visible characters");
        match (values.next(), values.next()) {
            (None, _) => Ok(Self(None)),
            (Some(value), None) => {
                let text = value.to_str().map_err(|_| unfit())?;
                RequestKey::parse(text).map(|key| Self(Some(key))).map_err(|_| unfit())
            }
            (Some(_), Some(_)) => Err(unfit()),
        }
    }
}
