//! A network that goes silent: nothing arrives any more, and no connection is told to have ended.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use service_accounts_postgres::{PostgresError, PostgresStore};
use service_accounts_store::{Change, Committed, Store, conformance::Subject};

use crate::load::{AT, DEADLINE, Node, Server, connect, event, eventually, name, settings, wait};

/// Stands between node and server. What it carries belongs to the network of its time; after [`cut`](Self::cut) that network
/// carries nothing any more, and new connections belong to the next.
struct Network {
    port: u16,
    age: Arc<AtomicUsize>,
    is_up: Arc<AtomicUsize>,
    socket: Arc<Mutex<PathBuf>>,
}

fn socket_of(server: &Server) -> PathBuf {
    server.folder().join(".s.PGSQL.5432")
}

impl Network {
    fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (age, is_up) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
        let socket = Arc::new(Mutex::new(socket_of(server)));
        let network = Self { port, age: age.clone(), is_up: is_up.clone(), socket: socket.clone() };
        thread::spawn(move || {
            for client in listener.incoming() {
                let socket = socket.lock().unwrap().clone();
                carry(client.unwrap(), &socket, (age.clone(), is_up.clone()));
            }
        });
        network
    }

    /// New connections reach this server from now on, as where a name was given to another machine.
    fn lead_to(&self, server: &Server) {
        *self.socket.lock().unwrap() = socket_of(server);
    }

    fn cut(&self) {
        self.is_up.store(0, SeqCst);
        self.age.fetch_add(1, SeqCst);
    }

    fn mend(&self) {
        self.is_up.store(1, SeqCst);
    }
}

fn carry(client: TcpStream, socket: &PathBuf, (age, is_up): (Arc<AtomicUsize>, Arc<AtomicUsize>)) {
    let server = UnixStream::connect(socket).unwrap();
    let own = age.load(SeqCst);
    // While it is down it greets, as the backlog of a lost host's load balancer does, and carries nothing.
    let own = if is_up.load(SeqCst) == 0 { usize::MAX } else { own };
    let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let of = age.clone();
    thread::spawn(move || pump(from_client, to_server, || of.load(SeqCst) == own));
    thread::spawn(move || {
        pump(server, client.try_clone().unwrap(), || age.load(SeqCst) == own);
        if age.load(SeqCst) == own {
            let _ = client.shutdown(Shutdown::Both);
        }
    });
}

/// Until one side ends; what arrives after the cut is lost.
fn pump(mut from: impl Read, mut to: impl Write, is_carried: impl Fn() -> bool) {
    let mut bytes = [0; 8192];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !is_carried() {
            // Nobody is told: both ends stay open as long as this thread, which is as long as the test.
            thread::sleep(Duration::from_secs(600));
        }
        if to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}

#[test]
fn a_network_that_goes_silent_is_told_within_the_deadline_and_used_again_once_it_is_mended() {
    let Some(server) = Server::shared() else { return };
    let network = Network::to(server);
    let name = name();
    let text = format!("host=127.0.0.1 port={} user=service dbname=postgres", network.port);
    let node = Node::with(settings(&text, &name), name);
    node.under_load(|| {
        network.cut();
        thread::sleep(DEADLINE);
        for _ in 0..3 {
            let answer = wait(node.store().slowest_cursor());
            assert!(matches!(answer, Err(PostgresError::TooSlow | PostgresError::Unavailable(_))), "{answer:?}");
        }
        network.mend();
    });
}

#[test]
fn a_start_over_a_silent_network_ends_within_the_deadline() {
    let Some(server) = Server::shared() else { return };
    let network = Network::to(server);
    network.cut();
    let text = format!("host=127.0.0.1 port={} user=service dbname=postgres", network.port);
    let start = Instant::now();
    let refused = connect(settings(&text, &name())).map(drop).unwrap_err();
    assert!(matches!(refused, PostgresError::TooSlow), "{refused:?}");
    assert!(start.elapsed() < DEADLINE * 3);
    network.mend();
    eventually("it starts", || connect(settings(&text, &name())).is_ok());
}

/// What is in front of a lost server greets and says nothing; a connection that was begun meanwhile would be waited for for ever.
#[test]
fn a_cache_listens_again_after_a_network_that_was_silent() {
    let Some(server) = Server::shared() else { return };
    let network = Network::to(server);
    let text = format!("host=127.0.0.1 port={} user=service dbname=postgres", network.port);
    let cached = connect(settings(&text, &name()).cache(1 << 20, Duration::from_millis(500))).unwrap();
    eventually("it listens", || cached.is_cache_on());
    network.cut();
    thread::sleep(DEADLINE);
    assert!(!cached.is_cache_on());
    network.mend();
    eventually("it listens again", || cached.is_cache_on());
}

/// The tables were moved to another server, and its name with them. The former one only reads and is left running, so no connection
/// to it ends: the one that listens there hears of nothing any more.
#[test]
fn a_cache_follows_to_another_server_and_believes_the_former_one_no_longer() {
    let (Some(former), Some(present)) = (Server::start(), Server::start()) else { return };
    let (network, name) = (Network::to(&former), name());
    let text = format!("host=127.0.0.1 port={} user=service dbname=postgres", network.port);
    let bound = Duration::from_millis(500);
    let subject = Subject::new(connect(settings(&text, &name).cache(1 << 20, bound)).unwrap());
    let cached = subject.writer();
    let account = Box::new(Subject::<PostgresStore>::account("pipeline"));
    let token = subject.token(&account.id, "nightly");
    let (id, of) = (token.id, account.id.clone());
    assert!(matches!(subject.commit(Change::CreateAccount { account, tokens: vec![token] }), Committed::Applied(_)));
    let [from, to] = [&former, &present].map(|server| format!("{} application_name=x", server.text()));
    let dump = present.folder().join("dump.sql");
    std::fs::write(&dump, former.dump(&from)).unwrap();
    present.load(&to, &dump);
    former.sql("ALTER SYSTEM SET default_transaction_read_only = on");
    former.sql("SELECT pg_reload_conf()");
    // An open connection hears of it a moment later, and would still change the former one.
    let only_reads = || matches!(wait(cached.append(&[event("x")])), Err(PostgresError::ReadOnly(_)));
    eventually("the former one only reads", only_reads);
    network.lead_to(&present);
    eventually("it changes the present one", || wait(cached.append(&[event("x")])).is_ok());
    eventually("the cache is on", || cached.is_cache_on());
    assert!((0..5).all(|_| wait(cached.credential(&id)).unwrap().unwrap().standing(AT).is_ok()));
    let other = Subject::new(connect(settings(&present.text(), &name)).unwrap());
    let revoke = Change::Revoke { token: id, account: of, account_revision: None, at: AT };
    assert!(matches!(other.commit(revoke), Committed::Applied(_)));
    thread::sleep(bound * 4);
    assert!(wait(cached.credential(&id)).unwrap().unwrap().standing(AT).is_err(), "a revocation is not seen");
}

/// As a machine whose disk hangs: its kernel greets, and its server says nothing.
#[test]
fn a_server_that_greets_and_says_nothing_leaves_time_for_the_next() {
    let Some(server) = Server::shared() else { return };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let text = format!("host=127.0.0.1,{} port={port},5432 user=service dbname=postgres", server.folder().display());
    let store = connect(settings(&text, &name()).cache(1 << 20, Duration::from_secs(1))).unwrap();
    eventually("it listens", || store.is_cache_on());
    // From then on nobody waits for the silent one.
    let start = Instant::now();
    thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(|| wait(store.append(&[event("x")])).unwrap()))));
    assert!(start.elapsed() < DEADLINE / 2);
}
