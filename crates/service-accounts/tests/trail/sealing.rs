//! The trail is sealed in segments, by however many processes, in one chain.

use service_accounts::{
    ExportForm, Sealing,
    audit::{
        Action, Sequence,
        seal::{SealKey, Verifier},
    },
    store::{BoxStore, DocumentKind, MemoryStore, Store},
};
use service_accounts_store::conformance::{Call, Fault, When};
use time::Duration;

use crate::world::{World, ada, reopen, sqlite, verify, wait};

#[test]
fn a_full_segment_is_closed_at_once_and_an_old_one_after_an_hour() {
    let world = World::new();
    world.happen(25);
    let sealed = world.upkeep().sealed;
    assert_eq!((sealed.segments, sealed.events), (2, 20));
    // Five events, the two of the seals and that of the retention wait.
    world.advance(Duration::HOUR - Duration::SECOND);
    assert_eq!(world.upkeep().sealed.segments, 0);
    world.advance(Duration::SECOND);
    let sealed = world.upkeep().sealed;
    assert_eq!((sealed.segments, sealed.events), (1, 8));
    assert_eq!(world.count(Action::TrailSealed), 3);
}

/// Each seal leaves an event, which needs a seal.
#[test]
fn a_quiet_trail_is_not_sealed_for_its_own_seals() {
    let world = World::new();
    world.happen(3);
    for _ in 0..100 {
        world.advance(Duration::HOUR);
        world.upkeep();
    }
    assert_eq!(world.count(Action::TrailSealed), 1);
    world.happen(1);
    assert_eq!(world.upkeep().sealed.segments, 1, "the event of the seal has waited long enough");
}

#[test]
fn after_a_restart_the_chain_goes_on() {
    let world = World::new();
    for _ in 0..3 {
        world.happen(12);
        world.upkeep();
        world.beside().upkeep();
    }
    let verified = world.verified();
    assert!(verified.seals >= 3, "{verified:?}");
}

#[test]
fn two_processes_that_seal_at_once_make_one_chain() {
    let (_home, store) = sqlite();
    for (first, second) in [(World::new(), None), (World::on(store), Some(reopen(&_home)))] {
        let other = second.map_or_else(
            || first.beside(),
            |store| World::built(store, first.clock.clone(), |builder| builder.seal(crate::world::sealing())),
        );
        for round in 0..20 {
            first.happen(7 + round);
            std::thread::scope(|scope| {
                for world in [&first, &other] {
                    scope.spawn(|| (0..5).for_each(|_| _ = world.upkeep()));
                }
            });
        }
        let verified = first.verified();
        assert!(verified.seals >= 30, "{verified:?}");
        assert_eq!(first.count(Action::TrailSealed), usize::try_from(verified.seals).unwrap(), "one event, one seal");
    }
}

#[test]
fn of_two_seals_of_one_number_the_first_is_kept_and_the_other_process_goes_on_after_it() {
    let (world, other) = {
        let world = World::new();
        let other = world.beside();
        (world, other)
    };
    world.happen(15);
    let accounts = other.accounts.clone();
    world.store.interrupt(Call::Commit, move || _ = wait(accounts.upkeep(Default::default())).unwrap());
    let sealed = world.upkeep().sealed;
    assert_eq!((sealed.segments, sealed.is_cut_short), (0, true));
    world.happen(10);
    assert_eq!(world.upkeep().sealed.segments, 1);
    assert_eq!(world.verified().seals, 2);
}

/// The seal is kept, and the process ends before the cursor moves.
#[test]
fn a_seal_whose_cursor_was_not_moved_is_found_by_whoever_seals_next() {
    let world = World::new();
    world.happen(10);
    world.upkeep();
    world.happen(10);
    let broken = world
        .store
        .failing(When::Each(Call::Advance), Fault::Refused, || wait(world.accounts.upkeep(Default::default())));
    assert!(broken.is_err());
    for world in [world.beside(), world] {
        world.upkeep();
        world.upkeep();
        assert_eq!(world.verified().seals, 2);
    }
}

#[test]
fn another_key_seals_nothing_and_says_so() {
    let world = World::new();
    world.happen(10);
    world.upkeep();
    let stranger = World::built(world.store.inner().clone(), world.clock.clone(), |builder| {
        builder.seal(Sealing::under(SealKey::new(&[8; 32])))
    });
    world.happen(10);
    let refused = wait(stranger.accounts.upkeep(Default::default())).unwrap_err();
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert!(cause.contains("not genuine"), "{cause}");
    world.upkeep();
    assert_eq!(world.verified().seals, 2);
}

