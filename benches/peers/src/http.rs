//! The faces: what the layer adds in process, and what it leaves of the requests a second over loopback, on two stores.
//!
//! `-- http SERVER COUNT` sends so many requests to one of the servers and prints nothing, for a profiler to look at:
//! `plain`, `no-op`, `by hand`, `memory` or `sqlite`.

mod by_hand;
mod instructions;
mod loopback;
mod rounds;

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    hint::black_box,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use http::{Request, Response, header::AUTHORIZATION};
use service_accounts::{
    AccessEvents, Actor, Clock, NewAccount, NewToken, ServiceAccounts, SystemClock,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose, Store},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_tower::{AuthenticateLayer, Gate, Peer};
use tower::{Layer, Service, layer::layer_fn};

use crate::side_by_side::{contestant, limit, medians, print_ratio};

/// How much the layer may cost beyond authenticating, in nanoseconds.
const OWN_COST: f64 = 200.0;

pub fn run() {
    let arguments: Vec<_> = std::env::args().skip(2).collect();
    if let [server, count] = arguments.as_slice() {
        return loopback::send(server, count.parse().expect("a number of requests"));
    }
    let (accounts, token) = accounts(MemoryStore::new(), SystemClock);
    in_process(&accounts, &token);
    loopback::compare();
    instructions::compare();
}

fn in_process(accounts: &ServiceAccounts<MemoryStore, Permission>, token: &str) {
    let mut bare = layer_fn(|inner| inner).layer(Echo);
    let mut guarded = AuthenticateLayer::new(Gate::new(accounts.clone())).layer(Echo);
    let mut by_hand = ByHand { inner: Echo, accounts: accounts.clone() };
    let [without, authenticate, with, least] = medians([
        contestant("no-op layer", || drop(black_box(at_once(bare.call(request(token)))))),
        contestant("authenticate", || drop(black_box(at_once(accounts.authenticate(token, None))))),
        contestant("layer, in process", || drop(black_box(at_once(guarded.call(request(token)))))),
        contestant("the least by hand", || drop(black_box(at_once(by_hand.call(request(token)))))),
    ]);
    let nanoseconds = without.nanoseconds + authenticate.nanoseconds + OWN_COST;
    let bound = limit("no-op layer + authenticate + 200 ns", nanoseconds);
    print_ratio(with.name, with, bound, 1.0);
    print_ratio(with.name, with, least, 1.1);
}

#[derive(Clone)]
struct Echo;

impl Service<Request<String>> for Echo {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        ready(Ok(Response::new(request.into_body())))
    }
}

/// The least that a middleware can do which hands on a principal: for one store, one spelling of the header and one answer.
#[derive(Clone)]
struct ByHand<I> {
    inner: I,
    accounts: ServiceAccounts<MemoryStore, Permission>,
}

impl<I> Service<Request<String>> for ByHand<I>
where
    I: Service<Request<String>, Response = Response<String>, Future: Send> + Clone + Send + 'static,
{
    type Response = Response<String>;
    type Error = I::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, I::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<String>) -> Self::Future {
        let next = self.clone();
        let Self { mut inner, accounts } = std::mem::replace(self, next);
        Box::pin(async move {
            let value = request.headers_mut().remove(AUTHORIZATION);
            let text = value.as_ref().and_then(|value| str::from_utf8(value.as_bytes()).ok());
            let token = text.and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default();
            let Ok(principal) = accounts.authenticate(token, None).await else { return Ok(Response::default()) };
            request.extensions_mut().insert(principal);
            inner.call(request).await
        })
    }
}

/// A request as a server hands it on: with the address it came from.
fn request(token: &str) -> Request<String> {
    let request = Request::builder().header(AUTHORIZATION, format!("Bearer {token}"));
    request.extension(Peer(([127, 0, 0, 1], 80).into())).body(String::new()).expect("a request")
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn accounts<S: Store + 'static>(store: S, clock: impl Clock) -> (ServiceAccounts<S, Permission>, String) {
    let keyring = Keyring::new(PepperId::parse("k1").expect("an id"), Pepper::from_bytes([7; 32]));
    let vendor = Vendor::parse("peer").expect("a vendor");
    let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
    let builder = ServiceAccounts::builder(store, vendor, keyring, catalogue, manage);
    let accounts = builder.access_events(AccessEvents::Off).clock(clock).build();
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("load-2026").expect("a name"))),
        ..NewAccount::new(
            DisplayName::parse("Load Measurement").expect("a name"),
            Purpose::parse("being measured").expect("a purpose"),
            Owner::parse("peers").expect("an owner"),
            Environment::production(),
        )
    };
    let created = pollster::block_on(accounts.acting(&Actor::host("peers")).create(wanted)).expect("an account");
    let token = created.first_token.expect("a token").secret.expose().to_owned();
    (accounts, token)
}
