//! What is older than the host keeps it is removed in whole segments, and what remains verifies.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Waker},
};

use service_accounts::{
    ApplicationName, Archive, ArchivedSegment, Archiving, EventPattern, ExportForm, NewAccount, NewSubscription, Next,
    TargetUrl,
    access::{RoleName, Teams},
    audit::{Action, Sequence, detect::Settings},
    store::{Cursor, DocumentId, Justification, Store},
};
use service_accounts_store::conformance::{Call, Fault, When};
use time::Duration;

use crate::world::{World, account, ada, verify, wait};

const DAY: Duration = Duration::DAY;

/// Three segments, 40 days old, and a present one.
fn aged(world: &World) {
    world.happen(30);
    world.upkeep();
    world.advance(40 * DAY);
    world.happen(20);
    world.upkeep();
}

#[test]
fn old_segments_go_and_what_remains_verifies() {
    let world = World::new();
    aged(&world);
    let verified = world.verified();
    assert!(verified.first_seal > Some(0), "{verified:?}");
    assert_eq!(verified.first.unwrap().number(), 31);
    assert_eq!(world.events()[0].sequence.number(), 31);
    assert_eq!(world.count(Action::TrailTrimmed), 3);
}

#[test]
fn what_is_not_old_enough_stays() {
    for (age, is_gone) in [(30 * DAY - Duration::SECOND, false), (30 * DAY, true), (30 * DAY + Duration::SECOND, true)]
    {
        let world = World::new();
        world.happen(30);
        world.upkeep();
        world.advance(age);
        let trimmed = world.upkeep().trimmed;
        // The newest segment always stays.
        assert_eq!(trimmed.segments, if is_gone { 2 } else { 0 }, "{age}");
        assert_eq!(trimmed.events, if is_gone { 20 } else { 0 }, "{age}");
        assert_eq!(world.verified().first_seal, Some(if is_gone { 2 } else { 0 }));
    }
}

#[test]
fn a_trail_is_trimmed_only_behind_every_reader() {
    let world = World::new();
    let reader = DocumentId::parse("notifier").unwrap();
    let stand = |from: Option<i64>, at: i64| {
        let to = Cursor { at: Sequence::new(at), state: "".into() };
        assert!(wait(world.store.inner().advance(&reader, from.map(Sequence::new), Some(to))).unwrap());
    };
    stand(None, 19);
    aged(&world);
    assert_eq!(world.events()[0].sequence.number(), 11, "the second segment is not read to its end");
    stand(Some(19), 20);
    world.advance(Duration::HOUR);
    world.upkeep();
    assert_eq!(world.events()[0].sequence.number(), 21);
    world.verified();
}

#[test]
fn an_archive_gets_each_segment_as_a_file_that_verifies_before_it_is_removed() {
    let world = World::archiving();
    aged(&world);
    let kept = world.shelf.kept();
    let names: Vec<_> = kept.iter().map(|segment| segment.name.as_str()).collect();
    assert_eq!(names, ["trail-000000000000.jsonl", "trail-000000000001.jsonl", "trail-000000000002.jsonl"]);
    for (number, segment) in (0..).zip(&kept) {
        let verified = verify(&segment.lines).unwrap();
        assert_eq!((verified.events, verified.first_seal, verified.unsealed), (10, Some(number), 0));
        assert_eq!((verified.first, verified.last), (Some(segment.first), Some(segment.last)));
    }
    assert_eq!(world.verified().first_seal, Some(3));
}

#[test]
fn nothing_is_removed_that_the_archive_does_not_take() {
    struct Full;
    impl Archive for Full {
        fn keep(&self, _segment: ArchivedSegment) -> Archiving<'_> {
            Box::pin(async { Err("the disk is full".into()) })
        }
    }
    let world = World::built(World::new().store.inner().clone(), World::new().clock, |builder| {
        builder.seal(crate::world::sealing().archiving_to(Full))
    });
    world.happen(30);
    world.upkeep();
    world.advance(40 * DAY);
    assert!(wait(world.accounts.upkeep(Default::default())).is_err());
    assert_eq!((world.events()[0].sequence.number(), world.count(Action::TrailTrimmed)), (1, 0));
    world.verified();
}

