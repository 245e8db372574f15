//! Realms that share a store share its trail: none loses evidence because another keeps less.

use std::sync::{Arc, atomic::AtomicI64};

use service_accounts::{
    ReviewScope, Sealing,
    audit::{Action, Recorded},
    naming::Realm,
    store::{Authority, BoxStore, Change, Committed, Document, DocumentId, DocumentKind, MemoryStore, Store},
};
use service_accounts_store::conformance::Call;
use time::Duration;

use crate::world::{START, World, ada, key, sqlite, wait};

const DAY: Duration = Duration::DAY;

/// How a realm keeps the trail.
#[derive(Clone, Copy)]
enum Keeps {
    Days(u16),
    ForEver,
    /// It leaves sealing to others.
    NothingSealed,
}

fn realm(store: &BoxStore, clock: &Arc<AtomicI64>, name: &str, keeps: Keeps) -> World {
    let sealing = Sealing::under(key()).closing_at(10, Duration::HOUR);
    World::built(store.clone(), clock.clone(), |builder| {
        let builder = builder.realm(Realm::parse(name).unwrap());
        match keeps {
            Keeps::Days(days) => builder.seal(sealing.retaining_days(days)),
            Keeps::ForEver => builder.seal(sealing),
            Keeps::NothingSealed => builder,
        }
    })
}

/// Two realms on a store, each after its first upkeep, and three segments of events.
fn two(store: &BoxStore, keeps: [Keeps; 2]) -> [World; 2] {
    let clock = Arc::new(AtomicI64::new(START));
    let realms = [("service", keeps[0]), ("tenant-b", keeps[1])].map(|(name, how)| realm(store, &clock, name, how));
    realms.iter().for_each(|world| _ = world.upkeep());
    realms[0].happen(30);
    realms.iter().for_each(|world| _ = world.upkeep());
    realms
}

/// What both have removed by a day after the first events.
fn removed(realms: &[World; 2], day: i64) -> usize {
    let passed = realms[0].now().unix_timestamp() - START;
    realms[0].advance(Duration::days(day) - Duration::seconds(passed));
    realms.iter().map(|world| world.upkeep().trimmed.segments).sum()
}

fn on_both_stores(test: impl Fn(&BoxStore)) {
    test(&BoxStore::new(MemoryStore::new()));
    let (_home, store) = sqlite();
    test(&store);
}

#[test]
fn the_longest_retention_of_the_realms_on_a_store_decides() {
    on_both_stores(|store| {
        let realms = two(store, [Keeps::Days(30), Keeps::Days(90)]);
        assert_eq!([31, 40, 89].map(|day| removed(&realms, day)), [0, 0, 0]);
        assert_eq!(realms[0].count(Action::PolicyValidated), 30);
        assert!(removed(&realms, 91) > 0);
        assert!(realms[0].count(Action::PolicyValidated) < 30);
        realms[0].verified();
    });
}

#[test]
fn a_realm_is_told_that_another_one_holds_what_is_old_enough_for_it() {
    for (other, is_held) in [(Keeps::Days(30), false), (Keeps::Days(90), true), (Keeps::ForEver, true)] {
        on_both_stores(|store| {
            let [ours, _] = two(store, [Keeps::Days(30), other]);
            let held_after = [2, 31].map(|days| {
                ours.advance(DAY * days);
                ours.upkeep().trimmed.is_held
            });
            assert_eq!(held_after, [false, is_held]);
        });
    }
}

#[test]
fn nothing_goes_where_a_realm_on_the_store_keeps_everything() {
    for keeps in [Keeps::ForEver, Keeps::NothingSealed] {
        on_both_stores(|store| {
            let realms = two(store, [Keeps::Days(30), keeps]);
            assert_eq!([31, 400, 4000].map(|day| removed(&realms, day)), [0, 0, 0]);
            assert_eq!(realms[0].count(Action::PolicyValidated), 30);
        });
    }
}

/// Its last events are as old as it wanted to keep them, and nobody renews its note.
#[test]
fn a_realm_that_has_gone_holds_the_trail_for_its_own_days_and_no_longer() {
    let store = BoxStore::new(MemoryStore::new());
    let [stays, gone] = two(&store, [Keeps::Days(30), Keeps::Days(90)]);
    drop(gone);
    let mut first = None;
    for day in 1..200 {
        stays.advance(DAY);
        if stays.upkeep().trimmed.segments > 0 {
            first = first.or(Some(day));
        }
    }
    assert!(first.is_some_and(|day| (90..=120).contains(&day)), "{first:?}");
}

