use alloc::{format, string::String, vec, vec::Vec};
use std::hash::RandomState;

use super::*;
use crate::{Event, Label};

type Accesses = Coalescer<u32, u32, RandomState>;

fn roomy() -> Accesses {
    Coalescer::within(1 << 20, RandomState::new())
}

fn at(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds).unwrap()
}

fn grant(accesses: &mut Accesses, key: u32, seconds: i64) {
    accesses.record(key, Action::AccessGranted, at(seconds), || key);
}

fn event<T: core::fmt::Display>(row: &Row<T>) -> Event {
    row.event(|subject, at| Event::new(Action::AccessGranted, Label::new(&format!("{subject}")), at))
}

/// Every row that is closed, as actor, count, first and last second.
fn drain(accesses: &mut Accesses) -> Vec<(String, u32, i64, i64)> {
    let mut all = Vec::new();
    while let Some(batch) = accesses.take(3) {
        all.extend(batch.rows().iter().map(event).map(|event| {
            let last = event.last_at().unix_timestamp();
            (event.actor().as_str().into(), event.count(), event.at().unix_timestamp(), last)
        }));
        assert!(accesses.confirm(batch.id()));
    }
    all
}

#[test]
fn one_key_gives_one_row_a_minute() {
    let mut accesses = roomy();
    (0..600).for_each(|second| grant(&mut accesses, 7, second));
    accesses.close_due(at(599));
    let expected: Vec<_> = (0..10).map(|minute| ("7".into(), 60, minute * 60, minute * 60 + 59)).collect();
    assert_eq!(drain(&mut accesses), expected[..9]);
    accesses.close_due(at(600));
    assert_eq!(drain(&mut accesses), expected[9..]);
}

#[test]
fn a_row_is_due_a_minute_after_its_first_access_and_not_before() {
    for (now, is_due) in [(59, false), (60, true), (61, true)] {
        let mut accesses = roomy();
        grant(&mut accesses, 7, 0);
        accesses.close_due(at(now));
        assert_eq!(!drain(&mut accesses).is_empty(), is_due, "{now}");
    }
}

#[test]
fn what_differs_in_its_key_has_a_row_of_its_own_and_rows_come_oldest_first() {
    let mut accesses = roomy();
    for (key, second) in [(3, 9), (1, 2), (2, 5), (1, 8)] {
        grant(&mut accesses, key, second);
    }
    accesses.close_all();
    assert_eq!(drain(&mut accesses), [("1".into(), 2, 2, 8), ("2".into(), 1, 5, 5), ("3".into(), 1, 9, 9)]);
}

/// Waiting accesses are written before a change that follows them.
#[test]
fn the_rows_of_one_subject_can_be_closed_early() {
    let mut accesses = roomy();
    grant(&mut accesses, 1, 0);
    grant(&mut accesses, 2, 1);
    accesses.close_where(|key, subject| *key == 2 && *subject == 2);
    assert_eq!(drain(&mut accesses), [("2".into(), 1, 1, 1)]);
    accesses.close_all();
    assert_eq!(drain(&mut accesses), [("1".into(), 1, 0, 0)]);
}

#[test]
fn a_clock_that_steps_back_loses_nothing_and_holds_nothing_up() {
    let mut accesses = roomy();
    for second in [1000, 990, 1010, 100] {
        grant(&mut accesses, 7, second);
    }
    accesses.close_due(at(1050));
    assert_eq!(drain(&mut accesses), [("7".into(), 3, 990, 1010), ("7".into(), 1, 100, 100)]);
}

#[test]
fn a_minute_begins_with_the_earliest_access_however_late_it_is_told() {
    let mut accesses = roomy();
    [1000, 950, 1011].into_iter().for_each(|second| grant(&mut accesses, 7, second));
    accesses.close_all();
    assert_eq!(drain(&mut accesses), [("7".into(), 2, 950, 1000), ("7".into(), 1, 1011, 1011)]);
}

#[test]
fn strangers_that_found_no_room_come_when_there_is_some() {
    let mut accesses: Accesses = Coalescer::within(0, RandomState::new());
    (0..7).for_each(|key| grant(&mut accesses, key, 0));
    strangers(&mut accesses, 3, 0);
    accesses.close_due(at(60));
    assert_eq!(drain(&mut accesses).len(), 7);
    accesses.close_due(at(120));
    assert_eq!(drain(&mut accesses), [("unknown".into(), 3, 0, 0)]);
}

