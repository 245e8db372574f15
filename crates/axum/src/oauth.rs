//! OAuth 2.0 for clients that nobody here wrote (RFC 6749 §4.4, 7009, 7591, 7662, 8414).
//!
//! The words are [`service_accounts_oauth`]'s; here they meet the facade. Every refusal on these paths has the shape of
//! RFC 6749 §5.2, not of a problem, because that is what clients of the standard read.

mod answer;
mod caller;
mod incoming;
pub(crate) mod introspect;
pub(crate) mod metadata;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod token;

use std::sync::Arc;

use axum::{Router, routing::get};
use http::Method;
use service_accounts::{ServiceAccounts, access::Permission, lifecycle::Environment, store::Store};
use service_accounts_oauth::OAuthError;
pub use service_accounts_oauth::{Endpoints, Issuer, IssuerError};
use service_accounts_tower::Gate;

use self::answer::Refused;
use crate::calls;

/// What an authorization server says of itself, and what a client becomes that registers.
///
/// ```
/// use service_accounts_axum::{OAuthServer, oauth::Issuer};
///
/// let server = OAuthServer::new(Issuer::parse("https://auth.example.com")?);
/// # Ok::<(), service_accounts_axum::oauth::IssuerError>(())
/// ```
///
/// It is the host's word and is checked by nobody: an issuer that is not the address clients see makes them refuse the
/// metadata (RFC 8414 §3.3).
#[derive(Clone, Debug)]
pub struct OAuthServer {
    issuer: Issuer,
    endpoints: Endpoints,
    environment: Environment,
    documentation: Option<String>,
}

impl OAuthServer {
    /// A server whose endpoints lie at `<issuer>/oauth2/…`, and whose clients work in production.
    #[must_use]
    pub fn new(issuer: Issuer) -> Self {
        let endpoints = Endpoints::under(&format!("{issuer}/oauth2"));
        Self { issuer, endpoints, environment: Environment::production(), documentation: None }
    }

    /// Names other addresses for the endpoints, where the router is nested elsewhere.
    ///
    /// They are told in the metadata only; where the router answers is for the host to say.
    #[must_use]
    pub fn endpoints(self, endpoints: Endpoints) -> Self {
        Self { endpoints, ..self }
    }

    /// The environment of a client that registers without naming one.
    #[must_use]
    pub fn environment(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// Adds the page that developers read to the metadata.
    #[must_use]
    pub fn documentation(self, url: impl Into<String>) -> Self {
        Self { documentation: Some(url.into()), ..self }
    }
}

/// The OAuth endpoints, to be merged into the host's router or nested at any prefix.
///
/// | call | standard |
/// |---|---|
/// | `POST /oauth2/token` | RFC 6749 §4.4 |
/// | `POST /oauth2/introspect` | RFC 7662 |
/// | `POST /oauth2/revoke` | RFC 7009 |
/// | `POST /oauth2/register` | RFC 7591, client credentials only |
/// | `GET /.well-known/oauth-authorization-server` | RFC 8414 |
///
/// An issuer with a path has its metadata behind the well-known part too (RFC 8414 §3.1):
/// `/.well-known/oauth-authorization-server/<path>`. Where the router is nested, name the addresses that clients see with
/// [`OAuthServer::endpoints`].
///
/// Every answer with a secret or about one is kept by no cache (RFC 6749 §5.1). The token call takes client credentials,
/// introspection and revocation those or a bearer, registration a bearer; the metadata is for everybody.
pub fn oauth_router<S: Store + 'static, P: Permission>(
    accounts: ServiceAccounts<S, P>,
    gate: Gate<P>,
    server: OAuthServer,
) -> Router {
    let metadata = format!("{}{}", calls::METADATA, server.issuer.path());
    let router = calls::oauth().into_iter().fold(Router::new(), |router, call| {
        let expected = if call.told.method == Method::GET { "GET" } else { "POST" };
        router.route(call.told.path, call.route.fallback(move || wrong_method(expected)))
    });
    let router =
        if server.issuer.path().is_empty() { router } else { router.route(&metadata, get(metadata::metadata)) };
    router.with_state(Desk { accounts, gate, server: Arc::new(server) })
}

/// What every endpoint works with.
///
/// A clone is another handle, as axum asks for.
pub(crate) struct Desk<S, P: Permission> {
    accounts: ServiceAccounts<S, P>,
    gate: Gate<P>,
    server: Arc<OAuthServer>,
}

impl<S, P: Permission> Clone for Desk<S, P> {
    fn clone(&self) -> Self {
        Self { accounts: self.accounts.clone(), gate: self.gate.clone(), server: self.server.clone() }
    }
}

impl<S, P: Permission> Desk<S, P> {
    /// The realm is the gate's, so that one host has one challenge.
    fn refuse(&self, error: OAuthError) -> Refused {
        Refused::new(error, self.gate.realm_name())
    }
}

/// 405 in the standard's shape, with no challenge: nothing was judged.
async fn wrong_method(expected: &'static str) -> Refused {
    Refused::new(OAuthError::wrong_method(expected), "")
}
