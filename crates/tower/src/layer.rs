//! The middleware.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use service_accounts::{
    Principal,
    access::{Permission, TeamName},
};
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;

use crate::{
    Gate, Problem, ProblemJson, ROTATE_AFTER, Render, RequestHead,
    gate::{Judged, rotate_after},
    require::Requirement,
    span::{describe, span_of},
};

/// Guards a service: requests reach it with a principal, which [`Gate::recall`] finds, and without the credential, or not
/// at all.
///
/// Each request is served inside a `tracing` span of the target `service_accounts::request` with its method, path,
/// account, token and address. Left out are parts of the path that are long enough to be a credential, the query, and
/// everything that the client sent in headers.
#[derive(Clone, Debug)]
pub struct AuthenticateLayer<P: Permission, R = ProblemJson> {
    guard: Guard<P, R>,
}

/// What a layer hands to each service it guards.
#[derive(Clone, Debug)]
struct Guard<P: Permission, R> {
    gate: Gate<P>,
    renderer: R,
    requirement: Option<Requirement<P>>,
}

impl<P: Permission> AuthenticateLayer<P> {
    /// Guards with this gate, and refuses with `application/problem+json`.
    #[must_use]
    pub const fn new(gate: Gate<P>) -> Self {
        Self { guard: Guard { gate, renderer: ProblemJson, requirement: None } }
    }
}

impl<P: Permission, R> AuthenticateLayer<P, R> {
    /// Refuses with what `renderer` makes: [`Grpc`](crate::Grpc), or a function of the host's.
    ///
    /// A service's body decides what is possible: [`ProblemJson`] needs one that can be made of a `String`.
    #[must_use]
    pub fn render_with<T>(self, renderer: T) -> AuthenticateLayer<P, T> {
        let Guard { gate, requirement, .. } = self.guard;
        AuthenticateLayer { guard: Guard { gate, renderer, requirement } }
    }

    /// Lets in only who holds `permission`; others get 403, and the refusal is recorded.
    #[must_use]
    pub fn require(self, permission: P) -> Self {
        self.require_in(permission, |_| Ok(None))
    }

    /// Lets in only who holds `permission` on what belongs to the team that `team` finds in the request, or to nobody.
    ///
    /// ```
    /// # use service_accounts::access::{TeamName, presets::data_quality::Permission};
    /// # use service_accounts_tower::{AuthenticateLayer, Gate, Problem};
    /// # fn guard(gate: Gate<Permission>) -> AuthenticateLayer<Permission> {
    /// // Resources live under /teams/{team}/…
    /// AuthenticateLayer::new(gate).require_in(Permission::ResourcesWrite, |head| {
    ///     let team = head.uri.path().split('/').nth(2).unwrap_or_default();
    ///     let team = TeamName::parse(team).map_err(|_| {
    ///         Problem::new(http::StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such team.")
    ///     })?;
    ///     Ok(Some(team))
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn require_in<T>(self, permission: P, team: T) -> Self
    where
        T: Fn(RequestHead<'_>) -> Result<Option<TeamName>, Problem> + Send + Sync + 'static,
    {
        let requirement = Requirement::new(self.guard.gate.clone(), permission, Arc::new(team));
        Self { guard: Guard { requirement: Some(requirement), ..self.guard } }
    }
}

impl<I, P: Permission, R: Clone> Layer<I> for AuthenticateLayer<P, R> {
    type Service = Authenticate<I, P, R>;

    fn layer(&self, inner: I) -> Authenticate<I, P, R> {
        Authenticate { inner, guard: self.guard.clone() }
    }
}

/// A guarded service; made by [`AuthenticateLayer`].
#[derive(Clone, Debug)]
pub struct Authenticate<I, P: Permission, R = ProblemJson> {
    inner: I,
    guard: Guard<P, R>,
}

impl<I, P, R, B, C> Service<Request<B>> for Authenticate<I, P, R>
where
    I: Service<Request<B>, Response = Response<C>> + Clone,
    P: Permission,
    R: Render<C> + Clone,
{
    type Response = Response<C>;
    type Error = I::Error;
    type Future = Guarded<I, B, P, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let span = span_of(&request);
        let entered = span.enter();
        let Self { inner, guard } = self;
        let admitted = match guard.gate.take(&mut request) {
            Ok(taken) => match guard.gate.judge_at_once(&taken) {
                Some(judged) => judged.and_then(|principal| guard.let_in(principal, &mut request, &span)),
                None => {
                    let judged = guard.gate.judge(taken);
                    let waiting = Waiting { judged, inner: take_readied(inner), request, guard: guard.clone() };
                    drop(entered);
                    return Guarded { stage: Stage::Judging { waiting: Some(Box::new(waiting)) }, span };
                }
            },
            Err(problem) => Err(problem),
        };
        let stage = match admitted {
            Ok(rotate_after) => Stage::Serving { served: inner.call(request), rotate_after },
            Err(problem) => {
                // What it holds to be ready, such as a place under a limit, is for a request that comes.
                drop(take_readied(inner));
                Stage::refused(guard.refuse(problem, &span))
            }
        };
        drop(entered);
        Guarded { stage, span }
    }
}

