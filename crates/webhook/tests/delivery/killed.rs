//! A process that publishes and delivers is killed at random moments: whatever it acknowledged arrives, under one id.
//!
//! 20 times; `KILLS=1000 cargo test --release -p service-accounts-webhook --test delivery killed` for more.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use service_accounts::{SystemClock, store::BoxStore};
use service_accounts_sqlite::SqliteStore;
use service_accounts_webhook::Settings;

use crate::{
    receiver::{Manner, Receiver},
    world::{accounts, deliverer, number, publish, subscribe},
};

const DATABASE: &str = "WEBHOOK_KILLED_DATABASE";
const FIRST: &str = "WEBHOOK_KILLED_FIRST";

fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

/// Runs the child until it has acknowledged something and for a while longer, or at times from its start; kills it, and
/// returns the numbers that it acknowledged.
fn run_and_kill(database: &Path, first: usize, time: Duration) -> Vec<usize> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killed::child", "--ignored", "--nocapture"]);
    let mut child =
        command.env(DATABASE, database).env(FIRST, first.to_string()).stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (begun, beginning) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        let told = lines.filter_map(|line| line.strip_prefix("ack ")?.parse().ok());
        let told = told.inspect(|_| {
            // Nobody waits for the second one.
            let _ = begun.send(());
        });
        told.collect::<Vec<usize>>()
    });
    if random(4) > 0 {
        beginning.recv_timeout(Duration::from_secs(60)).unwrap();
    }
    std::thread::sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
    reading.join().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_arrives_however_often_the_process_is_killed() {
    let kills: usize = std::env::var("KILLS").map_or(20, |kills| kills.parse().unwrap());
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(Manner::Takes).await);
    let database = home.path().join("accounts.db");
    {
        let store = BoxStore::new(SqliteStore::open(&database).unwrap());
        subscribe(&accounts(store, SystemClock), "One", &receiver.url()).await;
    }
    let (mut acknowledged, mut first) = (Vec::new(), 0);
    for _ in 0..kills {
        let (path, time) = (database.clone(), Duration::from_millis(random(150)));
        let from = first;
        let numbers = tokio::task::spawn_blocking(move || run_and_kill(&path, from, time)).await.unwrap();
        // One more may be kept than was acknowledged, also where nothing was.
        first = numbers.last().map_or(first + 1, |last| last + 2);
        acknowledged.extend(numbers);
    }
    let store = BoxStore::new(SqliteStore::open(&database).unwrap());
    let accounts = accounts(store, SystemClock);
    // The last message is behind all others.
    publish(&accounts, usize::MAX / 4).await;
    let delivering = tokio::spawn(deliverer(&accounts).named("node").run());
    while receiver.received().last().is_none_or(|last| number(&last.body) != usize::MAX / 4) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    delivering.abort();
    let received = receiver.received();
    let mut ids: BTreeMap<usize, (String, String)> = BTreeMap::new();
    for each in &received {
        let told = (each.id.clone(), each.body.clone());
        assert_eq!(ids.entry(number(&each.body)).or_insert(told.clone()), &told, "a duplicate has the same id");
    }
    let missing: Vec<_> = acknowledged.iter().filter(|number| !ids.contains_key(number)).collect();
    assert!(missing.is_empty(), "lost: {missing:?}");
    let order: Vec<_> = receiver.messages().iter().map(|each| number(&each.body)).collect();
    assert!(order.is_sorted(), "out of order");
    assert!(acknowledged.len() > kills / 2, "only {} were published: nothing was tried", acknowledged.len());
    let twice = received.len() - ids.len();
    println!("{kills} kills: {} acknowledged, {} received, {twice} of them again", acknowledged.len(), received.len());
}

/// Not a test: the process that is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is started by the other test"]
async fn child() {
    let Ok(database) = std::env::var(DATABASE) else { return };
    let first: usize = std::env::var(FIRST).unwrap().parse().unwrap();
    let accounts = accounts(BoxStore::new(SqliteStore::open(Path::new(&database)).unwrap()), SystemClock);
    let settings = Settings { rest: Duration::from_millis(1), ..Settings::default() };
    tokio::spawn(deliverer(&accounts).settings(settings).named("node").run());
    for number in first.. {
        publish(&accounts, number).await;
        let mut out = std::io::stdout().lock();
        writeln!(out, "ack {number}").and_then(|()| out.flush()).unwrap();
    }
}
