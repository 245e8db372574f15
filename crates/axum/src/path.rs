//! What a path names: accounts and tokens, parsed where they enter.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use service_accounts::{SubscriptionId, audit::Sequence, naming::AccountId, store::DocumentId, token::TokenId};

use crate::Refusal;

/// The variable parts of a path, by their names; what cannot be read names nothing that is here.
///
/// They are looked up by name, so a host may mount the endpoints below a path that has variables of its own.
pub(crate) struct Path<T>(pub(crate) T);

/// Something that a path can name.
///
/// What does not parse is 404 and not 400: a text that can name nothing names nothing that is here.
pub(crate) trait FromPath: Sized {
    fn from_path(params: &RawPathParams) -> Option<Self>;
}

impl<T: FromPath, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        params.as_ref().and_then(T::from_path).map(Self).ok_or_else(Refusal::not_found)
    }
}

impl FromPath for AccountId {
    fn from_path(params: &RawPathParams) -> Option<Self> {
        Self::parse(named(params, "id")?).ok()
    }
}

impl FromPath for TokenId {
    fn from_path(params: &RawPathParams) -> Option<Self> {
        Self::parse(named(params, "token_id")?).ok()
    }
}

impl FromPath for DocumentId {
    fn from_path(params: &RawPathParams) -> Option<Self> {
        Self::parse(named(params, "incident_id")?).ok()
    }
}

/// Named `review_id` in the path.
pub(crate) struct ReviewId(pub(crate) DocumentId);

impl FromPath for ReviewId {
    fn from_path(params: &RawPathParams) -> Option<Self> {
        DocumentId::parse(named(params, "review_id")?).ok().map(Self)
    }
}

/// A policy, by its name.
///
/// It is taken as it is: a name that no policy can have is not found.
pub(crate) struct PolicyName(pub(crate) String);

impl FromPath for PolicyName {
    fn from_path(params: &RawPathParams) -> Option<Self> {
        named(params, "name").map(|name| Self(name.into()))
    }
}

impl FromPath for SubscriptionId {
    fn from_path(params: &RawPathParams) -> Option<Self> {
        Self::parse(named(params, "subscription_id")?).ok()
    }
}

/// The place of an event in the trail.
pub(crate) struct Place(pub(crate) Sequence);

impl FromPath for Place {
    fn from_path(params: &RawPathParams) -> Option<Self> {
        named(params, "sequence")?.parse().ok().map(|number| Self(Sequence::new(number)))
    }
}

/// A session of an account.
pub(crate) struct SessionId(pub(crate) TokenId);

impl FromPath for SessionId {
    fn from_path(params: &RawPathParams) -> Option<Self> {
        TokenId::parse(named(params, "session_id")?).ok().map(Self)
    }
}

impl<A: FromPath, B: FromPath> FromPath for (A, B) {
    fn from_path(params: &RawPathParams) -> Option<Self> {
        Some((A::from_path(params)?, B::from_path(params)?))
    }
}

/// The last of this name: a prefix of the host's stands in front.
fn named<'p>(params: &'p RawPathParams, name: &str) -> Option<&'p str> {
    params.iter().filter(|(key, _)| *key == name).last().map(|(_, value)| value)
}