/// An archive that hangs or panics ends that call of upkeep, of which everything else was done before.
#[test]
fn an_archive_that_hangs_or_panics_holds_up_nothing_but_trimming() {
    for fault in ["hangs", "panics"] {
        let is_broken = Arc::new(AtomicBool::new(true));
        struct Broken(Arc<AtomicBool>, &'static str);
        impl Archive for Broken {
            fn keep(&self, _segment: ArchivedSegment) -> Archiving<'_> {
                Box::pin(async {
                    match (self.0.load(Ordering::SeqCst), self.1) {
                        (false, _) => Ok(()),
                        (true, "hangs") => std::future::pending().await,
                        (true, _) => panic!("the bucket is gone"),
                    }
                })
            }
        }
        let world = World::built(World::new().store.inner().clone(), World::new().clock, |builder| {
            let archive = Broken(is_broken.clone(), fault);
            builder.seal(crate::world::sealing().archiving_to(archive)).detect(Settings::default())
        });
        let token = world.create("Pipeline Automation").first_token.unwrap();
        world.happen(30);
        world.upkeep();
        world.advance(40 * DAY);
        for round in 1..=3 {
            assert!(wait(world.accounts.authenticate(token.secret.expose(), None)).is_ok());
            world.advance(2 * Duration::MINUTE);
            world.happen(20);
            let sealed = world.count(Action::TrailSealed);
            let once = AssertUnwindSafe(|| {
                pin!(world.accounts.upkeep(Default::default()))
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_pending()
            });
            let is_pending = catch_unwind(once);
            assert!(if fault == "hangs" { matches!(is_pending, Ok(true)) } else { is_pending.is_err() });
            assert_eq!(world.count(Action::AccessGranted), round, "accesses were written");
            assert!(world.count(Action::TrailSealed) > sealed, "segments were sealed");
        }
        assert_eq!(world.count(Action::TrailTrimmed), 0);
        is_broken.store(false, Ordering::SeqCst);
        assert!(world.upkeep().trimmed.segments > 1);
        world.verified();
    }
}

#[test]
fn a_bound_is_kept_and_the_next_call_goes_on() {
    let world = World::new();
    world.happen(100);
    world.upkeep();
    world.advance(40 * DAY);
    let bounds = service_accounts::UpkeepBounds { segments: 4, ..Default::default() };
    let trimmed: Vec<_> = (0..4).map(|_| wait(world.accounts.upkeep(bounds)).unwrap().trimmed).collect();
    assert_eq!(trimmed.iter().map(|each| each.segments).collect::<Vec<_>>(), [4, 4, 2, 0]);
    assert_eq!(trimmed.iter().map(|each| each.is_cut_short).collect::<Vec<_>>(), [true, true, false, false]);
    world.verified();
}

/// The seal's document is gone and its events are still there: the file begins behind them.
#[test]
fn a_process_that_ends_between_the_two_steps_of_trimming_leaves_a_trail_that_verifies() {
    let world = World::new();
    world.happen(30);
    world.upkeep();
    world.advance(40 * DAY);
    let broken =
        world.store.failing(When::Each(Call::Trim), Fault::Refused, || wait(world.accounts.upkeep(Default::default())));
    assert!(broken.is_err());
    world.verified();
    world.upkeep();
    assert!(world.verified().first_seal >= Some(2));
    assert_eq!(verify(&world.file(ExportForm::JsonLines)).unwrap().first.unwrap(), world.events()[0].sequence);
}

#[test]
fn two_processes_that_trim_at_once_leave_a_trail_that_verifies() {
    let world = World::new();
    world.happen(200);
    world.upkeep();
    world.advance(40 * DAY);
    let other = world.beside();
    std::thread::scope(|scope| {
        for world in [&world, &other] {
            scope.spawn(|| (0..4).for_each(|_| _ = world.upkeep()));
        }
    });
    let trimmed = u64::try_from(world.count(Action::TrailTrimmed)).unwrap();
    assert!(trimmed >= 19, "{trimmed}");
    assert_eq!(world.verified().first_seal, Some(trimmed), "each segment once");
}

