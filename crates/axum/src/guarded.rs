//! A router on which forgetting authentication does not compile.

use axum::{
    Router,
    extract::FromRef,
    handler::Handler,
    routing::{MethodRouter, delete, get, patch, post, put},
};
use service_accounts::access::{Permission, Required};
use service_accounts_tower::{AuthenticateLayer, Gate};

use crate::{Authenticated, Require, RequireIn, method_not_allowed};

/// A router that takes only handlers which say who may call them, and guards all of them with one gate.
///
/// The first argument of each handler is [`Authenticated`], [`Require`] or [`RequireIn`]. A handler that names none of them
/// does not compile, and no route can be added that the gate does not guard.
///
/// ```
/// use axum::Router;
/// use service_accounts::access::presets::data_quality::{Permission, permission};
/// use service_accounts_axum::{GuardedRouter, Require, tower::Gate};
///
/// async fn list(_: Require<permission::DatastoresView>) -> &'static str { "[]" }
/// async fn create(_: Require<permission::ResourcesWrite>) {}
///
/// fn routes(gate: Gate<Permission>) -> Router {
///     GuardedRouter::new(gate.clone()).get("/datastores", list).post("/datastores", create).with_state(gate)
/// }
/// ```
///
/// ```compile_fail
/// # use service_accounts::access::presets::data_quality::Permission;
/// # use service_accounts_axum::{GuardedRouter, tower::Gate};
/// async fn forgotten() -> &'static str { "for everybody" }
///
/// fn routes(gate: Gate<Permission>) -> axum::Router {
///     GuardedRouter::new(gate.clone()).get("/datastores", forgotten).with_state(gate)
/// }
/// ```
#[must_use = "a router does nothing until it is served"]
pub struct GuardedRouter<P: Permission, S = Gate<P>> {
    gate: Gate<P>,
    router: Router<S>,
}

/// The arguments of a handler whose first says who may call it.
///
/// Implemented for what axum makes of such handlers; there is nothing to implement by hand.
pub trait Guards<P: Permission>: sealed::Sealed<P> {}

mod sealed {
    pub trait Sealed<P> {}
}

/// An argument that says who may call.
trait SaysWho<P> {}

impl<P: Permission> SaysWho<P> for Authenticated<P> {}
impl<M: Required> SaysWho<M::Permission> for Require<M> {}
impl<M: Required, T> SaysWho<M::Permission> for RequireIn<M, T> {}

/// axum describes a handler by a tuple of a marker and its arguments.
macro_rules! guards {
    ($($rest:ident)*) => {
        impl<P: Permission, Marker, Who: SaysWho<P>, $($rest),*> sealed::Sealed<P> for (Marker, Who, $($rest,)*) {}
        impl<P: Permission, Marker, Who: SaysWho<P>, $($rest),*> Guards<P> for (Marker, Who, $($rest,)*) {}
    };
}

guards!();
guards!(A);
guards!(A B);
guards!(A B C);
guards!(A B C D);
guards!(A B C D E);
guards!(A B C D E F);
guards!(A B C D E F G);

impl<P: Permission, S: Clone + Send + Sync + 'static> GuardedRouter<P, S>
where
    Gate<P>: FromRef<S>,
{
    /// Guards with this gate; the state that is given in the end must yield a clone of it.
    ///
    /// Add routes, then close it with [`with_state`](Self::with_state): a router that is not closed answers nothing.
    pub fn new(gate: Gate<P>) -> Self {
        Self { gate, router: Router::new() }
    }

    fn with(self, path: &str, route: MethodRouter<S>) -> Self {
        Self { router: self.router.route(path, route), ..self }
    }

    /// All routes as a plain router, with the layer in front of them.
    ///
    /// # Panics
    /// The state yields another gate than the router was made with: principals that the one lets in would be nobody to the
    /// other, on every request. It is told here, at the start.
    pub fn with_state(self, state: S) -> Router {
        assert!(
            Gate::from_ref(&state).is_same(&self.gate),
            "the state yields another gate; clone the one of the router"
        );
        let router = self.router.method_not_allowed_fallback(method_not_allowed);
        router.route_layer(AuthenticateLayer::new(self.gate)).with_state(state)
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $method:ident)*) => {
        impl<P: Permission, S: Clone + Send + Sync + 'static> GuardedRouter<P, S>
        where
            Gate<P>: FromRef<S>,
        {
            $($(#[$doc])*
            pub fn $method<H: Handler<T, S>, T: Guards<P> + 'static>(self, path: &str, handler: H) -> Self {
                self.with(path, $method(handler))
            })*
        }
    };
}

methods! {
    /// Answers `GET` and `HEAD` on a path.
    get
    /// Answers `POST` on a path.
    post
    /// Answers `PUT` on a path.
    put
    /// Answers `PATCH` on a path.
    patch
    /// Answers `DELETE` on a path.
    delete
}

impl<P: Permission, S> std::fmt::Debug for GuardedRouter<P, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuardedRouter").field("gate", &self.gate).finish_non_exhaustive()
    }
}