/// A flush that is cancelled must not write its batch again (commonware#4165).
#[test]
fn a_batch_stays_out_until_its_outcome_is_told() {
    let mut accesses = roomy();
    grant(&mut accesses, 1, 0);
    accesses.close_all();
    let batch = accesses.take(10).unwrap();
    grant(&mut accesses, 2, 1);
    accesses.close_all();
    assert!(accesses.take(10).is_none(), "nobody told what became of the first");
    assert_eq!(accesses.outstanding(), Some(batch.id()));

    assert!(accesses.give_back(batch.id()));
    assert_eq!(accesses.outstanding(), None);
    let again = accesses.take(10).unwrap();
    assert_eq!((again.id(), again.rows()), (batch.id(), batch.rows()), "the same rows under the same id");

    assert!(accesses.confirm(again.id()));
    assert!(!accesses.confirm(again.id()) && !accesses.give_back(again.id()));
    let next = accesses.take(10).unwrap();
    assert_ne!(next.id(), batch.id());
    assert!(!accesses.confirm(batch.id()), "an old outcome does not confirm a new batch");
    assert_eq!(event(&next.rows()[0]).actor().as_str(), "2");
}

#[test]
fn a_row_each_is_ready_at_once() {
    let mut accesses = roomy();
    for second in [0, 0, 1] {
        accesses.record_each(Action::AccessGranted, at(second), || 7);
    }
    assert_eq!(drain(&mut accesses), [("7".into(), 1, 0, 0), ("7".into(), 1, 0, 0), ("7".into(), 1, 1, 1)]);
}

#[test]
fn what_finds_no_room_is_still_counted_and_comes_when_there_is_room() {
    let mut accesses: Accesses = Coalescer::within(0, RandomState::new());
    assert_eq!(accesses.most_rows(), 7);
    (0..10).for_each(|key| grant(&mut accesses, key, 0));
    accesses.record(10, Action::AccessDenied, at(1), || 10);
    accesses.record_each(Action::AccessDenied, at(2), || 11);
    grant(&mut accesses, 0, 3);
    accesses.close_due(at(60));
    assert_eq!(accesses.rows(), 7);
    let singles = drain(&mut accesses);
    assert_eq!(singles.iter().map(|(_, count, ..)| count).sum::<u32>(), 8, "{singles:?}");
    accesses.close_due(at(62));
    assert_eq!(drain(&mut accesses), [("unknown".into(), 3, 0, 0), ("unknown".into(), 2, 1, 2)]);
}

fn strangers(accesses: &mut Accesses, count: u32, seconds: i64) {
    for number in 0..count {
        let address = core::net::Ipv4Addr::from(number.wrapping_mul(256)).into();
        accesses.stranger(Some(address), "unknown", None, at(seconds));
    }
}

/// Each forged token of a stranger wrote an event (pithead#1814).
#[test]
fn a_hundred_thousand_strangers_in_a_minute_are_a_few_rows() {
    let mut accesses = roomy();
    strangers(&mut accesses, 100_000, 0);
    accesses.close_due(at(59));
    assert!(accesses.take(100).is_none(), "their minute is not over");
    accesses.close_due(at(60));
    let batch = accesses.take(100).unwrap();
    assert_eq!(batch.rows().len(), Accesses::MOST_SOURCES + 1);
    assert_eq!(batch.rows().iter().map(|row| row.tally.count()).sum::<u32>(), 100_000);
    assert_eq!(batch.rows().last().unwrap().subject, Subject::OtherStrangers);
}

#[test]
fn a_new_minute_of_strangers_closes_the_last_one() {
    let mut accesses = roomy();
    (0..120).for_each(|second| strangers(&mut accesses, 1, second));
    accesses.close_due(at(120));
    assert_eq!(drain(&mut accesses), [("unknown".into(), 60, 0, 59), ("unknown".into(), 60, 60, 119)]);
}

/// A wrong secret was recorded with the victim as actor.
#[test]
fn a_stranger_is_told_by_network_and_what_it_claimed_is_a_detail() {
    let mut accesses = roomy();
    for (address, claimed) in [("203.0.113.7", None), ("::ffff:203.0.113.7", None), ("203.0.113.7", Some("victim"))] {
        accesses.stranger(Some(address.parse().unwrap()), "wrong_secret", claimed, at(0));
    }
    accesses.close_all();
    let batch = accesses.take(10).unwrap();
    let [first, second] = [event(&batch.rows()[0]), event(&batch.rows()[1])];
    assert_eq!((first.count(), first.actor().as_str(), first.account()), (2, "unknown", None));
    assert_eq!(first.address(), Some("203.0.113.7".parse().unwrap()));
    assert_eq!((first.action(), first.reason().unwrap().as_str()), (Action::AccessDenied, "wrong_secret"));
    assert_eq!(first.details()[&Label::new("network")].as_str(), "203.0.113.0/24");
    assert_eq!((second.count(), second.actor().as_str(), second.account()), (1, "unknown", None));
    assert_eq!(second.details()[&Label::new("claimed")].as_str(), "victim");
}

