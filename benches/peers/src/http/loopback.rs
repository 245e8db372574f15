//! Requests a second of one axum server, with the layer and without it.
//!
//! The servers take turns under the same clients, so that a machine that drifts drifts for all.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
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

use super::accounts;

const CLIENTS: usize = 8;
const ROUNDS: usize = 31;
const ROUND: Duration = Duration::from_millis(300);

/// Each store, and what share of the requests a second must be left.
const GOALS: [(&str, f64); 2] = [("memory", 0.95), ("sqlite", 0.85)];

/// Prints one `requests/s` line a store: with the layer, without it, and the share that is left, with its quartiles.
///
/// A share is that of one round, in which all servers had their turn: the machine's speed changes more between rounds.
pub fn compare() {
    let servers = ["plain", "memory", "sqlite"].map(|name| Server::start(name, SystemClock));
    let rounds: Vec<_> = (0..ROUNDS).map(|_| servers.each_ref().map(Server::requests_a_second)).collect();
    let without = quartiles(rounds.iter().map(|[without, ..]| *without))[1];
    for (place, (store, goal)) in GOALS.into_iter().enumerate() {
        let [low, share, high] = quartiles(rounds.iter().map(|round| round[place + 1] / round[0]));
        let with = quartiles(rounds.iter().map(|round| round[place + 1]))[1];
        let verdict = if share >= goal { "ok" } else { "short" };
        println!(
            "requests/s\taxum with the layer, {store}\t{with:.0}\twithout it\t{without:.0}\t{share:.3} ({low:.3}–{high:.3})\t≥ {goal}\t{verdict}"
        );
    }
}

fn quartiles(figures: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| figures[figures.len() * quarter / 4])
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
    token: String,
    _folder: Option<TempDir>,
}

impl Server {
    fn start(name: &str, clock: impl Clock) -> Self {
        let plain = Router::new().route("/", get(|| async { "hello" }));
        match name {
            "plain" => Self { address: serve(plain), token: "x".repeat(69), _folder: None },
            "memory" => Self::guarding(plain, accounts(MemoryStore::new(), clock), None),
            "sqlite" => {
                let folder = tempfile::tempdir().expect("a folder");
                let store = SqliteStore::open(folder.path().join("accounts.db")).expect("a database");
                Self::guarding(plain, accounts(store, clock), Some(folder))
            }
            other => panic!("no server `{other}`: choose plain, memory or sqlite"),
        }
    }

    fn guarding<S: Store + 'static>(
        plain: Router,
        (accounts, token): (ServiceAccounts<S, Permission>, String),
        folder: Option<TempDir>,
    ) -> Self {
        let router = plain.layer(AuthenticateLayer::new(Gate::new(accounts)));
        Self { address: serve(router), token, _folder: folder }
    }

    fn requests_a_second(&self) -> f64 {
        let end = Instant::now() + ROUND;
        let requests: u32 = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| Client::new(self).send_until(end))).collect();
            clients.into_iter().map(|client| client.join().expect("a client")).sum()
        });
        f64::from(requests) / ROUND.as_secs_f64()
    }
}

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
