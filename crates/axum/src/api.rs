//! The endpoints, one file a noun: glue between a request, the facade's call, and the answer's shape.
//!
//! Paths, rights and problem codes stand in the list of calls ([`calls`](crate::calls)), shapes in
//! [`wire`](crate::wire), and what a call does in the facade. So a handler reads what came, makes one call, and shows
//! what came of it. What its comment says is what HTTP adds: the status, the headers, and what a retry meets.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod imports;
pub(crate) mod incidents;
pub(crate) mod insight;
pub(crate) mod lifecycle;
pub(crate) mod peppers;
pub(crate) mod policies;
pub(crate) mod reviews;
pub(crate) mod rotation;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod subscriptions;
pub(crate) mod tokens;
pub(crate) mod trail;

use axum::{
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header::CACHE_CONTROL, request::Parts};
use serde::Serialize;
use service_accounts::{Actor, Duty, Principal, ServiceAccounts, access::Permission, store::Store};
use service_accounts_tower::{Gate, Problem};

use crate::{Authenticated, Refusal};

/// What every endpoint works with.
///
/// Both are handles; a clone shares what is behind them.
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

/// A principal with the right to administrate that the call takes, as one who asks for changes.
///
/// Which right that is stands in the list of calls. The facade checks it again, and the rest of its table: which teams and
/// rights of the account the actor must hold.
pub(crate) struct Administrator<P: Permission>(pub(crate) Actor<P>);

impl<S: Store + 'static, P: Permission> FromRequestParts<Api<S, P>> for Administrator<P> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api<S, P>) -> Result<Self, Refusal> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, api).await?;
        let duty = parts.extensions.get().copied().unwrap_or(Duty::Manage);
        api.authorize(&principal, duty)?;
        Ok(Self(principal.actor()))
    }
}

impl<S: Store + 'static, P: Permission> Api<S, P> {
    /// Whether a principal has a right to administrate; a refusal is recorded, and names the permission.
    ///
    /// It is asked before the body is read, so that whoever may nothing cannot have a body parsed.
    fn authorize(&self, principal: &Principal<P>, duty: Duty) -> Result<(), Problem> {
        let permissions = self.accounts.administration();
        let needed = match duty {
            Duty::Create => permissions.create,
            Duty::Manage => permissions.manage,
            Duty::ManageOrReview if principal.decide(permissions.review, None).is_allow() => permissions.review,
            Duty::ManageOrReview => permissions.manage,
            Duty::Review => permissions.review,
            Duty::ReadTrail => permissions.read_trail,
        };
        self.gate.authorize(principal, needed, None)
    }
}

/// An answer with a body.
///
/// 200, unless the handler says otherwise. Nothing in it is secret, and caching it is the client's choice.
pub(crate) fn shown(view: impl Serialize) -> Response {
    axum::Json(view).into_response()
}

/// An answer that nothing on the way may keep, because it holds a secret.
///
/// Every answer with a text of a credential goes through here.
pub(crate) fn secret(status: StatusCode, view: impl Serialize) -> Response {
    let no_store: [(HeaderName, HeaderValue); 1] = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, no_store, axum::Json(view)).into_response()
}
