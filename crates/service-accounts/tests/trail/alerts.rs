//! The detectors read the trail in upkeep: each alert is told once, whoever restarts, and nobody is locked out.

use service_accounts::{
    audit::{
        Action,
        detect::{AlertKind, Settings},
    },
    store::{DocumentId, Store},
};
use service_accounts_store::conformance::{Call, Fault, When};
use time::Duration;

use crate::world::{OFFICE, World, ada, reopen, sqlite, wait};

/// A revoked token is presented, and forty times something that is no token.
fn attack(world: &World) -> String {
    let created = world.create("Pipeline Automation");
    let good = world.create("Good Neighbour").first_token.unwrap().secret.expose().to_owned();
    let token = created.first_token.unwrap();
    let ada = ada();
    wait(world.accounts.acting(&ada).token(&created.account.id, &token.token.id).revoke()).unwrap();
    assert!(wait(world.accounts.authenticate(token.secret.expose(), Some(OFFICE))).is_err());
    for _ in 0..40 {
        assert!(wait(world.accounts.authenticate("acme_sat_nothing", Some([203, 0, 113, 9].into()))).is_err());
    }
    world.advance(2 * Duration::MINUTE);
    good
}

fn kinds(world: &World) -> Vec<AlertKind> {
    let alerts = wait(world.accounts.acting(&ada()).trail().alerts(None, None, 50)).unwrap().items;
    let mut kinds: Vec<_> = alerts.iter().map(|alert| alert.kind).collect();
    kinds.sort();
    kinds
}

#[test]
fn an_attack_becomes_alerts_with_their_events_and_locks_nobody_out() {
    let (_home, store) = sqlite();
    for world in [World::new(), World::on(store)] {
        let good = attack(&world);
        let watched = world.upkeep().watched;
        assert_eq!(kinds(&world), [AlertKind::FailuresFromSource, AlertKind::RevokedUse]);
        assert_eq!((watched.alerts, world.count(Action::AlertRaised)), (2, 2));
        assert!(wait(world.accounts.authenticate(&good, Some([203, 0, 113, 9].into()))).is_ok());
        assert_eq!(world.upkeep().watched.alerts, 0, "told once");
    }
}

#[test]
fn alerts_are_listed_in_the_order_of_time_from_an_instant_on() {
    let world = World::new();
    attack(&world);
    world.upkeep();
    let ada = ada();
    let trail = world.accounts.acting(&ada).trail();
    let first = wait(trail.alerts(None, None, 1)).unwrap();
    let rest = wait(trail.alerts(None, first.next.as_ref(), 1)).unwrap();
    assert!(first.items[0].at <= rest.items[0].at && rest.next.is_none());
    let since = |instant| wait(trail.alerts(Some(instant), None, 50)).unwrap().items.len();
    let at = first.items[0].at;
    assert_eq!(since(at), 2);
    assert_eq!(since(rest.items[0].at + Duration::SECOND), 0);
}

/// What the watch knew was kept before the attack; what came since is read again, and nothing is told twice.
#[test]
fn a_restart_forgets_nothing_and_tells_nothing_twice() {
    let (home, store) = sqlite();
    let world = World::on(store);
    world.upkeep();
    attack(&world);
    world.upkeep();
    let again = World::built(reopen(&home), world.clock.clone(), |builder| builder.detect(Settings::default()));
    let watched = again.upkeep().watched;
    assert_eq!(watched.alerts, 0);
    again.happen(1);
    assert_eq!(again.upkeep().watched.alerts, 0);
    assert_eq!(again.count(Action::AlertRaised), 2);
}

#[test]
fn two_processes_that_watch_at_once_tell_each_alert_once() {
    let world = World::new();
    let other = world.beside();
    attack(&world);
    wait(world.accounts.flush()).unwrap();
    for _ in 0..5 {
        std::thread::scope(|scope| {
            for world in [&world, &other] {
                scope.spawn(|| _ = world.upkeep());
            }
        });
        world.advance(2 * Duration::MINUTE);
        world.happen(1);
    }
    assert_eq!((kinds(&world).len(), world.count(Action::AlertRaised)), (2, 2));
}

#[test]
fn what_the_watch_knows_is_kept_once_a_minute_and_not_with_each_call() {
    let world = World::new();
    let advances = |calls: &[Call]| calls.iter().filter(|call| **call == Call::Advance).count();
    world.happen(1);
    assert_eq!(advances(&world.store.calls_of(|| _ = world.upkeep())), 1, "so that nothing unseen is trimmed");
    for (seconds, expected) in [(0, 0), (59, 0), (1, 1), (1, 0)] {
        world.advance(Duration::seconds(seconds));
        world.happen(1);
        assert_eq!(advances(&world.store.calls_of(|| _ = world.upkeep())), expected, "{seconds}");
    }
}

#[test]
fn where_nothing_is_new_the_store_is_asked_twice() {
    let world = World::new();
    world.happen(3);
    world.upkeep();
    world.upkeep();
    let calls = world.store.calls_of(|| _ = world.upkeep());
    assert_eq!(calls, [Call::Due, Call::Events]);
}

#[test]
fn a_memory_that_cannot_be_read_is_made_anew() {
    let world = World::new();
    world.happen(3);
    world.upkeep();
    let reader = DocumentId::parse("detectors").unwrap();
    let cursor = wait(world.store.cursor(&reader)).unwrap().unwrap();
    let broken = service_accounts::store::Cursor { state: "{".into(), ..cursor.clone() };
    assert!(wait(world.store.inner().advance(&reader, Some(cursor.at), Some(broken))).unwrap());
    let again = world.beside();
    attack(&again);
    assert_eq!(again.upkeep().watched.alerts, 2);
}

#[test]
fn an_alert_whose_store_failed_is_told_by_the_next_call() {
    let world = World::new();
    attack(&world);
    let broken = world
        .store
        .failing(When::Each(Call::Commit), Fault::Refused, || wait(world.accounts.upkeep(Default::default())));
    assert!(broken.is_err());
    world.upkeep();
    assert_eq!(kinds(&world).len(), 2);
}

#[test]
fn alerts_older_than_what_is_kept_are_removed() {
    for (age, left) in [(29, 2), (31, 0)] {
        let world = World::new();
        attack(&world);
        world.upkeep();
        world.advance(Duration::days(age));
        world.upkeep();
        assert_eq!(kinds(&world).len(), left, "{age}");
    }
}
