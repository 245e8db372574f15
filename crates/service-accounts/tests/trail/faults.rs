//! Every call of the store fails in turn, or never answers, while the trail is sealed, watched and trimmed.

use std::{
    pin::pin,
    task::{Context, Waker},
};

use service_accounts::{
    ExportForm,
    audit::{Action, detect::AlertKind},
};
use service_accounts_store::conformance::{Fault, When};
use time::Duration;

use crate::world::{OFFICE, World, ada, verify, wait};

/// Old segments to remove, new events to seal, and a revoked token in use.
fn scene() -> World {
    let world = World::new();
    world.happen(30);
    world.upkeep();
    world.advance(Duration::days(40));
    let created = world.create("Pipeline Automation");
    let token = created.first_token.unwrap();
    wait(world.accounts.acting(&ada()).token(&created.account.id, &token.token.id).revoke()).unwrap();
    assert!(wait(world.accounts.authenticate(token.secret.expose(), Some(OFFICE))).is_err());
    world.advance(2 * Duration::MINUTE);
    world.happen(20);
    world
}

/// However it was broken off, the trail verifies at once, and the next calls finish.
fn ends_well(world: &World, told: &str) {
    let is_whole = verify(&world.file(ExportForm::JsonLines));
    assert!(is_whole.is_ok(), "{told}: {is_whole:?}");
    for _ in 0..3 {
        world.advance(Duration::HOUR);
        world.upkeep();
    }
    let verified = world.verified();
    let (sealed, trimmed) = (world.count(Action::TrailSealed), world.count(Action::TrailTrimmed));
    assert_eq!((verified.first_seal, trimmed), (Some(3), 3), "{told}: {sealed} sealed");
    let alerts = wait(world.accounts.acting(&ada()).trail().alerts(None, None, 50)).unwrap().items;
    assert_eq!(alerts.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::RevokedUse], "{told}");
    assert_eq!(world.count(Action::AlertRaised), 1, "{told}");
    let happened = world.events().iter().filter(|recorded| recorded.event.action() == Action::PolicyValidated).count();
    assert_eq!(happened, 20, "{told}: no event is lost, and none is twice");
}

#[test]
fn a_failure_at_any_call_leaves_a_trail_that_verifies_and_the_next_call_goes_on() {
    let calls = {
        let world = scene();
        world.store.calls_of(|| _ = world.upkeep()).len()
    };
    assert!(calls > 20, "{calls}");
    for number in 0..calls {
        for fault in [Fault::Refused, Fault::AnswerLost] {
            let world = scene();
            let _ = world.store.failing(When::At(number), fault, || wait(world.accounts.upkeep(Default::default())));
            ends_well(&world, &format!("{number} {fault:?}"));
        }
    }
}

#[test]
fn an_upkeep_dropped_at_any_await_leaves_a_trail_that_verifies_and_the_next_call_goes_on() {
    let calls = {
        let world = scene();
        world.store.calls_of(|| _ = world.upkeep()).len()
    };
    for number in 0..calls {
        let world = scene();
        world.store.fail(When::At(number), Fault::Hangs);
        {
            let mut upkeep = pin!(world.accounts.upkeep(Default::default()));
            let polled = upkeep.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending(), "{number} of {calls}");
        }
        world.store.heal();
        // A write of the journal belongs to the journal: one that hangs is given up by a later flush.
        world.advance(Duration::MINUTE);
        ends_well(&world, &format!("dropped at {number}"));
    }
}