#[test]
fn seals_are_listed_and_one_event_is_proved_without_the_others() {
    let world = World::new();
    world.happen(35);
    world.upkeep();
    let (ada, expected) = (ada(), world.events());
    let trail = world.accounts.acting(&ada).trail();
    let seals = wait(trail.seals(None, 50)).unwrap().items;
    assert_eq!(seals.iter().map(|each| each.seal.number()).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(seals.iter().all(|each| each.seal.is_genuine(&crate::world::key()) && each.sealed_at == world.now()));
    for number in 1..=30 {
        let inclusion = wait(trail.inclusion(Sequence::new(number))).unwrap();
        assert_eq!(inclusion.event, expected[usize::try_from(number - 1).unwrap()]);
        assert!(inclusion.holds(&crate::world::key()), "{number}");
        assert!(!inclusion.holds(&SealKey::new(&[8; 32])));
    }
    for number in [i64::MIN, 0, 31, 35, 99, i64::MAX] {
        let refused = wait(trail.inclusion(Sequence::new(number)));
        assert!(matches!(refused, Err(service_accounts::Error::DocumentMissing)), "{number}");
    }
}

#[test]
fn without_a_key_there_are_no_seals_and_the_export_is_plain() {
    let world = World::built(BoxStore::new(MemoryStore::new()), World::new().clock, |builder| builder);
    world.happen(1200);
    assert_eq!(world.upkeep(), service_accounts::Upkeep::default());
    let file = world.file(ExportForm::JsonLines);
    assert_eq!(file.lines().count(), 1202, "the events, that of the retention, and that of the export");
    assert!(file.lines().all(|line| service_accounts::audit::from_line(line).is_ok()));
    assert!(verify(&file).is_err());
    assert!(wait(world.store.documents(DocumentKind::Seal, None, 1)).unwrap().items.is_empty());
}

/// A copy of the store that is put back has an end that verifies; the newest seal, kept elsewhere, tells.
#[test]
fn a_trail_that_was_put_back_is_found_by_the_newest_seal() {
    let world = World::new();
    world.happen(10);
    world.upkeep();
    let before = world.file(ExportForm::JsonLines);
    world.happen(10);
    world.upkeep();
    let newest = wait(world.accounts.acting(&ada()).trail().seals(None, 50)).unwrap().items.pop().unwrap().seal;
    let verdict = |file: &str| {
        let mut verifier = Verifier::new(crate::world::key()).expecting(newest.clone());
        file.split_inclusive('\n').try_for_each(|line| verifier.line(line.as_bytes())).and_then(|()| verifier.finish())
    };
    assert!(verify(&before).is_ok() && verdict(&before).is_err());
    assert!(verdict(&world.file(ExportForm::JsonLines)).is_ok());
}

#[test]
fn a_changed_key_goes_on_with_the_chain_and_the_earlier_one_seals_nothing_more() {
    let (new, old) = (SealKey::new(&[8; 32]), crate::world::key());
    let world = World::new();
    world.happen(25);
    world.upkeep();
    let changed = World::built(world.store.inner().clone(), world.clock.clone(), |builder| {
        builder.seal(Sealing::under(new.clone()).closing_at(10, Duration::HOUR).replacing(old.clone()))
    });
    changed.happen(25);
    changed.upkeep();
    let verdict = |mut verifier: Verifier| {
        let file = changed.file(ExportForm::JsonLines);
        file.split_inclusive('\n').try_for_each(|line| verifier.line(line.as_bytes()))?;
        verifier.finish()
    };
    let verified = verdict(Verifier::new(new.clone()).accepting(old.clone())).unwrap();
    assert_eq!((verified.seals, verified.first_seal), (5, Some(0)));
    assert!(verdict(Verifier::new(new.clone())).is_err() && verdict(Verifier::new(old)).is_err());
    // The process that was not told of the change says so, and the chain stays whole.
    changed.happen(25);
    world.advance(Duration::HOUR);
    assert!(wait(world.accounts.upkeep(Default::default())).is_err());
    assert!(wait(world.beside().accounts.upkeep(Default::default())).is_err());
    changed.upkeep();
    assert!(verdict(Verifier::new(new.clone()).accepting(crate::world::key())).unwrap().seals > 5);
    // Which key a segment rests on stands in the trail.
    let keys: Vec<_> = changed
        .events()
        .iter()
        .filter(|recorded| recorded.event.action() == Action::TrailSealed)
        .map(|recorded| recorded.event.details()["key"].to_string())
        .collect();
    assert_eq!(keys[..2], [crate::world::key().id(), crate::world::key().id()]);
    assert!(keys[2..].iter().all(|key| *key == new.id()) && new.id().len() == 8);
}
