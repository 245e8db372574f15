//! What the layer allocates for a request that it lets in; alone in its process, so that nobody else is counted.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    alloc::System,
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    task::{Context, Poll, Waker},
};

use http::{Request, Response, header::AUTHORIZATION};
use pollster::block_on;
use service_accounts::{
    Actor, NewAccount, NewToken, ServiceAccounts,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_tower::{AuthenticateLayer, Gate};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tower_layer::Layer;
use tower_service::Service;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const REQUESTS: usize = 1000;

/// What the test harness may allocate while it waits; far less than one a request.
const NOISE: usize = 20;

/// An inner service that allocates nothing.
#[derive(Clone)]
struct Served;

impl Service<Request<()>> for Served {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        drop(black_box(request));
        ready(Ok(Response::new(String::new())))
    }
}

/// How often memory was asked for while all of these were served.
fn allocations(service: &mut impl Service<Request<()>, Response = Response<String>>, all: Vec<Request<()>>) -> usize {
    let mut context = Context::from_waker(Waker::noop());
    let region = Region::new(COUNTED);
    for request in all {
        let mut served = std::pin::pin!(service.call(request));
        let Poll::Ready(Ok(response)) = served.as_mut().poll(&mut context) else { panic!("it was not served at once") };
        assert_eq!(response.status(), 200);
    }
    let counted = region.change();
    counted.allocations + counted.reallocations
}

/// Requests as a server hands them over: with an extension, such as the peer's address.
fn requests(token: &str) -> Vec<Request<()>> {
    let request =
        || Request::builder().header(AUTHORIZATION, format!("Bearer {token}")).extension(7_u8).body(()).unwrap();
    (0..=REQUESTS).map(|_| request()).collect()
}

#[test]
fn a_request_that_is_let_in_costs_one_allocation_at_most() {
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]));
    let (vendor, catalogue) = (Vendor::parse("acme").unwrap(), data_quality::catalogue());
    let manage = Permission::ServiceAccountsManage;
    let accounts = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, manage).build();
    let (name, purpose) = (DisplayName::parse("Finance Metrics").unwrap(), Purpose::parse("a test").unwrap());
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("first").unwrap())),
        ..NewAccount::new(name, purpose, Owner::parse("finance").unwrap(), Environment::production())
    };
    let created = block_on(accounts.acting(&Actor::host("ops@example.com")).create(wanted)).unwrap();
    let token = created.first_token.unwrap().secret.expose().to_owned();

    let mut guarded = AuthenticateLayer::new(Gate::new(accounts)).layer(Served);
    // The first request begins what later ones only add to: a row of the trail, and what is known of the record.
    let mut all = requests(&token);
    allocations(&mut guarded, all.split_off(REQUESTS));
    let counted = allocations(&mut guarded, all);
    assert!(counted <= REQUESTS + NOISE, "{counted} allocations for {REQUESTS} requests");
    assert!(counted >= REQUESTS, "the principal waits in a box; {counted} allocations cannot be all");

    // What the count would be where a service allocates: so the allocator does count.
    let bare = allocations(&mut Served, requests(&token));
    assert!(bare <= NOISE, "{bare} allocations without the layer");
}