#[test]
fn one_network_has_a_row_for_each_reason() {
    let mut accesses = roomy();
    for reason in ["malformed", "unknown", "malformed"] {
        accesses.stranger(None, reason, None, at(0));
    }
    accesses.close_all();
    assert_eq!(drain(&mut accesses).iter().map(|(_, count, ..)| *count).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn an_address_is_told_only_while_it_is_the_same_for_all() {
    let mut accesses = roomy();
    for address in ["203.0.113.7", "203.0.113.8", "203.0.113.7"] {
        accesses.stranger(Some(address.parse().unwrap()), "malformed", None, at(0));
    }
    accesses.close_all();
    let row = accesses.take(10).unwrap();
    assert_eq!((event(&row.rows()[0]).count(), event(&row.rows()[0]).address()), (3, None));
}

/// Bytes that the rows and the tables around them occupy.
fn heap(accesses: &Accesses) -> usize {
    let outgoing = accesses.outgoing.as_ref().map_or(0, |outgoing| outgoing.batch.rows().len());
    accesses.open.allocation_size() + (accesses.closed.capacity() + outgoing) * size_of::<Row<u32>>()
}

/// Refusals were never drained: 385 MB from five million.
#[test]
fn memory_stays_within_its_bound_although_nobody_writes() {
    for bytes in [1 << 14, 100_000, 1 << 20] {
        let mut accesses: Accesses = Coalescer::within(bytes, RandomState::new());
        for key in 0..100_000 {
            grant(&mut accesses, key, i64::from(key) / 1000);
            accesses.stranger(None, "unknown", Some(&format!("{key}")), at(i64::from(key) / 1000));
            if key % 1000 == 0 {
                accesses.close_due(at(i64::from(key) / 1000));
                _ = accesses.take(100);
            }
            let out = accesses.outgoing.as_ref().map_or(0, |outgoing| outgoing.batch.rows().len());
            assert!(accesses.open.len() + accesses.closed.len() + out <= accesses.most_rows);
        }
        assert!(heap(&accesses) <= bytes, "{} of {bytes}", heap(&accesses));
        assert!(accesses.rows() * 6 * size_of::<Row<u32>>() >= bytes / 2, "the room is used");
        assert!(accesses.is_pressing());
    }
}

/// Whatever happens in whatever order, each access is counted in exactly one row that is written.
#[test]
fn no_access_is_lost_or_counted_twice() {
    for seed in 0..200_u64 {
        let mut accesses: Accesses = Coalescer::within(if seed % 2 == 0 { 0 } else { 20_000 }, RandomState::new());
        let (mut random, mut now, mut given, mut written) = (seed * 2 + 1, 0_i64, 0_u32, 0_u32);
        let mut out = vec![];
        for _ in 0..2000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (dice, key) = (random >> 60, u32::try_from((random >> 40) % 23).unwrap());
            now += i64::from(key % 5) - 1;
            match dice {
                0..6 => grant(&mut accesses, key, now),
                6 => accesses.record_each(Action::AccessGranted, at(now), || key),
                7 => accesses.stranger(Some([10, 0, 0, 1].into()), "unknown", Some(&format!("{key}")), at(now)),
                8 => accesses.close_due(at(now)),
                9 => accesses.close_where(|other, _| *other == key),
                10 | 11 => out.extend(accesses.take(5)),
                12 => written += out.pop().map_or(0, |batch| confirmed(&mut accesses, &batch)),
                _ => out.iter().for_each(|batch| _ = accesses.give_back(batch.id())),
            }
            given += u32::from(dice < 8);
        }
        accesses.outgoing.iter_mut().for_each(|outgoing| outgoing.is_out = false);
        for _ in 0..20 {
            accesses.close_all();
            written += drain(&mut accesses).iter().map(|(_, count, ..)| count).sum::<u32>();
        }
        assert_eq!(written, given, "seed {seed}");
    }
}

/// What a batch adds to what is written; nothing if its outcome was told before.
fn confirmed(accesses: &mut Accesses, batch: &Batch<u32>) -> u32 {
    let count = batch.rows().iter().map(|row| row.tally.count()).sum();
    if accesses.confirm(batch.id()) { count } else { 0 }
}
