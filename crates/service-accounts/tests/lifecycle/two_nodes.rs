//! Upkeep of two nodes on one database, at the same moments: each thing is done, and announced, once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Barrier, atomic::AtomicI64},
    thread,
};

use service_accounts::{AccountUpdate, Builder, Expiry, Narrowing, OnIdle, OnInactive, audit::Query};
use time::Duration;

use crate::world::{OFFICE, Permission, Probe, START, World, ada, by_key, durable, reopen, wait};

/// The days on which upkeep runs: before, on and after everything that happens to a credential of a year.
const DAYS: [i64; 18] = [1, 2, 7, 8, 30, 31, 60, 90, 91, 120, 180, 305, 335, 358, 364, 365, 372, 380];

fn chosen(builder: Builder<Probe, Permission>) -> Builder<Probe, Permission> {
    builder.on_inactive(OnInactive::Disable)
}

/// Two accounts of every kind that upkeep has to do with.
fn furnish(world: &World) {
    for number in 0..2 {
        world.holder(&format!("Idle {number}"));
        world.holder(&format!("Rotated {number}")).rotate(world, &by_key("k")).unwrap();
        world.holder(&format!("Revoked {number}")).revoke(world);
        let ada = ada();
        let account = |name: &str| world.holder(&format!("{name} {number}")).account;
        let renewed = account("Renewed");
        wait(world.accounts.acting(&ada).account(&renewed).regenerate_secret()).unwrap();
        wait(world.accounts.acting(&ada).account(&account("Emptied")).revoke_credentials()).unwrap();
        let end = AccountUpdate {
            expires_at: Some(Expiry::At(world.now() + Duration::days(20))),
            ..AccountUpdate::default()
        };
        wait(world.accounts.acting(&ada).account(&account("Ending")).update(end)).unwrap();
        let created = world.create(&format!("Visited {number}"));
        let (id, secret) = (created.account.id.as_str(), created.client_secret.unwrap());
        wait(world.accounts.open_session(id, secret.expose(), &Narrowing::default(), Some(OFFICE))).unwrap();
    }
}

/// Runs upkeep on all nodes at once until it is done for the moment, and adds up what they did.
fn upkeep(nodes: &[World], done: &mut BTreeMap<&'static str, usize>) {
    for _ in 0..2 {
        let start = Barrier::new(nodes.len());
        let swept: Vec<_> = thread::scope(|scope| {
            let run = |node| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    World::upkeep(node)
                })
            };
            nodes.iter().map(run).collect::<Vec<_>>().into_iter().map(|node| node.join().unwrap()).collect()
        });
        for one in swept {
            let counts = [
                ("sessions removed", one.sessions_removed),
                ("secrets removed", one.secrets_removed),
                ("revoked as idle", one.idle_revoked),
                ("announced", one.announced),
                ("accounts disabled", one.accounts_disabled),
            ];
            counts.into_iter().for_each(|(name, count)| *done.entry(name).or_default() += count);
        }
    }
}

type Trail = BTreeMap<String, usize>;

/// How often each event was recorded; ids, which differ from run to run, are left out.
fn trail(world: &World) -> Trail {
    let (mut found, mut query) = (Trail::new(), Query::default().oldest_first().limit(Query::MAX_LIMIT));
    loop {
        let page = wait(world.accounts.acting(&ada()).audit(&query)).unwrap();
        for recorded in page.events {
            let event = &recorded.event;
            let notes = event.details().iter().map(|(name, value)| format!("{name}={value}"));
            let notes: Vec<_> = notes.filter(|note| !note.contains("token=") && !note.contains("successor=")).collect();
            let text = format!("{} {:?} {:?} {notes:?}", event.action(), event.account(), event.token_name());
            *found.entry(text).or_default() += 1;
        }
        match page.next {
            Some(next) => query = query.continue_from(next),
            None => return found,
        }
    }
}

/// A year and more of upkeep, and what it left behind.
fn live(count: usize, idle: OnIdle) -> (BTreeMap<&'static str, usize>, Trail) {
    let clock = Arc::new(AtomicI64::new(START));
    let (home, first) = durable();
    let stores = std::iter::once(first).chain((1..count).map(|_| reopen(&home)));
    let choose = |builder| chosen(builder).on_idle(idle);
    let nodes: Vec<_> = stores.map(|store| World::on(store, clock.clone(), choose)).collect();
    furnish(&nodes[0]);
    let (mut done, mut day) = (BTreeMap::new(), 0);
    for next in DAYS {
        nodes[0].advance(Duration::days(next - day));
        day = next;
        upkeep(&nodes, &mut done);
    }
    (done, trail(&nodes[0]))
}

#[test]
fn two_nodes_do_and_announce_each_thing_as_often_as_one_does() {
    for idle in [OnIdle::Announce, OnIdle::Revoke] {
        let (alone, together) = (live(1, idle), live(2, idle));
        assert!(alone.0.iter().all(|(what, count)| *count > 0 || *what == "revoked as idle"), "{:?}", alone.0);
        assert_eq!(alone.0.get("revoked as idle") > Some(&0), matches!(idle, OnIdle::Revoke), "{:?}", alone.0);
        let differs = |event: &&String| together.1.get(*event) != alone.1.get(*event);
        let differing: Vec<_> = alone.1.keys().chain(together.1.keys()).filter(differs).collect();
        assert!(differing.is_empty(), "{differing:#?}");
        assert_eq!(alone.0, together.0);
    }
}
