//! Observers are told of changes once they are made, and can neither block nor fail one.

use std::{
    fs,
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, atomic::AtomicI64},
    task::{Context, Waker},
};

use service_accounts::{
    AccessEvents,
    audit::{Action, Event, Query},
    store::{BoxStore, MemoryStore, Store},
};
use service_accounts_store::conformance::{Fault, When};
use time::Duration;

use crate::world::{OFFICE, START, World, ada, sealing, wait};

/// What an observer was told, in order.
type Told = Arc<Mutex<Vec<Event>>>;

/// A host whose observer also looks whether the event is in the trail already.
fn world() -> (World, Told) {
    let (told, store) = (Told::default(), BoxStore::new(MemoryStore::new()));
    let (kept, reader) = (told.clone(), store.clone());
    let world = World::built(store, Arc::new(AtomicI64::new(START)), |builder| {
        let builder = builder.seal(sealing()).detect(Default::default()).access_events(AccessEvents::Off);
        builder
            .observe(|event: &Event| assert!(event.actor().as_str().is_empty(), "an observer may do no harm"))
            .observe(move |event: &Event| {
                let newest = wait(reader.events(&Query::default().limit(20))).unwrap().events;
                assert!(newest.iter().any(|recorded| recorded.event == *event), "{event:?} is told before it is kept");
                kept.lock().unwrap().push(event.clone());
            })
    });
    (world, told)
}

fn changes(world: &World) -> Vec<Event> {
    let is_access = |action| matches!(action, Action::AccessGranted | Action::AccessDenied | Action::PermissionDenied);
    let events = world.events().into_iter().map(|recorded| recorded.event);
    events.filter(|event| !is_access(event.action())).collect()
}

#[test]
fn an_observer_is_told_of_every_change_in_the_order_of_the_trail_and_may_panic() {
    let (world, told) = world();
    let created = world.create("Pipeline Automation");
    let token = created.first_token.unwrap();
    wait(world.accounts.acting(&ada()).token(&created.account.id, &token.token.id).revoke()).unwrap();
    assert!(wait(world.accounts.authenticate(token.secret.expose(), Some(OFFICE))).is_err());
    for _ in 0..30 {
        world.advance(Duration::HOUR);
        world.upkeep();
    }
    wait(world.accounts.acting(&ada()).account(&created.account.id).delete()).unwrap();
    let told = told.lock().unwrap().clone();
    assert_eq!(told, changes(&world));
    for action in [Action::AccountCreated, Action::TokenRevoked, Action::TrailSealed, Action::AccountDeleted] {
        assert!(told.iter().any(|event| event.action() == action), "{action}");
    }
}

#[test]
fn a_dropped_future_or_a_lost_answer_tells_at_most_once_and_never_of_what_is_not_kept() {
    let calls = {
        let (world, _) = world();
        world.store.calls_of(|| _ = world.create("Pipeline Automation")).len()
    };
    assert!(calls > 1);
    for number in 0..calls {
        for fault in [Fault::Refused, Fault::AnswerLost, Fault::Hangs] {
            let (world, told) = world();
            world.store.fail(When::At(number), fault);
            {
                let ada = ada();
                let account = crate::world::account("Pipeline Automation");
                let acting = world.accounts.acting(&ada);
                let mut create = pin!(acting.create(account));
                let polled = create.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert_eq!(polled.is_pending(), fault == Fault::Hangs, "{number}");
            }
            world.store.heal();
            let (told, kept) = (told.lock().unwrap().clone(), changes(&world));
            assert!(told.iter().all(|event| kept.contains(event)) && told.len() <= kept.len(), "{number} {fault:?}");
        }
    }
}

/// A change that went another way to the store would be made unobserved.
#[test]
fn every_change_goes_to_the_store_by_the_way_that_tells_observers() {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if ["store.commit(", "store.append("]
                .iter()
                .any(|way| fs::read_to_string(&path).unwrap().contains(way))
            {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    // The journal's two append accesses.
    assert_eq!(found, ["commit.rs", "journal.rs", "writing.rs"]);
}
