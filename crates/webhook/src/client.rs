//! The ready client: hyper with rustls, which connects where the host allows and nowhere else.
//!
//! It opens sockets and looks names up, which `hyper` does on tokio: the one exception to the rule that only adapters
//! name a runtime, behind the feature `client`. Little is needed (one request, no redirect, no proxy from the
//! environment, a say in which address is connected to), and `hyper-util` has no more than that. Given up: HTTP/2 to
//! receivers, and compressed answers, which nobody reads.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        self,
        connect::{HttpConnector, dns::Name},
    },
    rt::{TokioExecutor, TokioTimer as HyperTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use service_accounts::{TargetUrl, Targets, is_public};
use tower_service::Service;

use crate::{TargetRefused, Timer};

type Inner = legacy::Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>;

/// How long a connection may take to come about.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long a connection is kept for the next message.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// How much memory one connection may take for what it reads, in bytes.
const BUFFER: usize = 64 * 1024;

/// Sends requests over HTTP/1.1, over TLS for `https`, through no proxy, without following redirects.
///
/// A name is resolved once for each connection, and the address that was judged is the one connected to: no second answer
/// of a name server can lead elsewhere. The system's certificates are trusted.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Inner,
    targets: Targets,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The host does not allow the target.
    #[error(transparent)]
    Refused(#[from] TargetRefused),
    /// There was no connection, or it ended before the answer did.
    #[error("the exchange failed")]
    Exchange(#[source] legacy::Error),
}

impl Client {
    /// A client that connects where this rule allows; a host passes that of its outbox.
    #[must_use]
    pub fn new(targets: Targets) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver { targets });
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT_TIME));
        let https = HttpsConnectorBuilder::new().with_tls_config(tls()).https_or_http().enable_http1();
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .pool_timer(HyperTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(1)
            .retry_canceled_requests(false)
            .http1_max_buf_size(BUFFER);
        Self { inner: builder.build(https.wrap_connector(http)), targets }
    }
}

/// Trusts what the system trusts. Where that is nothing, no TLS connection comes about.
fn tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (trusted, _) = roots.add_parsable_certificates(found.certs);
    if trusted == 0 {
        tracing::warn!(target: "service_accounts::webhook", "the system has no certificates; nothing is sent over TLS");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    match config.with_safe_default_protocol_versions() {
        Ok(config) => config.with_root_certificates(roots).with_no_client_auth(),
        // Not reached: the provider has the suites of these versions.
        Err(_) => ClientConfig::builder().with_root_certificates(roots).with_no_client_auth(),
    }
}

impl Service<Request<Full<Bytes>>> for Client {
    type Response = Response<Incoming>;
    type Error = ClientError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ClientError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        // An address in the place of a name is not resolved, so it is judged here.
        let is_allowed = TargetUrl::parse(&request.uri().to_string()).is_ok_and(|url| url.check(self.targets).is_ok());
        let exchange = is_allowed.then(|| self.inner.request(request));
        Box::pin(async move {
            match exchange {
                Some(exchange) => exchange.await.map_err(ClientError::Exchange),
                None => Err(TargetRefused.into()),
            }
        })
    }
}

/// Looks a name up, and keeps only the addresses that are allowed.
#[derive(Clone, Copy, Debug)]
struct Resolver {
    targets: Targets,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let targets = self.targets;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let is_allowed = |address: &SocketAddr| targets == Targets::Any || is_public(address.ip());
            let allowed: Vec<_> = found.filter(is_allowed).collect();
            if allowed.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, TargetRefused));
            }
            Ok(allowed.into_iter())
        })
    }
}

/// Waits on tokio.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimer;

impl Timer for TokioTimer {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
