//! The endpoints, one file for each thing they are about.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod session;
pub(crate) mod tokens;
mod view;

use axum::extract::{FromRef, FromRequestParts};
use http::{HeaderValue, header::CACHE_CONTROL, request::Parts};
use serde::{Deserialize, Serialize};
use service_accounts::{Actor, ServiceAccounts, access::Permission, naming::AccountId, store::Store, token::TokenId};
use service_accounts_tower::Gate;

use crate::{Authenticated, Refusal};

/// What every endpoint works with.
pub(crate) struct Api<S, P: Permission> {
    pub(crate) accounts: ServiceAccounts<S, P>,
    pub(crate) gate: Gate<P>,
}

impl<S, P: Permission> Clone for Api<S, P> {
    fn clone(&self) -> Self {
        Self { accounts: self.accounts.clone(), gate: self.gate.clone() }
    }
}

impl<S, P: Permission> FromRef<Api<S, P>> for Gate<P> {
    fn from_ref(api: &Api<S, P>) -> Self {
        api.gate.clone()
    }
}

/// A principal as one who asks for changes; the facade says whether it may.
pub(crate) struct Administrator<P: Permission>(pub(crate) Actor<P>);

impl<S: Store + 'static, P: Permission> FromRequestParts<Api<S, P>> for Administrator<P> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api<S, P>) -> Result<Self, Refusal> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, api).await?;
        Ok(Self(principal.actor()))
    }
}

/// An account named in a path; a text that is no id names no account.
pub(crate) fn account_id(text: &str) -> Result<AccountId, Refusal> {
    AccountId::parse(text).map_err(|_| Refusal::not_found())
}

/// A token named in a path.
pub(crate) fn token_id(text: &str) -> Result<TokenId, Refusal> {
    TokenId::parse(text).map_err(|_| Refusal::not_found())
}

/// Which page of a list to show.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    limit: Option<usize>,
    cursor: Option<String>,
}

impl PageQuery {
    /// How many items a page holds: 50, or as many as asked for up to 200.
    fn limit(&self) -> usize {
        self.limit.unwrap_or(50).clamp(1, 200)
    }

    /// Where to go on, in the form that `parse` reads.
    fn cursor<T, E>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, Refusal> {
        let unreadable = |_| Refusal::validation("cursor", "pass the next_cursor of the page before");
        self.cursor.as_deref().map(parse).transpose().map_err(unreadable)
    }
}

/// A page of a list.
#[derive(Serialize)]
pub(crate) struct PageView<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

/// Marks an answer that nothing on the way may keep.
pub(crate) const NO_STORE: [(http::HeaderName, HeaderValue); 1] =
    [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
