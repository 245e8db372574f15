//! The trail as a file: whole, verifiable without the service, and in bounded memory.

use std::sync::{Arc, atomic::AtomicI64};

use service_accounts::{
    Actor, Error, ExportForm, Sealing,
    access::Grants,
    audit::{
        self, Action, from_line,
        seal::{FaultKind, SealKey, Sealer},
    },
    store::{BoxStore, MemoryStore},
};
use time::Duration;

use crate::world::{START, World, ada, sealing, sqlite, verify, wait};

#[test]
fn an_export_has_every_event_and_the_verifier_takes_it() {
    let (_home, store) = sqlite();
    for world in [World::new(), World::on(store)] {
        world.happen(1234);
        world.upkeep();
        world.happen(7);
        let file = world.file(ExportForm::JsonLines);
        let verified = verify(&file).unwrap();
        assert!(verified.seals >= 123);
        let events: Vec<_> = file.lines().filter_map(|line| from_line(line).ok()).collect();
        assert_eq!(events, world.events());
        assert_eq!(events.last().unwrap().event.action(), Action::TrailExported);
        assert_eq!(verified.unsealed, verified.events - 10 * verified.seals);
    }
}

#[test]
fn one_byte_of_it_changed_anywhere_is_found() {
    let world = World::new();
    world.happen(15);
    world.upkeep();
    let file = world.file(ExportForm::JsonLines);
    verify(&file).unwrap();
    for at in 0..file.len() {
        let mut edited = file.clone().into_bytes();
        edited[at] ^= 1;
        let found = String::from_utf8(edited).map_or(true, |edited| verify(&edited).is_err());
        assert!(found, "byte {at}");
    }
}

/// Who writes to the store cannot edit what is sealed without being found.
#[test]
fn an_event_that_was_edited_in_the_database_is_found_in_the_export() {
    let (home, store) = sqlite();
    let world = World::on(store);
    world.happen(25);
    world.upkeep();
    world.verified();
    let raw = service_accounts_sqlite_raw(&home);
    assert_eq!(raw.execute("DELETE FROM event WHERE sequence = 13", []).unwrap(), 1);
    let fault = verify(&world.file(ExportForm::JsonLines)).unwrap_err();
    assert_eq!(fault.to_string(), "line 14: an event after event 12 is missing");
}

fn service_accounts_sqlite_raw(home: &tempfile::TempDir) -> rusqlite::Connection {
    rusqlite::Connection::open(home.path().join("accounts.db")).unwrap()
}

#[test]
fn no_part_of_a_file_is_larger_than_a_page_of_events() {
    let world = World::built(World::new().store.inner().clone(), World::new().clock, |builder| builder);
    world.happen(5000);
    let ada = ada();
    let trail = world.accounts.acting(&ada).trail();
    for form in [ExportForm::JsonLines, ExportForm::Csv] {
        let (mut export, mut lines) = (wait(trail.export(form)).unwrap(), 0);
        while let Some(part) = wait(trail.next_part(&mut export)).unwrap() {
            assert!(part.ends_with('\n') && part.lines().count() <= 501);
            lines += part.lines().count();
        }
        assert!(lines >= 5001, "{lines}");
    }
}

#[test]
fn csv_has_a_row_for_each_event() {
    let world = World::new();
    world.happen(700);
    world.upkeep();
    let file = world.file(ExportForm::Csv);
    assert!(file.starts_with(&audit::csv_header().unwrap()));
    assert_eq!(file.lines().count(), 1 + world.events().len());
}

#[test]
fn who_may_not_read_the_trail_gets_no_part_of_it() {
    let world = World::new();
    let eve = Actor::host_with("eve", Grants::nothing());
    let refused = |answer: Result<(), Error>| assert!(matches!(answer, Err(Error::NotPermitted)));
    let trail = world.accounts.acting(&eve).trail();
    refused(wait(trail.export(ExportForm::JsonLines)).map(drop));
    refused(wait(trail.alerts(None, None, 1)).map(drop));
    refused(wait(trail.seals(None, 1)).map(drop));
    refused(wait(trail.inclusion(audit::Sequence::new(1))).map(drop));
    let ada = ada();
    let mut export = wait(world.accounts.acting(&ada).trail().export(ExportForm::Csv)).unwrap();
    refused(wait(trail.next_part(&mut export)).map(drop));
}

#[test]
fn a_segment_that_is_trimmed_under_an_export_ends_it_and_the_next_one_is_whole() {
    let world = World::built(World::new().store.inner().clone(), World::new().clock, |builder| {
        builder.seal(sealing().closing_at(1000, Duration::HOUR))
    });
    world.happen(4000);
    world.upkeep();
    let ada = ada();
    let trail = world.accounts.acting(&ada).trail();
    let mut export = wait(trail.export(ExportForm::JsonLines)).unwrap();
    let begun = wait(trail.next_part(&mut export)).unwrap().unwrap();
    assert_eq!(begun.lines().count(), 500);
    world.advance(Duration::days(40));
    world.upkeep();
    assert!(matches!(wait(trail.next_part(&mut export)), Err(Error::Conflict)));
    // The export's own event was sealed before, so that the fourth segment was not the newest.
    assert_eq!(world.verified().first_seal, Some(4));
}

/// A host that seals an old trail for the first time has more events at once than one segment takes.
#[test]
fn an_export_of_more_unsealed_events_than_a_segment_takes_is_whole() {
    for choose in [sealing(), sealing().closing_at(usize::MAX, Duration::HOUR)] {
        let world = World::built(BoxStore::new(MemoryStore::new()), Arc::new(AtomicI64::new(START)), |builder| {
            builder.seal(choose)
        });
        let many = Sealer::MOST_EVENTS + 10;
        world.happen(many);
        let verified = world.verified();
        assert!(verified.events >= u64::try_from(many).unwrap() && verified.seals > 0, "{verified:?}");
    }
}

/// Who investigates a trail that cannot be sealed any more needs its file all the same.
#[test]
fn a_trail_whose_seals_are_of_another_key_is_handed_out_all_the_same() {
    let world = World::new();
    world.happen(25);
    world.upkeep();
    let other = World::built(world.store.inner().clone(), world.clock.clone(), |builder| {
        builder.seal(Sealing::under(SealKey::new(&[8; 32])).closing_at(10, Duration::HOUR))
    });
    assert!(wait(other.accounts.upkeep(Default::default())).is_err());
    assert_eq!(verify(&other.file(ExportForm::JsonLines)).unwrap_err().kind, FaultKind::Forged);
    assert!(other.file(ExportForm::JsonLines).lines().count() > 25);
}