/// The service that is ready; in its place remains a clone that is not, for the next request.
fn take_readied<I: Clone>(inner: &mut I) -> I {
    let next = inner.clone();
    std::mem::replace(inner, next)
}

pin_project! {
    /// The answer of a guarded service.
    #[must_use = "futures do nothing unless polled"]
    pub struct Guarded<I, B, P, R = ProblemJson>
    where
        I: Service<Request<B>>,
        P: Permission,
    {
        #[pin]
        stage: Stage<I, B, P, R>,
        span: Span,
    }
}

/// A request whose credential is being judged. It lies apart, so that a request that need not wait is not moved for it.
struct Waiting<I, B, P: Permission, R> {
    judged: Judged<P>,
    inner: I,
    request: Request<B>,
    guard: Guard<P, R>,
}

pin_project! {
    #[project = StageProjection]
    enum Stage<I, B, P, R>
    where
        I: Service<Request<B>>,
        P: Permission,
    {
        Judging { waiting: Option<Box<Waiting<I, B, P, R>>> },
        Serving { #[pin] served: I::Future, rotate_after: Option<HeaderValue> },
        Refused { response: Option<Box<I::Response>> },
    }
}

impl<I: Service<Request<B>>, B, P: Permission, R> Stage<I, B, P, R> {
    fn refused(response: I::Response) -> Self {
        Self::Refused { response: Some(Box::new(response)) }
    }
}

impl<I, P, R, B, C> Future for Guarded<I, B, P, R>
where
    I: Service<Request<B>, Response = Response<C>>,
    P: Permission,
    R: Render<C>,
{
    type Output = Result<Response<C>, I::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (mut stage, span) = (this.stage, &*this.span);
        let _entered = span.enter();
        if let StageProjection::Judging { waiting } = stage.as_mut().project() {
            // It is still there: a judgement comes once.
            let Some(judging) = waiting else { return Poll::Pending };
            let judged = ready!(judging.judged.as_mut().poll(context));
            let Some(judging) = waiting.take() else { return Poll::Pending };
            let Waiting { mut inner, mut request, guard, .. } = *judging;
            match judged.and_then(|principal| guard.let_in(principal, &mut request, span)) {
                Ok(rotate_after) => stage.set(Stage::Serving { served: inner.call(request), rotate_after }),
                Err(problem) => return Poll::Ready(Ok(guard.refuse(problem, span))),
            }
        }
        match stage.project() {
            StageProjection::Serving { served, rotate_after } => {
                let mut response = ready!(served.poll(context))?;
                if let Some(instant) = rotate_after.take() {
                    response.headers_mut().insert(ROTATE_AFTER, instant);
                }
                Poll::Ready(Ok(response))
            }
            StageProjection::Refused { response } => response.take().map_or(Poll::Pending, |it| Poll::Ready(Ok(*it))),
            StageProjection::Judging { .. } => Poll::Pending,
        }
    }
}

impl<P: Permission, R> Guard<P, R> {
    fn refuse<C>(&self, problem: Problem, span: &Span) -> Response<C>
    where
        R: Render<C>,
    {
        span.record("refused", problem.code());
        self.renderer.render(problem)
    }
}

impl<P: Permission, R> Guard<P, R> {
    /// Puts the principal into the request, if it holds what is required.
    fn let_in<B>(
        &self,
        principal: Principal<P>,
        request: &mut Request<B>,
        span: &Span,
    ) -> Result<Option<HeaderValue>, Problem> {
        if !span.is_disabled() {
            describe(&principal, span);
        }
        if let Some(requirement) = &self.requirement {
            requirement.check(&principal, RequestHead::from(&*request))?;
        }
        let rotate_after = rotate_after(&principal);
        self.gate.remember(request.extensions_mut(), principal);
        Ok(rotate_after)
    }
}
