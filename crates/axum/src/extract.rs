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
    access::{Permission, Required, TeamName},
};
use service_accounts_tower::{Gate, RequestHead};

use crate::Refusal;

/// The authenticated service account, with or without the layer in front.
///
/// Behind the layer it takes the principal that the layer has let in; without it, it judges the request itself, once
/// for all extractors of a handler. Without a credential, or with one that is not good, the handler is not called: 401
/// (RFC 6750 §3.1).
///
/// ```
/// use service_accounts::access::presets::data_quality::Permission;
/// use service_accounts_axum::Authenticated;
///
/// async fn who(Authenticated(principal): Authenticated<Permission>) -> String {
///     principal.id().to_string()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Authenticated<P: Permission>(pub Principal<P>);

/// The authenticated service account, which holds the permission `M`; others get 403.
///
/// `M` is the marker that [`permissions!`](service_accounts::access::permissions) makes beside each permission.
///
/// A refusal is recorded as `permission.denied`, a use for the permission as a sighting.
///
/// ```
/// use service_accounts::access::presets::data_quality::permission;
/// use service_accounts_axum::Require;
///
/// async fn view(guard: Require<permission::DatastoresView>) -> String {
///     format!("{} may view", guard.principal.id())
/// }
/// ```
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

/// As [`Require`], on something that belongs to the team which `T` finds in the request.
///
/// ```
/// use service_accounts::access::presets::data_quality::permission;
/// use service_accounts_axum::{RequireIn, TeamInQuery};
///
/// /// `GET /datastores?team=finance`: for who may view datastores and is in that team.
/// async fn list(guard: RequireIn<permission::DatastoresView, TeamInQuery>) -> String {
///     format!("those of {:?}", guard.team.map(|team| team.to_string()))
/// }
/// ```
pub struct RequireIn<M: Required, T> {
    /// Who it is.
    pub principal: Principal<M::Permission>,
    /// The team that was found; `None` where the request is about nobody's things.
    pub team: Option<TeamName>,
    required: PhantomData<(M, fn() -> T)>,
}

impl<M: Required, T> fmt::Debug for RequireIn<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireIn")
            .field("principal", &self.principal)
            .field("team", &self.team)
            .finish_non_exhaustive()
    }
}

/// Finds the team that owns what a request is about.
///
/// It is asked after the credential was judged and before the permission is: a team that cannot be read is 422,
/// whatever the caller may.
pub trait TeamOf<S>: Send {
    /// The team, or `None` where it belongs to nobody.
    ///
    /// # Errors
    /// The request names something that is no team.
    fn team_of(parts: &mut Parts, state: &S) -> impl Future<Output = Result<Option<TeamName>, Refusal>> + Send;
}

/// The team in `?team=`; nobody's things where there is none.
#[derive(Clone, Copy, Debug)]
pub struct TeamInQuery;

impl<S: Sync> TeamOf<S> for TeamInQuery {
    async fn team_of(parts: &mut Parts, _: &S) -> Result<Option<TeamName>, Refusal> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let mut teams = pairs.filter(|(name, _)| name == "team").map(|(_, team)| team);
        match (teams.next(), teams.next()) {
            (None, _) => Ok(None),
            (Some(team), None) => {
                let unfit = |_| Refusal::validation("team", "expected the name of a team");
                TeamName::parse(&team).map(Some).map_err(unfit)
            }
            (Some(_), Some(_)) => Err(Refusal::validation("team", "this field comes twice")),
        }
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

impl<M: Required + Send, T: TeamOf<S>, S: Send + Sync> FromRequestParts<S> for RequireIn<M, T>
where
    Gate<M::Permission>: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, state).await?;
        let team = T::team_of(parts, state).await?;
        Gate::from_ref(state).authorize(&principal, M::PERMISSION, team.as_ref())?;
        Ok(Self { principal, team, required: PhantomData })
    }
}
