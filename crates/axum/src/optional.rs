//! A caller who may be nobody.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use service_accounts::{Principal, access::Permission};
use service_accounts_tower::Gate;

use crate::{Authenticated, Refusal};

/// The authenticated service account, or `None` where the request shows no credential at all.
///
/// A credential that is shown and is not good is refused: a client that believes itself to be somebody learns that it is
/// not, instead of being served as nobody. Use it without the layer, which lets no one in without a credential.
///
/// ```
/// use service_accounts::access::presets::data_quality::Permission;
/// use service_accounts_axum::OptionallyAuthenticated;
///
/// async fn greet(OptionallyAuthenticated(principal): OptionallyAuthenticated<Permission>) -> String {
///     principal.map_or_else(|| "hello, whoever you are".into(), |principal| format!("hello {}", principal.id()))
/// }
/// ```
///
/// 503 stays 503: where the store failed nobody is taken for a stranger.
#[derive(Clone, Debug)]
pub struct OptionallyAuthenticated<P: Permission>(pub Option<Principal<P>>);

impl<P: Permission, S: Send + Sync> FromRequestParts<S> for OptionallyAuthenticated<P>
where
    Gate<P>: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Authenticated::from_request_parts(parts, state).await {
            Ok(Authenticated(principal)) => Ok(Self(Some(principal))),
            Err(refusal) if refusal.is_for_want_of_a_credential() => Ok(Self(None)),
            Err(refusal) => Err(refusal),
        }
    }
}
