//! The middleware.

use std::{
    future::{Future, ready},
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use service_accounts::access::Permission;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    Gate, ROTATE_AFTER,
    gate::{Judged, rotate_after},
};

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
    I: Service<Request<B>, Response = Response<R>> + Clone,
    P: Permission,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = I::Error;
    type Future = Guarded<I, B, P>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The readied service serves this request; its clone, not yet ready, waits for the next one.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        let judged = self.gate.take(&mut request).unwrap_or_else(|problem| Box::pin(ready(Err(problem))));
        Guarded { stage: Stage::Judging { judged, inner, request: Some(request) } }
    }
}

pin_project! {
    /// The answer of a guarded service.
    #[must_use = "futures do nothing unless polled"]
    pub struct Guarded<I, B, P>
    where
        I: Service<Request<B>>,
        P: Permission,
    {
        #[pin]
        stage: Stage<I, B, P>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<I, B, P>
    where
        I: Service<Request<B>>,
        P: Permission,
    {
        Judging { judged: Judged<P>, inner: I, request: Option<Request<B>> },
        Serving { #[pin] served: I::Future, rotate_after: Option<HeaderValue> },
    }
}

impl<I, P, B, R> Future for Guarded<I, B, P>
where
    I: Service<Request<B>, Response = Response<R>>,
    P: Permission,
    R: From<String>,
{
    type Output = Result<Response<R>, I::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        if let StageProjection::Judging { judged, inner, request } = stage.as_mut().project() {
            let principal = match ready!(judged.as_mut().poll(context)) {
                Ok(principal) => principal,
                Err(problem) => return Poll::Ready(Ok(problem.into_response())),
            };
            // It is still there: a judgement comes once.
            let Some(mut request) = request.take() else { return Poll::Pending };
            let rotate_after = rotate_after(&principal);
            request.extensions_mut().insert(principal);
            let served = inner.call(request);
            stage.set(Stage::Serving { served, rotate_after });
        }
        let StageProjection::Serving { served, rotate_after } = stage.project() else { return Poll::Pending };
        let mut response = ready!(served.poll(context))?;
        if let Some(instant) = rotate_after.take() {
            response.headers_mut().insert(ROTATE_AFTER, instant);
        }
        Poll::Ready(Ok(response))
    }
}
