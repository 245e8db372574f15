//! What an hour of requests adds to a SQLite file.
//!
//! `cargo test --release -p service-accounts --test trail growth -- --ignored --nocapture`

use std::{
    fs,
    net::Ipv6Addr,
    path::Path,
    sync::{Arc, atomic::AtomicI64},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use service_accounts::{
    AccessEvents, UpkeepBounds,
    store::BoxStore,
    token::{Keyring, Kind, Pepper, PepperId, Vendor},
};
use service_accounts_sqlite::SqliteStore;
use time::Duration;

use crate::world::{OFFICE, START, World, wait};

const TOKENS: usize = 1000;

/// The most bytes that strangers add to the file in a minute.
const MOST_A_MINUTE: u64 = 64 << 10;

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

/// By how many bytes the file and this process grow by so many requests without a credential, a minute's worth each minute.
fn growth_by_strangers(path: &Path, requests: usize, minutes: usize) -> (u64, u64) {
    let store = SqliteStore::open(path).unwrap();
    let world = World::built(BoxStore::new(store), Arc::new(AtomicI64::new(START)), |builder| builder);
    let genuine = world.create("Pipeline Automation").first_token.unwrap().token.id;
    let forger = Keyring::new(PepperId::parse("k9").unwrap(), Pepper::from_bytes([9; Pepper::LEN]));
    let vendor = Vendor::parse("acme").unwrap();
    let mut chance = ChaCha8Rng::seed_from_u64(1);
    wait(world.accounts.upkeep(UpkeepBounds::default())).unwrap();
    let (file, memory) = (size(path), resident());
    for minute in 0..minutes {
        for number in requests * minute / minutes..requests * (minute + 1) / minutes {
            let text = match number % 4 {
                0 => forger.mint(&vendor, Kind::Token, &mut chance).unwrap().token.expose().to_owned(),
                1 => forger.mint_as(&vendor, Kind::Token, &genuine, &mut chance).unwrap().token.expose().to_owned(),
                2 => forger.mint(&vendor, Kind::Session, &mut chance).unwrap().token.expose().to_owned(),
                _ => format!("garbage {number}"),
            };
            let address = Ipv6Addr::from(u128::from(chance.next_u64()) << 64 | 1);
            assert!(wait(world.accounts.authenticate(&text, Some(address.into()))).is_err());
        }
        world.advance(Duration::MINUTE);
        wait(world.accounts.upkeep(UpkeepBounds::default())).unwrap();
    }
    wait(world.accounts.flush()).unwrap();
    (size(path).saturating_sub(file), resident().saturating_sub(memory))
}

/// Bytes of this process in memory; zero where the system does not tell.
fn resident() -> u64 {
    let told = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    told.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).map_or(0, |pages| pages * 4096)
}

/// The file with everything of its log in it.
fn size(path: &Path) -> u64 {
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.pragma_query(None, "wal_checkpoint", |_| Ok(())).unwrap();
    fs::metadata(path).unwrap().len()
}

/// What a stranger sends makes at most some tens of events a minute, from however many addresses.
#[test]
fn what_strangers_send_in_a_minute_adds_a_bounded_number_of_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let few = growth_by_strangers(&folder.path().join("few.db"), 500, 2).0;
    let many = growth_by_strangers(&folder.path().join("many.db"), 5_000, 2).0;
    assert!(few <= 2 * MOST_A_MINUTE && many <= 2 * MOST_A_MINUTE, "{few}, {many}");
}

#[test]
#[ignore = "a million requests take a minute"]
fn a_million_requests_of_strangers_add_a_bounded_number_of_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (file, memory) = growth_by_strangers(&folder.path().join("strangers.db"), 1_000_000, 10);
    println!("a million requests of strangers in ten minutes: {file} bytes of the file, {memory} bytes of memory");
    assert!(file <= 10 * MOST_A_MINUTE && memory <= 64 << 20, "{file}, {memory}");
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
