//! The layer as a tower service.

use std::{
    convert::Infallible,
    future::{Future, Ready, poll_fn, ready},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use pollster::block_on;
use service_accounts::AccessEvents;
use service_accounts_store::conformance::{Call, Fault, When};
use service_accounts_tower::{AuthenticateLayer, ROTATE_AFTER};
use time::Duration;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{World, request_with};

/// A service that serves only after it was made ready, and whose clones are not.
#[derive(Default)]
struct Fussy {
    is_ready: bool,
}

impl Clone for Fussy {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<String>> for Fussy {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<String>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called without being made ready");
        ready(Ok(Response::default()))
    }
}

#[test]
fn the_service_that_was_made_ready_is_the_one_that_serves() {
    // A strict trail is waited for; without one the request is judged at once.
    for events in [AccessEvents::Off, AccessEvents::Strict] {
        let world = World::with(events, |account| account);
        let mut guarded = AuthenticateLayer::new(world.gate()).layer(Fussy::default());
        for _ in 0..3 {
            let response = block_on(async { guarded.ready().await?.call(world.request()).await });
            assert_eq!(response.unwrap().status(), StatusCode::OK, "{events:?}");
        }
    }
}

#[test]
fn the_principal_goes_in_and_the_credential_does_not() {
    let world = World::new();
    let (account, gate) = (world.account.clone(), world.gate());
    let seen = gate.clone();
    let inner = service_fn(move |request: Request<String>| {
        let principal = seen.recall(request.extensions()).unwrap();
        assert_eq!(*principal.id(), account);
        assert!(!request.headers().contains_key(AUTHORIZATION));
        assert_eq!((request.headers()["x-other"].as_bytes(), request.body().as_str()), (&b"stays"[..], "the body"));
        ready(Ok::<_, Infallible>(Response::new(String::from("served"))))
    });
    let mut request = world.request();
    request.headers_mut().insert("x-other", "stays".parse().unwrap());
    *request.body_mut() = "the body".into();
    let response = block_on(AuthenticateLayer::new(gate).layer(inner).oneshot(request)).unwrap();
    assert_eq!(response.body(), "served");
}

#[test]
fn a_refused_request_never_reaches_the_service() {
    let world = World::new();
    let served = Arc::new(AtomicUsize::new(0));
    let counter = served.clone();
    let inner = service_fn(move |_: Request<String>| {
        counter.fetch_add(1, Ordering::Relaxed);
        ready(Ok::<_, Infallible>(Response::new(String::new())))
    });
    let guarded = AuthenticateLayer::new(world.gate()).layer(inner);
    for request in [Request::default(), request_with("acme_sat_nonsense"), request_with("")] {
        assert!(block_on(guarded.clone().oneshot(request)).unwrap().status().is_client_error());
    }
    assert_eq!(served.load(Ordering::Relaxed), 0);
    block_on(guarded.oneshot(world.request())).unwrap();
    assert_eq!(served.load(Ordering::Relaxed), 1);
}

#[test]
fn while_the_store_is_waited_for_nothing_is_served() {
    let world = World::new();
    world.store.fail(When::Each(Call::Credential), Fault::Hangs);
    let inner = service_fn(|_: Request<String>| -> Ready<Result<Response<String>, Infallible>> { unreachable!() });
    let mut answer = pin!(AuthenticateLayer::new(world.gate()).layer(inner).oneshot(world.request()));
    for _ in 0..2 {
        assert!(answer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
}

#[test]
fn a_service_may_take_its_time() {
    let world = World::new();
    let inner = service_fn(async |_: Request<String>| {
        let mut polls = 0..2;
        poll_fn(|_| if polls.next().is_some() { Poll::Pending } else { Poll::Ready(()) }).await;
        Ok::<_, Infallible>(Response::new(String::from("at last")))
    });
    let mut answer = pin!(AuthenticateLayer::new(world.gate()).layer(inner).oneshot(world.request()));
    let mut poll = || answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll().is_pending() && poll().is_pending());
    let Poll::Ready(Ok(response)) = poll() else { panic!("still waiting") };
    assert_eq!(response.body(), "at last");
}

#[derive(Clone)]
struct Unready(Poll<Result<(), &'static str>>);

impl Service<Request<String>> for Unready {
    type Response = Response<String>;
    type Error = &'static str;
    type Future = Ready<Result<Response<String>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.0
    }

    fn call(&mut self, _: Request<String>) -> Self::Future {
        ready(Err("broken while serving"))
    }
}

#[test]
fn readiness_and_errors_are_those_of_the_service_behind() {
    let world = World::new();
    let mut context = Context::from_waker(Waker::noop());
    for state in [Poll::Pending, Poll::Ready(Ok(())), Poll::Ready(Err("broken"))] {
        let mut guarded = AuthenticateLayer::new(world.gate()).layer(Unready(state));
        assert_eq!(guarded.poll_ready(&mut context), state);
    }
    let guarded = AuthenticateLayer::new(world.gate()).layer(Unready(Poll::Ready(Ok(()))));
    assert_eq!(block_on(guarded.oneshot(world.request())).unwrap_err(), "broken while serving");
}

#[test]
fn a_client_is_told_to_rotate_once_the_window_is_open() {
    let world = World::new();
    let guarded = AuthenticateLayer::new(world.gate()).layer(Fussy::default());
    let told = || block_on(guarded.clone().oneshot(world.request())).unwrap().headers().get(ROTATE_AFTER).cloned();
    assert_eq!(told(), None);
    world.clock.advance(Duration::days(335) - Duration::SECOND);
    assert_eq!(told(), None);
    for _ in 0..2 {
        world.clock.advance(Duration::SECOND);
        // 335 days of a production token's 365 after 2027-01-15T08:00:00Z, whenever it is asked.
        assert_eq!(told().unwrap(), "2027-12-16T08:00:00Z");
    }
}