/// A process that ends between the two steps of a removal leaves a cursor that nobody moves.
#[test]
fn the_cursor_of_a_subscription_that_ended_does_not_hold_the_trail() {
    for is_removed in [true, false] {
        let world = World::new();
        let role = Some(RoleName::parse("Admin").unwrap());
        let justification = Some(Justification::parse("is told of everything").unwrap());
        let wanted = NewAccount { role, justification, teams: Teams::every(), ..account("Chat") };
        let id = wait(world.accounts.acting(&ada()).create(wanted)).unwrap().account.id.clone();
        let (own, url) =
            (ApplicationName::parse(ApplicationName::OWN).unwrap(), TargetUrl::parse("https://hooks.example.com/x"));
        let wanted = NewSubscription::new(own, vec![EventPattern::parse("token.minted").unwrap()], url.unwrap());
        let ada = ada();
        let subscriptions = world.accounts.acting(&ada).subscriptions(&id);
        let created = wait(subscriptions.create(wanted)).unwrap().subscription;
        // Its first look at the trail sets up the cursor.
        let ids = wait(world.accounts.outbox().subscriptions(None, 10)).unwrap().items;
        assert!(matches!(wait(world.accounts.outbox().next(&ids[0])).unwrap(), Next::Nothing));
        let held = wait(world.store.inner().slowest_cursor()).unwrap().unwrap();
        if is_removed {
            let lost = When::Each(Call::Advance);
            let removed = world.store.failing(lost, Fault::Refused, || wait(subscriptions.remove(&created.id)));
            assert!(removed.is_err());
        }
        aged(&world);
        let slowest = wait(world.store.inner().slowest_cursor()).unwrap().unwrap();
        assert_eq!(slowest > held, is_removed, "{slowest}");
        assert_eq!(world.count(Action::TrailTrimmed) > 0, is_removed);
    }
}

/// Reviews were kept for good, however many were opened.
#[test]
fn reviews_go_with_the_trail_and_those_of_another_realm_stay() {
    let world = World::new();
    let others = World::built(world.store.inner().clone(), world.clock.clone(), |builder| {
        builder.realm(service_accounts::naming::Realm::parse("tenant-b").unwrap())
    });
    let open = |world: &World| {
        let ada = ada();
        wait(world.accounts.acting(&ada).reviews().open(service_accounts::ReviewScope::default(), 9)).unwrap();
    };
    let listed = |world: &World| wait(world.accounts.acting(&ada()).reviews().list(None, 99)).unwrap().items.len();
    (0..20).for_each(|_| open(&world));
    open(&others);
    world.happen(10);
    world.advance(30 * DAY);
    world.upkeep();
    assert_eq!(listed(&world), 20, "they are as old as the trail is kept");
    world.advance(Duration::HOUR);
    open(&world);
    let trimmed = world.upkeep().trimmed;
    assert!(trimmed.reviews == 16 && trimmed.is_cut_short, "{trimmed:?}");
    assert_eq!(world.upkeep().trimmed.reviews, 4);
    assert_eq!((listed(&world), listed(&others)), (1, 1));
}

/// Incidents were kept for good. One that somebody still writes to stays.
#[test]
fn incidents_go_once_nobody_has_written_to_them_for_the_retention() {
    let (world, ada) = (World::new(), ada());
    let open = |name: &str| {
        let id = world.create(name).account.id.clone();
        wait(world.accounts.acting(&ada).account(&id).contain("found in a log".parse().unwrap())).unwrap().id
    };
    let [quiet, noted] = ["Quiet Sync", "Noted Sync"].map(open);
    world.advance(10 * DAY);
    wait(world.accounts.acting(&ada).note_incident(&noted, "log removed".parse().unwrap())).unwrap();
    let listed = || {
        let page = wait(world.accounts.acting(&ada).incidents(None, 99)).unwrap();
        page.items.into_iter().map(|incident| incident.id).collect::<Vec<_>>()
    };
    world.advance(20 * DAY);
    assert_eq!((world.upkeep().trimmed.incidents, listed()), (0, vec![quiet, noted.clone()]), "just as old");
    world.advance(Duration::HOUR);
    assert_eq!((world.upkeep().trimmed.incidents, listed()), (1, vec![noted]));
    world.advance(10 * DAY);
    assert_eq!((world.upkeep().trimmed.incidents, listed()), (1, vec![]));
}
