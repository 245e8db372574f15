//! Two realms on one store: neither is told what happens in the other.

use std::sync::Arc;

use service_accounts::{
    Next,
    access::Teams,
    audit::Query,
    naming::Realm,
    store::{BoxStore, MemoryStore, Store},
};

use crate::{
    subscriptions::{account, billing, delivered, finance, next, own, publish, subscribe, wanted, with_billing},
    world::{START, World, ada, wait},
};

/// `service` and `tenant-b` on the same store.
fn realms() -> (World, World) {
    let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(START.into()));
    let on = |realm: &str| {
        let realm = Realm::parse(realm).unwrap();
        World::on(BoxStore::new(store.clone()), Arc::clone(&clock), |builder| with_billing(builder).realm(realm))
    };
    (on("service"), on("tenant-b"))
}

fn told(bodies: &[serde_json::Value]) -> String {
    bodies.iter().map(|body| body.to_string().to_lowercase() + "\n").collect()
}

/// The trail is one for all realms of a store, and a subscription reads it: `audit` left out what the outbox told.
#[test]
fn an_event_of_another_realm_is_told_to_no_subscription() {
    let (ours, theirs) = realms();
    let watcher = account(&theirs, "Trail Watcher", "Admin", Teams::none());
    subscribe(&theirs, &watcher, wanted(own(), &["*"]));
    account(&ours, "Secretive Sync", "Admin", Teams::none());
    account(&theirs, "Plain Sync", "Member", Teams::none());
    assert!(wait(ours.accounts.acting(&ada()).trail().export(Default::default())).is_ok());
    let told = told(&delivered(&theirs));
    assert!(told.contains("plain_sync@tenant-b"), "{told}");
    assert!(!told.contains("secretive"), "{told}");
    assert!(!told.contains("trail.exported"), "an event that names its realm alone: {told}");
}

/// A rare subscription must still move on past what it is not told.
#[test]
fn a_subscription_goes_on_behind_events_of_another_realm() {
    let (ours, theirs) = realms();
    let watcher = account(&theirs, "Trail Watcher", "Admin", Teams::none());
    subscribe(&theirs, &watcher, wanted(own(), &["account.*"]));
    for number in 0..70 {
        account(&ours, &format!("Secretive Sync {number}"), "Member", Teams::none());
    }
    assert!(matches!(next(&theirs), Next::Nothing));
    let newest = wait(ours.store.inner().events(&Query::default().limit(1))).unwrap().events[0].sequence;
    assert_eq!(wait(ours.store.inner().slowest_cursor()).unwrap(), Some(newest), "it does not hold the trail");
}

/// What one tenant publishes is its own, although both name their applications alike.
#[test]
fn what_a_realm_publishes_is_told_and_shown_in_no_other() {
    let (ours, theirs) = realms();
    let (mine, other) =
        (account(&ours, "Ledger", "Member", finance()), account(&theirs, "Ledger", "Member", finance()));
    subscribe(&theirs, &other, wanted(billing(), &["*"]));
    publish(&ours, "invoice.paid", &serde_json::json!({ "customer": "secretive" }));
    publish(&theirs, "invoice.paid", &serde_json::json!({ "customer": "plain" }));
    let told = told(&delivered(&theirs));
    assert!(told.contains("plain") && !told.contains("secretive"), "{told}");
    let shown = format!("{:?}", wait(theirs.accounts.acting(&ada()).audit(&Query::default())).unwrap().events);
    assert!(shown.contains("plain") && !shown.contains("secretive"), "{shown}");
    let message = published(&ours, &mine);
    assert_eq!(message["data"], serde_json::json!({ "customer": "again" }), "the realm is no part of the message");
}

fn published(world: &World, id: &service_accounts::naming::AccountId) -> serde_json::Value {
    subscribe(world, id, wanted(billing(), &["*"]));
    publish(world, "invoice.paid", &serde_json::json!({ "customer": "again" }));
    delivered(world).pop().unwrap()
}

/// All tenants of a host have its keyring: the census of one said that a pepper can go by which another's messages are signed.
#[test]
fn a_pepper_that_signs_the_messages_of_another_realm_is_still_needed() {
    let (ours, theirs) = realms();
    account(&ours, "Ledger", "Member", finance());
    let watcher = account(&theirs, "Trail Watcher", "Admin", Teams::none());
    let count = |world: &World| wait(world.accounts.acting(&ada()).peppers()).unwrap()[0].credentials.unwrap();
    let before = (count(&ours), count(&theirs));
    subscribe(&theirs, &watcher, wanted(own(), &["*"]));
    assert_eq!((count(&ours), count(&theirs)), (before.0 + 1, before.1 + 1));
}
