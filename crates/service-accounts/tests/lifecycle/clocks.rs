//! A clock that was set back holds up no work.

use service_accounts::{
    Failure, Next, Retries, UpkeepBounds,
    audit::{Query, detect::Settings},
    store::{DocumentId, Store},
};
use time::Duration;

use crate::{
    subscriptions::{account, billing, finance, host, message, next, publish, subscribe, wanted, with_billing},
    world::{World, wait},
};

const LEASE: Duration = Duration::seconds(30);

fn is_held_by(world: &World, holder: &str) -> bool {
    wait(world.accounts.outbox().hold(holder, LEASE)).unwrap().is_some()
}

/// A node whose clock was a year ahead took the lease and died: nothing was delivered for a year.
#[test]
fn a_lease_that_was_taken_by_a_clock_ahead_of_time_stops_no_deliveries() {
    let world = World::new();
    let now = world.now();
    world.set(now + Duration::days(365));
    assert!(is_held_by(&world, "ahead"));
    world.set(now);
    assert!(is_held_by(&world, "another"), "it will never end by this clock");
    assert!(!is_held_by(&world, "ahead"), "and is the other's now");
}

#[test]
fn a_lease_is_waited_for_while_clocks_differ_by_less_than_it_lasts() {
    let world = World::new();
    let now = world.now();
    for (ahead, is_free) in [(0, false), (29, false), (30, false), (31, true)] {
        world.set(now + Duration::seconds(ahead));
        assert!(is_held_by(&world, "ahead"));
        world.set(now);
        assert_eq!(is_held_by(&world, "another"), is_free, "{ahead} seconds");
        wait(world.accounts.outbox().release("ahead")).unwrap();
        wait(world.accounts.outbox().release("another")).unwrap();
    }
}

/// The trail is trimmed behind the detectors only, so a cursor that stands still keeps all of it.
#[test]
fn what_the_detectors_know_is_kept_after_a_clock_was_set_back() {
    let world = World::built(|builder| builder.detect(Settings::default()));
    let now = world.now();
    let upkeep = || wait(world.accounts.upkeep(UpkeepBounds::default())).map(drop).unwrap();
    world.set(now + Duration::days(365));
    world.create("First Sync");
    upkeep();
    world.set(now);
    world.create("Second Sync");
    upkeep();
    let newest = wait(world.store.inner().events(&Query::default().limit(1))).unwrap().events[0].sequence;
    let cursor = wait(world.store.inner().cursor(&DocumentId::parse("detectors").unwrap())).unwrap().unwrap();
    assert_eq!(cursor.at, newest);
}

/// The pause after a failure ended at an instant, which was a year away once the clock was right again.
#[test]
fn a_message_that_failed_before_a_clock_was_set_back_is_tried_again() {
    let world = host();
    let id = account(&world, "Finance Sync", "Member", finance());
    subscribe(&world, &id, wanted(billing(), &["*"]));
    publish(&world, "invoice.paid", &serde_json::json!({}));
    let now = world.now();
    world.set(now + Duration::days(365));
    for _ in 0..10 {
        wait(world.accounts.outbox().settle(message(&world), Err(Failure::TimedOut))).unwrap();
        let Next::NotBefore(at) = next(&world) else { panic!("it rests, however long the pause") };
        world.set(at);
    }
    world.set(now);
    assert!(matches!(next(&world), Next::Message(_)));
}

#[test]
fn a_dead_receiver_is_given_up_in_its_time_after_a_clock_was_set_back() {
    let world = World::built(|builder| with_billing(builder).retries(Retries::give_up_after(Duration::HOUR)));
    let id = account(&world, "Finance Sync", "Member", finance());
    subscribe(&world, &id, wanted(billing(), &["*"]));
    publish(&world, "invoice.paid", &serde_json::json!({}));
    let now = world.now();
    world.set(now + Duration::days(365));
    wait(world.accounts.outbox().settle(message(&world), Err(Failure::TimedOut))).unwrap();
    world.set(now);
    loop {
        match next(&world) {
            Next::Message(message) => {
                wait(world.accounts.outbox().settle(*message, Err(Failure::TimedOut))).unwrap();
            }
            Next::NotBefore(at) => world.set(at),
            _ => break,
        }
    }
    assert!(world.now() - now < Duration::hours(3), "{}", world.now() - now);
}
