//! The layer among other layers of a stack, and a client that goes away.

use std::{
    convert::Infallible,
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::{Request, Response, StatusCode};
use service_accounts_store::conformance::{Call, Fault, When};
use service_accounts_tower::AuthenticateLayer;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use crate::support::World;

async fn served(_: Request<String>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("served".into()))
}

/// A stack that waits for a place must not wait for ever: a leaked place would hang the test.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(5), future).await.unwrap()
}

#[tokio::test]
async fn refusals_give_their_place_back_under_a_limit() {
    let world = World::new();
    let layer = AuthenticateLayer::new(world.gate());
    let behind = ServiceBuilder::new().layer(layer.clone()).concurrency_limit(1).service(service_fn(served));
    let before = ServiceBuilder::new().concurrency_limit(1).layer(layer).service(service_fn(served));
    for _ in 0..3 {
        for (request, status) in [(Request::default(), 401), (world.request(), 200)] {
            assert_eq!(in_time(behind.clone().oneshot(request)).await.unwrap().status().as_u16(), status);
        }
        for (request, status) in [(Request::default(), 401), (world.request(), 200)] {
            assert_eq!(in_time(before.clone().oneshot(request)).await.unwrap().status().as_u16(), status);
        }
    }
}

/// A connection keeps its service, and others are served while it says nothing.
#[tokio::test]
async fn a_refused_connection_holds_no_place_while_it_is_idle() {
    let world = World::new();
    let layer = AuthenticateLayer::new(world.gate());
    let stack = ServiceBuilder::new().layer(layer).concurrency_limit(1).service(service_fn(served));
    let mut idle = stack.clone();
    let refused = in_time(idle.ready().await.unwrap().call(Request::default())).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(in_time(stack.oneshot(world.request())).await.unwrap().body(), "served");
    drop(idle);
}

#[tokio::test]
async fn a_request_that_is_dropped_while_it_is_judged_gives_its_place_back() {
    let world = World::new();
    let layer = AuthenticateLayer::new(world.gate());
    let stack = ServiceBuilder::new().layer(layer).concurrency_limit(1).service(service_fn(served));
    world.store.fail(When::Each(Call::Credential), Fault::Hangs);
    {
        let mut waiting = pin!(stack.clone().oneshot(world.request()));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    world.store.heal();
    assert_eq!(in_time(stack.oneshot(world.request())).await.unwrap().body(), "served");
}

#[tokio::test]
async fn a_buffer_serves_every_clone_in_turn() {
    let world = World::new();
    let layer = AuthenticateLayer::new(world.gate());
    let outside = ServiceBuilder::new().buffer(2).layer(layer.clone()).service(service_fn(served));
    let inside = ServiceBuilder::new().layer(layer).buffer(2).service(service_fn(served));
    for _ in 0..10 {
        assert_eq!(in_time(outside.clone().oneshot(world.request())).await.unwrap().body(), "served");
        assert_eq!(in_time(inside.clone().oneshot(world.request())).await.unwrap().body(), "served");
        let refused = in_time(inside.clone().oneshot(Request::default())).await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_shed_request_is_the_stacks_error_and_no_verdict() {
    let world = World::new();
    let stuck = service_fn(|_: Request<String>| pending::<Result<Response<String>, Infallible>>());
    let layer = AuthenticateLayer::new(world.gate());
    let mut stack = ServiceBuilder::new().load_shed().layer(layer).concurrency_limit(1).service(stuck);
    let mut first = pin!(stack.ready().await.unwrap().call(world.request()));
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let second = in_time(stack.ready().await.unwrap().call(world.request())).await;
    assert!(second.unwrap_err().is::<tower::load_shed::error::Overloaded>());
}

/// A service that waits this many times, and counts how often it came to its end.
fn slow(waits: usize, ends: &Arc<AtomicUsize>) -> impl Future<Output = Result<Response<String>, Infallible>> + use<> {
    let (ends, mut left) = (ends.clone(), waits);
    poll_fn(move |context| {
        if left > 0 {
            left -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        ends.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(Response::default()))
    })
}

/// A client may go away at any await; the next request is served as if nothing had been.
#[tokio::test]
async fn a_request_dropped_at_any_await_leaves_the_stack_whole() {
    const WAITS: usize = 3;
    let (world, ends) = (World::new(), Arc::new(AtomicUsize::new(0)));
    let counter = ends.clone();
    let inner = service_fn(move |_: Request<String>| slow(WAITS, &counter));
    let layer = AuthenticateLayer::new(world.gate());
    let stack = ServiceBuilder::new().layer(layer).concurrency_limit(1).service(inner);
    for polls in 0..=WAITS {
        let before = ends.load(Ordering::Relaxed);
        {
            let mut request = pin!(stack.clone().oneshot(world.request()));
            for _ in 0..polls {
                assert!(request.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
        }
        assert_eq!(ends.load(Ordering::Relaxed), before, "dropped after {polls} polls");
        assert_eq!(in_time(stack.clone().oneshot(world.request())).await.unwrap().status(), StatusCode::OK);
        assert_eq!(ends.load(Ordering::Relaxed), before + 1);
    }
}
