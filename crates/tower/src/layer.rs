//! The middleware.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response, header::AUTHORIZATION};
use service_accounts::access::Permission;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Gate, ROTATE_AFTER, gate::rotate_after};

/// Guards a service: requests reach it with a [`Principal`](service_accounts::Principal) in their extensions and without
/// the credential, or not at all.
#[derive(Clone, Debug)]
pub struct AuthenticateLayer<P: Permission>(Gate<P>);

impl<P: Permission> AuthenticateLayer<P> {
    /// Guards with this gate.
    #[must_use]
    pub const fn new(gate: Gate<P>) -> Self {
        Self(gate)
    }
}

impl<I, P: Permission> Layer<I> for AuthenticateLayer<P> {
    type Service = Authenticate<I, P>;

    fn layer(&self, inner: I) -> Authenticate<I, P> {
        Authenticate { inner, gate: self.0.clone() }
    }
}

/// A guarded service; made by [`AuthenticateLayer`].
#[derive(Clone, Debug)]
pub struct Authenticate<I, P: Permission> {
    inner: I,
    gate: Gate<P>,
}

impl<I, P, B, R> Service<Request<B>> for Authenticate<I, P>
where
    I: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    I::Future: Send,
    P: Permission,
    B: Send + 'static,
    R: From<String> + 'static,
{
    type Response = Response<R>;
    type Error = I::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, I::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The readied service serves this request; its clone, not yet ready, waits for the next one.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        Box::pin(guard(self.gate.clone(), inner, request))
    }
}

async fn guard<I, P, B, R>(gate: Gate<P>, mut inner: I, request: Request<B>) -> Result<Response<R>, I::Error>
where
    I: Service<Request<B>, Response = Response<R>>,
    P: Permission,
    R: From<String>,
{
    let (mut parts, body) = request.into_parts();
    let principal = match gate.admit(&parts.headers, &parts.uri, &parts.extensions).await {
        Ok(principal) => principal,
        Err(problem) => return Ok(problem.into_response()),
    };
    let rotate_after = rotate_after(&principal);
    parts.headers.remove(AUTHORIZATION);
    parts.extensions.insert(principal);
    let mut response = inner.call(Request::from_parts(parts, body)).await?;
    if let Some(instant) = rotate_after {
        response.headers_mut().insert(ROTATE_AFTER, instant);
    }
    Ok(response)
}
