//! Last-used marks and batched access events: no write for each request, and none lost on the way.
//!
//! skypilot#10391, Graylog#15013: a write for each request, for the last use alone.

use std::{
    future::Future,
    net::IpAddr,
    pin::pin,
    task::{Context, Poll, Waker},
};

use futures_util::FutureExt;
use service_accounts::{
    AccessEvents,
    audit::{Action, Label, Query},
    store::{LastUsed, Store},
};
use time::{Duration, UtcDateTime};

use crate::support::{Call, Fault, Holder, OFFICE, Path, When, World, ada, on_every_store, wait};

#[test]
fn a_request_writes_nothing_and_a_flush_writes_once_for_all() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.flush()).unwrap();
    let calls = world.store.calls_of(|| (0..100).for_each(|_| assert_eq!(world.verdict(&holder.token), Ok(()))));
    // Postgres is asked each time: another node may have revoked the token.
    let reads = if env!("CARGO_CRATE_NAME").ends_with("on_postgres") { calls.len() } else { 1 };
    assert_eq!(calls, vec![Call::Credential; reads], "the rest is let in by what was found out");
    assert_eq!(world.store.calls_of(|| wait(world.accounts.flush()).unwrap()), [Call::Append, Call::Touch]);
    assert_eq!(world.store.calls_of(|| wait(world.accounts.flush()).unwrap()), [], "there is nothing left to write");
    assert_eq!(granted(&world), 101, "the exchange is one of them");
}

#[test]
fn repeats_that_many_threads_counted_are_all_in_one_row() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.flush()).unwrap();
    let before = granted(&world);
    assert_eq!(world.verdict(&holder.token), Ok(()));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| (0..50).for_each(|_| assert_eq!(world.verdict(&holder.token), Ok(()))));
        }
    });
    assert_eq!(world.store.calls_of(|| wait(world.accounts.flush()).unwrap()), [Call::Append, Call::Touch]);
    assert_eq!(granted(&world) - before, 1_001);
    let query = Query::default().for_token(Label::new(holder.token_id.as_str())).for_action(Action::AccessGranted);
    assert_eq!(wait(world.store.events(&query)).unwrap().events.len(), 1, "all within one minute");
}

#[test]
fn a_list_of_tokens_shows_the_last_use_up_to_this_instant_and_from_where() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        assert_eq!(last_used(world, &holder), None, "never used");
        for (hours, address) in [(1, Some(OFFICE)), (2, None), (3, Some(IpAddr::from([203, 0, 113, 9])))] {
            world.clock.advance(Duration::hours(hours));
            assert_eq!(world.verdict_from(&holder.token, address), Ok(()));
            assert_eq!(last_used(world, &holder), Some(LastUsed { at: world.clock.now(), address }));
        }
    });
}

#[test]
fn of_the_uses_within_one_second_the_last_is_shown_however_often_each_is_repeated() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let elsewhere = Some(IpAddr::from([203, 0, 113, 9]));
        for (second, addresses) in [[Some(OFFICE), elsewhere], [elsewhere, Some(OFFICE)]].into_iter().enumerate() {
            world.clock.advance(Duration::SECOND);
            for address in addresses.into_iter().flat_map(|address| [address; 3]) {
                assert_eq!(world.verdict_from(&holder.token, address), Ok(()));
            }
            let shown = last_used(world, &holder).unwrap();
            assert_eq!(shown, LastUsed { at: world.clock.now(), address: addresses[1] }, "second {second}");
        }
    });
}

#[test]
fn a_refused_credential_leaves_no_mark() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
    assert!(world.verdict(&holder.token).is_err());
    assert_eq!(last_used(&world, &holder), None);
}

#[test]
fn marks_only_move_forward_though_the_clock_goes_back() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let late = world.clock.now() + Duration::HOUR;
        for now in [late, late - Duration::MINUTE] {
            world.clock.set(now);
            assert_eq!(world.verdict(&holder.token), Ok(()));
            assert_eq!(used_at(world, &holder), Some(late), "flushed one by one");
        }
        for now in [late + Duration::MINUTE, late] {
            world.clock.set(now);
            assert_eq!(world.verdict(&holder.token), Ok(()));
        }
        assert_eq!(used_at(world, &holder), Some(late + Duration::MINUTE), "flushed together");
    });
}

