//! Killed at each single call that writes while the trail is sealed and trimmed: it verifies, and no event is lost.
//!
//! `strace` kills the process at the k-th call, for every k until a run is over before it. By hand, as it takes minutes:
//! `cargo test -p service-accounts --test trail killed -- --ignored --nocapture`.

use std::{
    path::Path,
    process::Command,
    sync::{Arc, atomic::AtomicI64},
};

use service_accounts::{audit::Action, store::BoxStore};
use service_accounts_sqlite::SqliteStore;
use time::Duration;

use crate::world::{START, World, sealing};

const DATABASE: &str = "KILLED_TRAIL_DATABASE";
const WRITES: &str = "write,pwrite64,fsync,fdatasync,ftruncate,fallocate,unlink,link,linkat,rename,chmod,fchmod";

fn open(path: &Path, at: i64) -> World {
    let store = BoxStore::new(SqliteStore::open(path).unwrap());
    World::built(store, Arc::new(AtomicI64::new(at)), |builder| {
        builder.seal(sealing()).detect(service_accounts::audit::detect::Settings::default())
    })
}

/// Seals 30 events, and 40 days later 20 more, while the first segments are trimmed.
fn story(world: &World) {
    world.happen(30);
    println!("ack 30");
    world.upkeep();
    world.advance(Duration::days(40));
    world.happen(20);
    println!("ack 50");
    world.upkeep();
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "it needs strace and minutes"]
fn a_process_killed_at_any_call_that_writes_leaves_a_trail_that_verifies() {
    let mut killed = 0;
    for call in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        let inject = format!("inject={WRITES}:signal=KILL:when={call}");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-e", &format!("trace={WRITES}"), "-e", &inject, "-o", "/dev/null"]);
        strace.arg(std::env::current_exe().unwrap()).args(["--exact", "killed::tell", "--ignored", "--nocapture"]);
        let output = strace.env(DATABASE, &path).output().expect("strace is there");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        holds(
            &path,
            call,
            if said.contains("ack 50") {
                50
            } else if said.contains("ack 30") {
                30
            } else {
                0
            },
        );
        if output.status.success() {
            break;
        }
        killed += 1;
    }
    println!("killed at each of {killed} calls");
    assert!(killed > 60, "only {killed}: nothing was tried");
}

/// It verifies as it was left, and after what comes next; every event that was acknowledged is there or was trimmed whole.
fn holds(path: &Path, call: usize, acknowledged: i64) {
    let world = open(path, START + 40 * 86_400);
    let left = world.verified();
    world.upkeep();
    world.advance(Duration::HOUR);
    world.upkeep();
    let verified = world.verified();
    assert!(verified.seals >= left.seals.min(1), "call {call}");
    let events = world.events();
    let first = events[0].sequence.number();
    assert!(first <= 31, "call {call}: only old segments go");
    let happened = events.iter().filter(|recorded| recorded.event.action() == Action::PolicyValidated).count();
    let happened = i64::try_from(happened).unwrap() + (first - 1).min(30);
    assert!(happened >= acknowledged, "call {call}: {happened} of {acknowledged} are left");
    assert!(happened <= 50, "call {call}: {happened}");
}

/// Not a test: what the process does that is killed.
#[test]
#[ignore = "it is started by the other test"]
fn tell() {
    let Ok(path) = std::env::var(DATABASE) else { return };
    story(&open(Path::new(&path), START));
}
