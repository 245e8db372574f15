//! The faces: what the layer adds in process, and what it leaves of the requests a second over loopback.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    hint::black_box,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use http::{Request, Response, header::AUTHORIZATION};
use service_accounts::{
    AccessEvents, Actor, NewAccount, NewToken, ServiceAccounts,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_tower::{AuthenticateLayer, Gate, Peer};
use tower::{Layer, Service, layer::layer_fn};

use crate::side_by_side::{contestant, limit, medians, print_ratio};

/// How much the layer may cost beyond authenticating, in nanoseconds.
const OWN_COST: f64 = 200.0;

const CLIENTS: usize = 8;
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(700);

pub fn run() {
    let (accounts, token) = accounts();
    in_process(&accounts, &token);
    over_loopback(accounts, &token);
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

/// The two servers take turns under the same clients, so that a machine that drifts drifts for both. A round's figure is
/// nanoseconds a request, so a ratio of 1 / 0.92 is the goal of 0.92 × the requests a second.
fn over_loopback(accounts: ServiceAccounts<MemoryStore, Permission>, token: &str) {
    let bare = Router::new().route("/", get(|| async { "hello" }));
    let guarded = bare.clone().layer(AuthenticateLayer::new(Gate::new(accounts)));
    let (bare, guarded) = (serve(bare), serve(guarded));
    let mut figures = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        figures[0].push(nanoseconds_a_request(bare, token));
        figures[1].push(nanoseconds_a_request(guarded, token));
    }
    let [without, with] = figures.map(|mut figures| {
        figures.sort_by(f64::total_cmp);
        figures[ROUNDS / 2]
    });
    let peer = limit("the same server without the layer", without);
    print_ratio("axum with the layer, loopback", limit("", with), peer, 1.087);
}

/// One thread a server: the multi-thread scheduler only blurs round trips of microseconds.
fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    listener.set_nonblocking(true).expect("a socket");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await.expect("a server");
        });
    });
    address
}

fn nanoseconds_a_request(address: SocketAddr, token: &str) -> f64 {
    let end = Instant::now() + ROUND;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let request = format!("GET / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
            thread::spawn(move || count_requests(address, request.as_bytes(), end))
        })
        .collect();
    let requests: u32 = clients.into_iter().map(|client| client.join().expect("a client")).sum();
    ROUND.as_nanos() as f64 / f64::from(requests)
}

fn count_requests(address: SocketAddr, request: &[u8], end: Instant) -> u32 {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    let mut answer = [0; 1024];
    let mut count = 0;
    while Instant::now() < end {
        stream.write_all(request).expect("a request");
        let length = stream.read(&mut answer).expect("an answer");
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "every request is served");
        count += 1;
    }
    count
}

fn accounts() -> (ServiceAccounts<MemoryStore, Permission>, String) {
    let keyring = Keyring::new(PepperId::parse("k1").expect("an id"), Pepper::from_bytes([7; 32]));
    let vendor = Vendor::parse("peer").expect("a vendor");
    let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
    let builder = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, manage);
    let accounts = builder.access_events(AccessEvents::Off).build();
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("load-2026").expect("a name"))),
        ..NewAccount::new(
            DisplayName::parse("Load Measurement").expect("a name"),
            Purpose::parse("being measured").expect("a purpose"),
            Owner::parse("peers").expect("an owner"),
            Environment::production(),
        )
    };
    let created = at_once(accounts.acting(&Actor::host("peers")).create(wanted)).expect("an account");
    let token = created.first_token.expect("a token").secret.expose().to_owned();
    (accounts, token)
}