#[test]
fn what_the_store_refuses_is_kept_for_the_next_flush() {
    for call in [Call::Append, Call::Touch] {
        let world = World::new();
        let holder = world.holder("Pipeline Automation");
        assert_eq!(world.verdict(&holder.token), Ok(()));
        let used = world.clock.now();
        for _ in 0..3 {
            assert!(world.store.failing(When::Each(call), Fault::Refused, || wait(world.accounts.flush())).is_err());
        }
        wait(world.accounts.flush()).unwrap();
        assert_eq!(used_at(&world, &holder), Some(used), "{call:?}");
        assert_eq!(granted(&world), 2, "{call:?}: none is lost, and none is written twice");
    }
}

/// A request that is given up by its client must not take other requests' records with it.
#[test]
fn what_is_being_written_is_kept_when_nobody_waits_for_it_any_more() {
    for call in [Call::Append, Call::Touch] {
        let world = World::new();
        let holder = world.holder("Pipeline Automation");
        assert_eq!(world.verdict(&holder.token), Ok(()));
        let used = world.clock.now();
        world.store.failing(When::Each(call), Fault::Hangs, || given_up(world.accounts.flush()));
        // The write is the journal's, so it is waited for; one that hangs is given up after half a minute.
        given_up(world.accounts.flush());
        world.clock.advance(Duration::seconds(30));
        wait(world.accounts.flush()).unwrap();
        assert_eq!(used_at(&world, &holder), Some(used), "{call:?}");
        assert_eq!(granted(&world), 2, "{call:?}");
    }
}

/// vault#5361: one audit sink that hung froze every request.
#[test]
fn a_store_that_hangs_in_a_write_of_accesses_holds_up_no_request_and_no_change_for_long() {
    for (call, events) in [
        (Call::Append, AccessEvents::Coalesced),
        (Call::Touch, AccessEvents::Coalesced),
        (Call::Append, AccessEvents::Strict),
    ] {
        let world = World::built(|builder| builder.access_events(events));
        let [holder, other] = ["Pipeline Automation", "Alation Sync"].map(|name| world.holder(name));
        let hung = |world: &World| {
            if events == AccessEvents::Strict {
                given_up(world.accounts.authenticate(&holder.token, Some(OFFICE)));
            } else {
                assert_eq!(world.verdict(&holder.token), Ok(()));
                given_up(world.accounts.flush());
            }
        };
        world.store.failing(When::Each(call), Fault::Hangs, || hung(&world));
        for path in Path::ALL {
            assert_eq!(in_time(async { holder.verdict(&world, path) }), Ok(()), "{call:?} {events:?}");
        }
        // A change waits for the accesses that came before it, and no longer than half a minute.
        world.clock.advance(Duration::seconds(30));
        for account in [&holder, &other] {
            assert!(in_time(world.accounts.acting(&ada()).account(&account.id).disable()).is_ok());
            assert!(in_time(world.accounts.authenticate(&account.token, Some(OFFICE))).is_err());
        }
    }
}

/// A clock that was set back by an hour kept a write that hangs, and every change behind it, for an hour.
#[test]
fn a_write_that_hangs_is_given_up_in_time_although_the_clock_was_set_back() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    assert_eq!(world.verdict(&holder.token), Ok(()));
    world.store.failing(When::Each(Call::Append), Fault::Hangs, || given_up(world.accounts.flush()));
    world.clock.advance(Duration::seconds(10));
    given_up(world.accounts.flush());
    world.clock.advance(-Duration::HOUR);
    for _ in 0..20 {
        given_up(world.accounts.flush());
        world.clock.advance(Duration::SECOND);
    }
    wait(world.accounts.flush()).unwrap();
    assert_eq!(granted(&world), 2);
}

/// A store may answer long after nobody counted on it any more.
#[test]
fn a_write_that_is_answered_after_it_was_given_up_ends_no_other() {
    for call in [Call::Append, Call::Touch] {
        let world = World::new();
        let holder = world.holder("Pipeline Automation");
        let use_it = || assert_eq!(world.verdict(&holder.token), Ok(()));
        use_it();
        world.store.fail(When::Each(call), Fault::Waits);
        let mut late = Box::pin(world.accounts.flush());
        given_up(late.as_mut());
        world.clock.advance(Duration::seconds(30));
        use_it();
        let mut second = Box::pin(world.accounts.flush());
        given_up(second.as_mut());
        world.store.heal();
        wait(late).unwrap();
        drop(second);
        wait(world.accounts.flush()).unwrap();
        assert_eq!(used_at(&world, &holder), Some(world.clock.now()), "{call:?}");
        // The store was asked twice for the same rows, and wrote them twice.
        assert_eq!(granted(&world), if call == Call::Append { 5 } else { 3 }, "{call:?}");
    }
}