#[test]
fn a_realm_that_kept_everything_and_has_gone_is_retired_by_one_upkeep_with_a_retention() {
    let store = BoxStore::new(MemoryStore::new());
    let realms = two(&store, [Keeps::Days(30), Keeps::ForEver]);
    assert_eq!(removed(&realms, 400), 0);
    let [stays, gone] = realms;
    drop(gone);
    let trimmed = realm(&store, &stays.clock, "tenant-b", Keeps::Days(30)).upkeep().trimmed;
    assert!(trimmed.segments > 0);
}

#[test]
fn reviews_and_incidents_go_by_the_retention_of_their_own_realm() {
    on_both_stores(|store| {
        let realms = two(store, [Keeps::Days(30), Keeps::Days(90)]);
        let actor = ada();
        let open = |world: &World| {
            let id = world.create("Nightly Sync").account.id.clone();
            wait(world.accounts.acting(&actor).account(&id).contain("found in a log".parse().unwrap())).unwrap();
            wait(world.accounts.acting(&actor).reviews().open(ReviewScope::default(), 9)).unwrap();
        };
        let left = |world: &World| {
            let reviews = wait(world.accounts.acting(&actor).reviews().list(None, 9)).unwrap().items.len();
            (reviews, wait(world.accounts.acting(&actor).incidents(None, 9)).unwrap().items.len())
        };
        realms.iter().for_each(open);
        for (day, expected) in [(29, [(1, 1), (1, 1)]), (31, [(0, 0), (1, 1)]), (91, [(0, 0), (0, 0)])] {
            removed(&realms, day);
            assert_eq!(realms.each_ref().map(left), expected, "day {day}");
        }
    });
}

#[test]
fn a_realm_notes_its_retention_once_and_again_only_when_it_changes_or_grows_old() {
    let store = BoxStore::new(MemoryStore::new());
    let [ours, theirs] = two(&store, [Keeps::Days(40), Keeps::ForEver]);
    for _ in 0..240 {
        ours.advance(Duration::HOUR);
        [&ours, &theirs].into_iter().for_each(|world| _ = world.upkeep());
    }
    assert_eq!(ours.count(Action::TrailRetentionNoted), 2 + 1, "once each, and one renewal after ten days");
    realm(&store, &ours.clock, "service", Keeps::NothingSealed).upkeep();
    assert_eq!(
        ours.count(Action::TrailRetentionNoted),
        3,
        "a process that seals nothing leaves it to those of its realm that do"
    );
    realm(&store, &ours.clock, "service", Keeps::Days(50)).upkeep();
    let put =
        ours.events().into_iter().rfind(|recorded| recorded.event.action() == Action::TrailRetentionNoted).unwrap();
    let details = |name| put.event.details().get(name).unwrap().as_str().to_owned();
    let told = ["realm", "retention"].map(details);
    assert_eq!(told, ["service", "50 days"]);
}

/// The note counts for as long as the wrong clock said, unless it is made again.
#[test]
fn a_note_by_a_clock_that_ran_ahead_is_made_again() {
    let store = BoxStore::new(MemoryStore::new());
    let ours = realm(&store, &Arc::new(AtomicI64::new(START + 4000 * 86_400)), "tenant-b", Keeps::Days(90));
    ours.upkeep();
    ours.advance(-4000 * DAY);
    let realms = [realm(&store, &ours.clock, "service", Keeps::Days(30)), ours];
    realms[0].happen(30);
    realms.iter().for_each(|world| _ = world.upkeep());
    realms[0].advance(Duration::HOUR);
    realms.iter().for_each(|world| _ = world.upkeep());
    let [stays, gone] = realms;
    drop(gone);
    stays.advance(121 * DAY);
    assert!(stays.upkeep().trimmed.segments > 0);
}

#[test]
fn each_of_many_realms_has_a_say() {
    let store = BoxStore::new(MemoryStore::new());
    let clock = Arc::new(AtomicI64::new(START));
    for number in 0..450 {
        realm(&store, &clock, &format!("t{number:03}"), Keeps::Days(30)).upkeep();
    }
    let world = realm(&store, &clock, "zz-last", Keeps::Days(90));
    world.upkeep();
    let first = realm(&store, &clock, "t000", Keeps::Days(30));
    first.happen(30);
    first.upkeep();
    first.advance(50 * DAY);
    assert_eq!(first.upkeep().trimmed.segments, 0);
}

