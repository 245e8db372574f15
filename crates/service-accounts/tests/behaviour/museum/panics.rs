//! cargo#9822, kanidm, on what a host brings: its store, observer, clock and randomness may panic. The panic is the caller's.
//!
//! It leaves nothing half done, holds up nobody after it, and what was given to the host's code has no secret to show.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use service_accounts::{
    AccessEvents, Clock, Randomness, RandomnessError,
    audit::{Action, Event, Query},
    store::Store,
};
use time::{Duration, UtcDateTime};

use crate::{
    museum::{
        operations::{ALL, Stage},
        secrets::Canaries,
    },
    support::{Call, OFFICE, Path, START, Seeded, World, ada, token, traced, wait},
};

/// Whether the work panicked.
fn panics(work: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_err()
}

#[test]
fn a_store_that_panics_leaves_nothing_half_done_and_holds_up_no_call_after_it() {
    for (name, _, run) in ALL {
        let clean = Stage::new(AccessEvents::Strict);
        let mut calls = clean.world.store.calls_of(|| run(&clean).unwrap());
        let after = clean.records();
        calls.sort_by_key(|call| format!("{call:?}"));
        calls.dedup();
        for call in calls {
            let stage = Stage::new(AccessEvents::Strict);
            let before = stage.records();
            stage.world.store.interrupt(call, || panic!("the driver is broken"));
            let has_panicked = panics(|| assert!(run(&stage).is_ok()));
            let left = stage.records();
            if !has_panicked || left != before {
                assert!(left == after, "{name}, {call:?}: half done");
                continue;
            }
            if name == "sweep sessions" {
                stage.world.clock.advance(-Duration::DAY);
            }
            run(&stage).unwrap();
            // The ids of credentials are others.
            assert_eq!(stage.actions(), clean.actions(), "{name}, {call:?}: the next call");
        }
    }
}

/// The panic poisoned the shared write, and each flush and each change of the account panicked again for half a minute.
#[test]
fn a_store_that_panics_in_a_write_of_accesses_is_an_error_and_the_next_flush_writes_them() {
    for call in [Call::Append, Call::Touch] {
        let world = World::new();
        let holder = world.holder("Pipeline Automation");
        assert_eq!(world.verdict(&holder.token), Ok(()));
        let used = world.clock.now();
        world.store.interrupt(call, || panic!("the driver is broken"));
        assert!(wait(world.accounts.flush()).is_err(), "{call:?}");
        wait(world.accounts.acting(&ada()).account(&holder.id).mint(&token("weekly"))).unwrap();
        wait(world.accounts.flush()).unwrap();
        let trail = wait(world.store.events(&Query::default().for_action(Action::AccessGranted))).unwrap();
        assert_eq!(trail.events.iter().map(|recorded| recorded.event.count()).sum::<u32>(), 2, "{call:?}");
        let listed = wait(world.accounts.acting(&ada()).account(&holder.id).tokens(None, 10)).unwrap().items;
        assert!(listed.iter().any(|token| token.last_used.as_ref().is_some_and(|last| last.at == used)), "{call:?}");
    }
}

/// Panics at the reading or drawing that is due, and else does as it should.
#[derive(Clone, Default)]
struct Fuse(Arc<AtomicUsize>);

impl Fuse {
    fn burn(&self) {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert_ne!(left, Ok(1), "the host's code is broken");
    }

    fn light(&self, calls: usize) {
        self.0.store(calls, Ordering::SeqCst);
    }
}

struct Breaking<T>(Fuse, T);

impl Clock for Breaking<()> {
    fn now(&self) -> UtcDateTime {
        self.0.burn();
        UtcDateTime::from_unix_timestamp(START).unwrap()
    }
}

impl Randomness for Breaking<Seeded> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        self.0.burn();
        self.1.fill(bytes)
    }
}

#[test]
fn a_clock_or_a_source_of_randomness_that_panics_holds_up_no_call_after_it() {
    let fuse = Fuse::default();
    let world = World::built(|builder| {
        let source = Breaking(fuse.clone(), Seeded::new(5));
        builder.clock(Breaking(fuse.clone(), ())).randomness(source).access_events(AccessEvents::Each)
    });
    let holder = world.holder("Pipeline Automation");
    let (mut number, mut broken) = (0, 0);
    let mut step = |work: &dyn Fn(usize)| {
        for calls in 1..10 {
            number += 1;
            fuse.light(calls);
            broken += usize::from(panics(|| work(number)));
            fuse.light(0);
            work(number + 1000);
            number += 2000;
        }
    };
    let named = |number: usize| token(&format!("weekly-{number}"));
    step(&|number| {
        drop(wait(world.accounts.acting(&ada()).account(&holder.id).mint(&named(number))).unwrap());
    });
    step(&|_| Path::ALL.into_iter().for_each(|path| assert_eq!(holder.verdict(&world, path), Ok(()))));
    step(&|_| wait(world.accounts.flush()).unwrap());
    assert!(broken > 10, "{broken}");
}

/// What the code of a host may put into its own panic is what it was given.
#[test]
fn an_observer_that_panics_has_no_secret_to_show_and_undoes_nothing() {
    let shown = Arc::new(Mutex::new(String::new()));
    let text = shown.clone();
    let world = World::built(|builder| {
        builder.access_events(AccessEvents::Strict).observe(move |event: &Event| {
            *text.lock().unwrap() += &format!("{event:?} {event:#?}");
            panic!("it is broken: {event:?}")
        })
    });
    let mut canaries = None;
    let traced = traced(|| {
        let holder = world.holder("Pipeline Automation");
        canaries = Some(Canaries::of(&holder));
        assert!(wait(world.accounts.authenticate(&holder.token, Some(OFFICE))).is_ok());
        wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke()).unwrap();
        assert!(wait(world.accounts.authenticate(&holder.token, Some(OFFICE))).is_err());
    });
    let (canaries, shown) = (canaries.unwrap(), shown.lock().unwrap().clone());
    assert!(shown.contains("TokenRevoked") && traced.contains("an observer of changes panicked"));
    canaries.assert_absent("an observer's panic", shown.as_bytes());
    canaries.assert_absent("the trace", traced.as_bytes());
}
