//! Principals as handler arguments.

use std::{
    fmt,
    marker::PhantomData,
    net::{IpAddr, SocketAddr},
};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use http::{Extensions, header::AUTHORIZATION, request::Parts};
use service_accounts::{
    Principal,
    access::{Permission, Required},
};
use service_accounts_tower::{Gate, RequestHead};

use crate::Refusal;

/// The authenticated service account, with or without the layer in front.
#[derive(Clone, Debug)]
pub struct Authenticated<P: Permission>(pub Principal<P>);

/// The authenticated service account, which holds the permission `M`; others get 403.
///
/// `M` is the marker that [`permissions!`](service_accounts::access::permissions) makes beside each permission.
pub struct Require<M: Required> {
    /// Who it is.
    pub principal: Principal<M::Permission>,
    required: PhantomData<M>,
}

impl<M: Required> fmt::Debug for Require<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Require").field("principal", &self.principal).finish_non_exhaustive()
    }
}

/// The address of the socket, where the host serves with `into_make_service_with_connect_info::<SocketAddr>()`.
#[must_use]
pub fn connect_info(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

impl<P: Permission, S: Send + Sync> FromRequestParts<S> for Authenticated<P>
where
    Gate<P>: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let gate = Gate::from_ref(state);
        if let Some(principal) = gate.recall(&parts.extensions) {
            return Ok(Self(principal.clone()));
        }
        let principal = gate.admit(RequestHead::from(&*parts)).await?;
        // As behind the layer, the credential stays at the door: what the handler passes on cannot carry it.
        parts.headers.remove(AUTHORIZATION);
        gate.remember(&mut parts.extensions, principal.clone());
        Ok(Self(principal))
    }
}

impl<M: Required + Send, S: Send + Sync> FromRequestParts<S> for Require<M>
where
    Gate<M::Permission>: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, state).await?;
        Gate::from_ref(state).authorize(&principal, M::PERMISSION, None)?;
        Ok(Self { principal, required: PhantomData })
    }
}
