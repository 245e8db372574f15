//! A network that goes silent: nothing arrives any more, and no connection is told to have ended.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use service_accounts_postgres::PostgresError;
use service_accounts_store::Store;

use crate::load::{DEADLINE, Node, Server, connect, eventually, name, settings, wait};

/// Stands between node and server. What it carries belongs to the network of its time; after [`cut`](Self::cut) that network
/// carries nothing any more, and new connections belong to the next.
struct Network {
    port: u16,
    age: Arc<AtomicUsize>,
    is_up: Arc<AtomicUsize>,
}

impl Network {
    fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (age, is_up) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
        let network = Self { port, age: age.clone(), is_up: is_up.clone() };
        let socket = server.folder().join(".s.PGSQL.5432");
        thread::spawn(move || {
            for client in listener.incoming() {
                carry(client.unwrap(), &socket, (age.clone(), is_up.clone()));
            }
        });
        network
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