/// Without a flush, requests write themselves once too many wait: memory stays bounded.
#[test]
fn access_events_that_nobody_flushes_are_written_by_a_request_in_bulk() {
    let world = World::built(|builder| builder.access_events(AccessEvents::Each));
    let holder = world.holder("Pipeline Automation");
    let calls = world.store.calls_of(|| (0..50_000).for_each(|_| assert_eq!(world.verdict(&holder.token), Ok(()))));
    let appends = calls.iter().filter(|call| **call == Call::Append).count();
    assert!((1..100).contains(&appends), "{appends}");
}

/// A request that wrote for all and was given up by its client must not end the writing of those that come after it.
#[test]
fn requests_go_on_with_a_write_whose_request_was_dropped() {
    // Each call of a server waits, so no request is seen to wait for the write.
    if env!("CARGO_CRATE_NAME").ends_with("on_postgres") {
        return;
    }
    for fault in [Fault::Waits, Fault::Hangs] {
        let world = World::built(|builder| builder.access_events(AccessEvents::Each));
        let holder = world.holder("Pipeline Automation");
        let is_written = || {
            !wait(world.store.events(&Query::default().for_action(Action::AccessGranted))).unwrap().events.is_empty()
        };
        world.store.fail(When::Each(Call::Append), fault);
        let request = || world.accounts.authenticate(&holder.token, None).now_or_never();
        assert!((0..100_000).any(|_| request().is_none()), "a request writes for all");
        world.store.heal();
        assert!(!is_written());
        if fault == Fault::Hangs {
            world.clock.advance(Duration::seconds(30));
        }
        (0..3).for_each(|_| assert_eq!(world.verdict(&holder.token), Ok(())));
        assert!(is_written(), "{fault:?}");
        assert!(world.accounts.authenticate_at_once(&holder.token, None).is_some(), "nobody has to wait any more");
    }
}

#[test]
fn a_missing_permission_is_recorded_with_its_name() {
    for (events, kept) in [(AccessEvents::Off, 0), (AccessEvents::Coalesced, 1), (AccessEvents::Strict, 1)] {
        let world = World::built(|builder| builder.access_events(events));
        let holder = world.holder("Pipeline Automation");
        let principal = world.authenticate(&holder.token).unwrap();
        let forbidden = world.accounts.authorize(&principal, crate::support::Permission::UsersView, None).unwrap_err();
        assert_eq!(forbidden.permission, "users:view");
        let query = Query::default().for_action(Action::PermissionDenied);
        let found = wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events;
        assert_eq!(found.len(), kept, "{events:?}");
        assert!(found.iter().all(|recorded| recorded.event.reason().unwrap().as_str() == "users:view"));
    }
}

/// Waited for, as long as it does not hang.
fn in_time<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    for _ in 0..10_000 {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("it hangs");
}

/// Polls once, and gives up.
/// Waited for until it hangs; a server needs a while to get there.
fn given_up(work: impl Future) {
    let polls = if env!("CARGO_CRATE_NAME").ends_with("on_postgres") { 2_000 } else { 1 };
    let mut work = pin!(work);
    for _ in 0..polls {
        let polled = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

fn granted(world: &World) -> u32 {
    let query = Query::default().for_action(Action::AccessGranted).limit(Query::MAX_LIMIT);
    wait(world.accounts.acting(&ada()).audit(&query))
        .unwrap()
        .events
        .iter()
        .map(|recorded| recorded.event.count())
        .sum()
}

fn used_at(world: &World, holder: &Holder) -> Option<UtcDateTime> {
    last_used(world, holder).map(|last| last.at)
}

fn last_used(world: &World, holder: &Holder) -> Option<LastUsed> {
    let listed = wait(world.accounts.acting(&ada()).account(&holder.id).tokens(None, 10)).unwrap().items;
    assert!(wait(world.store.credential(&holder.token_id)).unwrap().is_some());
    listed[0].last_used
}
