//! Requests a second of one axum server, with the layer and without it.
//!
//! The servers take turns under the same clients, so that a machine that drifts drifts for all.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::mpsc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use axum::{Router, routing::get};
use service_accounts::{
    Clock, ServiceAccounts, SystemClock,
    access::presets::data_quality::Permission,
    sqlite::SqliteStore,
    store::{MemoryStore, Store},
};
use service_accounts_tower::{AuthenticateLayer, Gate};
use tempfile::TempDir;
use time::UtcDateTime;
use tower::layer::layer_fn;

use super::{
    accounts, by_hand,
    rounds::{Round, Shares},
};

const CLIENTS: usize = 8;
const ROUNDS: usize = 31;
const ROUND: Duration = Duration::from_millis(300);

/// The servers, in the order of their turns.
const SERVERS: [&str; 5] = ["plain", "no-op", "by hand", "memory", "sqlite"];

/// One server, another one, and what share of the other's requests a second the first must have.
const COMPARED: [(&str, &str, Option<f64>); 6] = [
    ("no-op", "plain", None),
    ("by hand", "plain", None),
    ("memory", "plain", Some(0.95)),
    ("memory", "by hand", Some(1.0)),
    ("sqlite", "plain", Some(0.85)),
    ("sqlite", "by hand", None),
];

/// Prints a `requests/s` and a `processor` line a comparison: both figures, and the share with its quartiles.
///
/// Server and clients share the machine, so `requests/s` counts what both do; `processor` counts the server alone.
pub fn compare() {
    let servers = SERVERS.map(|name| Server::start(name, SystemClock));
    let rounds: Vec<_> = (0..ROUNDS).map(|_| servers.each_ref().map(Server::round)).collect();
    let place = |name| SERVERS.iter().position(|server| *server == name).expect("one of the servers");
    for (ours, other, goal) in COMPARED {
        let places = [place(ours), place(other)];
        let figures = |of: fn(&Round) -> f64| rounds.iter().map(move |round| places.map(|place| of(&round[place])));
        let speed = Shares::of(figures(|round| round.requests_a_second), |[ours, other]| ours / other);
        let goal = goal.map_or_else(String::new, |goal| format!("\t≥ {goal}\t{}", speed.verdict(goal)));
        println!("requests/s\taxum, {ours} and {other}\t{speed}{goal}");
        let cost = Shares::of(figures(|round| round.processor), |[ours, other]| other / ours);
        println!("processor\taxum, {ours} and {other}, ns a request\t{cost}");
    }
}

/// Without the kernel's shared page, which `SystemClock` reads: valgrind hides it.
fn standard_clock() -> UtcDateTime {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_secs();
    UtcDateTime::from_unix_timestamp(since.try_into().expect("a year of four digits")).expect("a year of four digits")
}

/// One client sends so many requests to this server, one after the other.
pub fn send(server: &str, count: u32) {
    let server = Server::start(server, standard_clock);
    let mut client = Client::new(&server);
    for _ in 0..count {
        client.send();
    }
}

/// One thread a server: the multi-thread scheduler only blurs round trips of microseconds.
struct Server {
    address: SocketAddr,
    /// Of the thread that serves, where the system has one: how long it has run, in nanoseconds.
    schedule: PathBuf,
    token: String,
    _folder: Option<TempDir>,
}

impl Server {
    fn start(name: &str, clock: impl Clock) -> Self {
        let plain = Router::new().route("/", get(|| async { "hello" }));
        match name {
            "plain" => Self::serving(plain, "x".repeat(69), None),
            "no-op" => Self::serving(plain.layer(layer_fn(|inner| inner)), "x".repeat(69), None),
            "by hand" => Self::serving(by_hand::guard(plain, &"x".repeat(69)), "x".repeat(69), None),
            "memory" => Self::guarding(plain, accounts(MemoryStore::new(), clock), None),
            "sqlite" => {
                let folder = tempfile::tempdir().expect("a folder");
                let store = SqliteStore::open(folder.path().join("accounts.db")).expect("a database");
                Self::guarding(plain, accounts(store, clock), Some(folder))
            }
            other => panic!("no server `{other}`: choose one of {SERVERS:?}"),
        }
    }

    fn guarding<S: Store + 'static>(
        plain: Router,
        (accounts, token): (ServiceAccounts<S, Permission>, String),
        folder: Option<TempDir>,
    ) -> Self {
        Self::serving(plain.layer(AuthenticateLayer::new(Gate::new(accounts))), token, folder)
    }

    fn serving(router: Router, token: String, folder: Option<TempDir>) -> Self {
        let (address, schedule) = serve(router);
        Self { address, schedule, token, _folder: folder }
    }

    fn round(&self) -> Round {
        let (before, end) = (self.time_on_processor(), Instant::now() + ROUND);
        let requests: u32 = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| Client::new(self).send_until(end))).collect();
            clients.into_iter().map(|client| client.join().expect("a client")).sum()
        });
        let processor = (self.time_on_processor() - before) / f64::from(requests);
        Round { requests_a_second: f64::from(requests) / ROUND.as_secs_f64(), processor }
    }

    fn time_on_processor(&self) -> f64 {
        let schedule = fs::read_to_string(&self.schedule).unwrap_or_default();
        schedule.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or_default()
    }
}

fn serve(router: Router) -> (SocketAddr, PathBuf) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    listener.set_nonblocking(true).expect("a socket");
    let (say, said) = mpsc::channel();
    thread::spawn(move || {
        let thread = fs::read_link("/proc/thread-self").unwrap_or_default();
        say.send(PathBuf::from("/proc").join(thread).join("schedstat")).expect("somebody waits");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await.expect("a server");
        });
    });
    (address, said.recv().expect("a thread"))
}

struct Client {
    stream: TcpStream,
    request: String,
}

impl Client {
    fn new(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let request = format!("GET / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", server.token);
        Self { stream, request }
    }

    fn send(&mut self) {
        let mut answer = [0; 1024];
        self.stream.write_all(self.request.as_bytes()).expect("a request");
        let length = self.stream.read(&mut answer).expect("an answer");
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "every request is served");
    }

    fn send_until(&mut self, end: Instant) -> u32 {
        let mut count = 0;
        while Instant::now() < end {
            self.send();
            count += 1;
        }
        count
    }
}