#[test]
fn a_note_that_does_not_read_removes_nothing() {
    let store = BoxStore::new(MemoryStore::new());
    let [ours, theirs] = two(&store, [Keeps::Days(30), Keeps::Days(30)]);
    let id = DocumentId::parse("retention:tenant-b").unwrap();
    let found = wait(store.document(DocumentKind::Setting, &id)).unwrap().unwrap();
    let document = Document { body: "{}".into(), ..found.clone() };
    let change = Change::PutDocument { document, expected: Some(found.revision) };
    let event = ours.events()[0].event.clone();
    assert!(matches!(wait(store.commit(&Authority::Host, change, event)), Ok(Committed::Applied(_))));
    drop(theirs);
    ours.advance(40 * DAY);
    let error = wait(ours.accounts.upkeep(Default::default())).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("`retention:tenant-b`"), "{cause}");
    assert_eq!(ours.count(Action::TrailTrimmed), 0);
}

/// The number of days was that of another configuration; now the realm says, as long as it runs, that everything is kept.
#[test]
fn a_realm_that_seals_no_longer_keeps_everything_once_its_days_do_not_count() {
    on_both_stores(|store| {
        let [stays, sealed] = two(store, [Keeps::Days(30), Keeps::Days(90)]);
        drop(sealed);
        let unsealed = realm(store, &stays.clock, "tenant-b", Keeps::NothingSealed);
        for day in 1..200 {
            stays.advance(DAY);
            if day == 60 {
                stays.happen(20);
            }
            [&unsealed, &stays].into_iter().for_each(|world| _ = world.upkeep());
        }
        let late = |recorded: &&Recorded| recorded.event.at().unix_timestamp() == START + 60 * 86_400;
        let kept = stays.events();
        assert_eq!(kept.iter().filter(late).filter(|it| it.event.action() == Action::PolicyValidated).count(), 20);
    });
}

/// Somebody removed it, or put back a store from before it.
#[test]
fn a_note_that_is_gone_is_made_again_while_its_realm_runs() {
    for keeps in [Keeps::Days(90), Keeps::ForEver, Keeps::NothingSealed] {
        let store = BoxStore::new(MemoryStore::new());
        let realms = two(&store, [Keeps::Days(30), keeps]);
        let id = DocumentId::parse("retention:tenant-b").unwrap();
        let found = wait(store.document(DocumentKind::Setting, &id)).unwrap().unwrap();
        let change = Change::RemoveDocument { kind: DocumentKind::Setting, id, expected: found.revision };
        let event = realms[0].events()[0].event.clone();
        assert!(matches!(wait(store.commit(&Authority::Host, change, event)), Ok(Committed::Applied(_))));
        realms[1].advance(Duration::HOUR);
        realms[1].upkeep();
        assert_eq!(removed(&realms, 40), 0);
    }
}

/// A machine that starts has the time of its making until it is told the right one.
#[test]
fn a_clock_that_is_behind_for_less_than_an_hour_does_not_end_a_note() {
    let store = BoxStore::new(MemoryStore::new());
    let [stays, gone] = two(&store, [Keeps::Days(30), Keeps::Days(90)]);
    drop(gone);
    stays.advance(40 * DAY);
    let behind = Arc::new(AtomicI64::new(86_400));
    let starts = realm(&store, &behind, "tenant-b", Keeps::Days(90));
    starts.upkeep();
    starts.advance(Duration::minutes(59));
    starts.upkeep();
    assert_eq!(stays.upkeep().trimmed.segments, 0);
}

#[test]
fn the_notes_of_many_realms_are_read_only_where_something_is_old_enough() {
    let (store, clock) = (BoxStore::new(MemoryStore::new()), Arc::new(AtomicI64::new(START)));
    let world = realm(&store, &clock, "a", Keeps::Days(30));
    world.upkeep();
    world.happen(30);
    world.upkeep();
    let look = || {
        world.advance(Duration::HOUR);
        let calls = world.store.calls_of(|| _ = world.upkeep());
        calls.iter().filter(|call| **call == Call::Documents).count()
    };
    let before = look();
    for number in 0..450 {
        realm(&store, &clock, &format!("t{number:03}"), Keeps::Days(90)).upkeep();
    }
    assert_eq!(look(), before);
    world.advance(30 * DAY);
    assert!(look() > before);
}
