//! Memory stays bounded, however much waits and whatever receivers do. It is a process of its own, so that it measures nothing else.

#![cfg(all(feature = "client", target_os = "linux"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test takes for granted and does not find is its failure"
)]

#[path = "delivery/receiver.rs"]
#[expect(dead_code, reason = "not every manner is tried here")]
mod receiver;
#[path = "delivery/world.rs"]
#[expect(dead_code, reason = "not every helper is needed here")]
mod world;

use std::{fs, time::Duration};

use receiver::{Manner, Receiver};
use service_accounts::{ApplicationName, EventName, store::BoxStore};
use service_accounts_sqlite::SqliteStore;
use tokio::net::TcpListener;
use world::{World, subscribe};

/// Events that wait, each with 2 KiB of payload, and subscriptions that each of them is sent to.
const EVENTS: usize = 500;
const SUBSCRIPTIONS: usize = 60;

/// What a deliverer may take, in KiB: places for 64 messages with their pages of events, and the connections.
const BOUND: u64 = 32 * 1024;

fn resident(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let found = status.lines().find(|found| found.starts_with(line)).unwrap();
    found.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Begins a new measurement of the peak.
fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

async fn publish_all(world: &World) {
    let (billing, event) = (ApplicationName::parse("billing").unwrap(), EventName::parse("numbered").unwrap());
    let payload = "x".repeat(2_048);
    for _ in 0..EVENTS {
        world.accounts.publish(&billing, &event, &payload).await.unwrap();
    }
}

/// A receiver of each kind, in turn: a third hangs, a third answers 500, and a third is down.
async fn subscribe_all(world: &World) -> Vec<Receiver> {
    let mut receivers = Vec::new();
    for number in 0..SUBSCRIPTIONS {
        let url = match number % 3 {
            2 => {
                let place = TcpListener::bind("127.0.0.1:0").await.unwrap();
                format!("http://{}/hook", place.local_addr().unwrap())
            }
            other => {
                let manner = if other == 0 { Manner::Hangs } else { Manner::Answers(500) };
                receivers.push(Receiver::new(manner).await);
                receivers.last().unwrap().url()
            }
        };
        subscribe(&world.accounts, &format!("Receiver {number}"), &url).await;
    }
    receivers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_failures_with_much_waiting_takes_bounded_memory() {
    let home = tempfile::tempdir().unwrap();
    let world = World::on(BoxStore::new(SqliteStore::open(home.path().join("accounts.db")).unwrap()));
    let receivers = subscribe_all(&world).await;
    publish_all(&world).await;
    forget_peak();
    let before = resident("VmRSS");
    let delivering = world.deliver(Duration::from_millis(50));
    let time = world.let_time_fly(300);
    // A day, and so long that the 500s were at least a hundred.
    let answered = || receivers.iter().skip(1).step_by(2).map(|receiver| receiver.received().len()).sum::<usize>();
    while world.elapsed() < time::Duration::DAY || answered() < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    delivering.abort();
    time.abort();
    let taken = resident("VmHWM").saturating_sub(before);
    // What the receivers here have kept is theirs.
    let kept: usize = receivers.iter().flat_map(Receiver::received).map(|each| each.head.len() + each.body.len()).sum();
    println!(
        "{EVENTS} events of 2 KiB for {SUBSCRIPTIONS} subscriptions that fail for a day, {} answers of 500: {taken} KiB at the \
         peak, {} KiB of them kept by the receivers",
        answered(),
        kept / 1024,
    );
    assert!(taken < BOUND + u64::try_from(kept / 1024).unwrap(), "{taken} KiB");
}
