//! What an hour of requests adds to a SQLite file.
//!
//! `cargo test --release -p service-accounts --test trail growth -- --ignored --nocapture`

use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::AtomicI64},
};

use service_accounts::{AccessEvents, UpkeepBounds, store::BoxStore};
use service_accounts_sqlite::SqliteStore;
use time::Duration;

use crate::world::{OFFICE, START, World, wait};

const TOKENS: usize = 1000;

/// By how many bytes the file grows in an hour of so many requests, whose tokens take turns.
fn growth(path: &Path, mode: AccessEvents, requests: usize) -> u64 {
    let store = SqliteStore::open(path).unwrap();
    let world =
        World::built(BoxStore::new(store), Arc::new(AtomicI64::new(START)), |builder| builder.access_events(mode));
    let texts: Vec<_> = (0..TOKENS)
        .map(|number| {
            world.create(&format!("Pipeline Automation {number}")).first_token.unwrap().secret.expose().to_owned()
        })
        .collect();
    let before = size(path);
    for second in 0..3600 {
        for request in requests * second / 3600..requests * (second + 1) / 3600 {
            wait(world.accounts.authenticate(&texts[request * 7919 % TOKENS], Some(OFFICE))).unwrap();
        }
        world.advance(Duration::SECOND);
        wait(world.accounts.upkeep(UpkeepBounds::default())).unwrap();
    }
    wait(world.accounts.flush()).unwrap();
    size(path).saturating_sub(before)
}

/// The file with everything of its log in it.
fn size(path: &Path) -> u64 {
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.pragma_query(None, "wal_checkpoint", |_| Ok(())).unwrap();
    fs::metadata(path).unwrap().len()
}

#[test]
#[ignore = "a million requests take a minute"]
fn a_million_requests_of_a_thousand_tokens_in_an_hour_add_at_most_20_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let coalesced = growth(&folder.path().join("coalesced.db"), AccessEvents::Coalesced, 1_000_000);
    println!("coalesced, which is the default: {coalesced} bytes for a million requests");
    let each = growth(&folder.path().join("each.db"), AccessEvents::Each, 100_000);
    println!("each: about {} bytes for a million requests", each * 10);
    assert!(coalesced <= 20_000_000, "{coalesced}");
}
