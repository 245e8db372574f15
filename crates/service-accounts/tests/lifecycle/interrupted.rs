//! The first use of a successor, broken off at every call of the store and raced by every other change.

use service_accounts::{
    AccessEvents, Rejection,
    lifecycle::{Overlap, Span},
    store::Token,
};
use service_accounts_store::conformance::{Call, Fault, When};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use crate::world::{Holder, OFFICE, World, ada, by_key, text_of, wait};

struct Rotating {
    world: World,
    old: Holder,
    new: String,
    successor: service_accounts::token::TokenId,
}

impl Rotating {
    fn begin() -> Self {
        Self::with(AccessEvents::Strict)
    }

    fn with(events: AccessEvents) -> Self {
        let world = World::built(|builder| builder.access_events(events));
        let old = world.holder("Pipeline Automation");
        let rotated = old.rotate(&world, &by_key("k")).unwrap();
        Self { new: text_of(&rotated), successor: rotated.successor.id, world, old }
    }

    /// Either both tokens know of the use or neither does.
    fn is_noted(&self) -> bool {
        let (old, new) = (self.world.stored(&self.old.token), self.world.stored(&self.successor));
        let is_used = new.token().replaces.unwrap().first_used.is_some();
        assert_eq!(old.token().state.is_revoked(), is_used);
        assert_eq!(old.token().rotation.as_ref().unwrap().successor_last_use().is_some(), is_used);
        is_used
    }

    fn ends_well(&self) {
        assert_eq!(self.world.verdict(&self.new), Ok(()));
        assert!(self.is_noted());
        assert_eq!(self.world.verdict(&self.old.text), Err(Rejection::Revoked));
    }
}

#[test]
fn a_failure_at_any_call_leaves_both_tokens_as_they_were_or_both_as_they_should_be() {
    let calls = {
        let clean = Rotating::begin();
        clean.world.store.calls_of(|| assert_eq!(clean.world.verdict(&clean.new), Ok(())))
    };
    assert!(calls.contains(&Call::Commit) && calls.contains(&Call::Append), "{calls:?}");
    for number in 0..calls.len() {
        for fault in [Fault::Refused, Fault::AnswerLost] {
            let stage = Rotating::begin();
            let judged = stage.world.store.failing(When::At(number), fault, || stage.world.admit(&stage.new));
            assert!(judged.is_err(), "{number} {fault:?}: nobody comes in on a guess");
            stage.is_noted();
            stage.ends_well();
        }
    }
}

/// Where no access is written, a request that was judged good before reads no record: this one must.
#[test]
fn a_successor_whose_first_use_was_not_noted_is_not_remembered_as_good() {
    for events in [AccessEvents::Off, AccessEvents::Coalesced] {
        let stage = Rotating::with(events);
        for _ in 0..3 {
            let judged =
                stage.world.store.failing(When::Each(Call::Commit), Fault::Refused, || stage.world.admit(&stage.new));
            assert!(judged.is_err(), "the old token would live on unnoticed");
            assert!(!stage.is_noted());
        }
        stage.ends_well();
    }
}

#[test]
fn a_request_dropped_at_any_await_leaves_nothing_half_done() {
    for number in 0..8 {
        let stage = Rotating::begin();
        stage.world.store.fail(When::At(number), Fault::Hangs);
        let polled = {
            let mut request = pin!(stage.world.accounts.authenticate(&stage.new, Some(OFFICE)));
            request.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
        };
        stage.world.store.heal();
        stage.is_noted();
        stage.ends_well();
        assert!(polled || number > 2, "the request makes more calls than {number}");
    }
}

#[test]
fn a_rotation_dropped_at_any_await_can_be_asked_for_again() {
    let mut pending = 0;
    for number in 0..8 {
        let world = World::new();
        let old = world.holder("Pipeline Automation");
        world.store.fail(When::At(number), Fault::Hangs);
        let (wanted, ada) = (by_key("k"), ada());
        let polled = {
            let rotating = world.accounts.acting(&ada).token(&old.account, &old.token);
            let mut rotating = pin!(rotating.rotate(&wanted));
            matches!(rotating.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
        };
        world.store.heal();
        pending += usize::from(polled);
        let new = text_of(&old.rotate(&world, &wanted).unwrap());
        assert_eq!((world.verdict(&old.text), world.verdict(&new)), (Ok(()), Ok(())), "{number}");
    }
    assert!(pending >= 2, "a rotation reads and commits");
}

/// The secret is made anew, or the rotation called off, between the judgement of the first use and its note.
#[test]
fn a_first_use_that_loses_a_race_is_judged_again() {
    let stage = Rotating::begin();
    let (accounts, account, token) = (stage.world.accounts.clone(), stage.old.account.clone(), stage.old.token);
    stage.world.store.interrupt(Call::Commit, move || {
        wait(accounts.acting(&ada()).token(&account, &token).rotate(&by_key("k"))).unwrap();
    });
    assert_eq!(stage.world.verdict(&stage.new), Err(Rejection::WrongSecret), "the earlier text had died");
    assert!(!stage.is_noted());
    assert_eq!(stage.world.verdict(&stage.old.text), Ok(()));

    let stage = Rotating::begin();
    let (accounts, account, token) = (stage.world.accounts.clone(), stage.old.account.clone(), stage.old.token);
    stage.world.store.interrupt(Call::Commit, move || {
        wait(accounts.acting(&ada()).token(&account, &token).cancel_rotation()).unwrap();
    });
    assert_eq!(stage.world.verdict(&stage.new), Err(Rejection::Revoked), "a rotation that was called off is not used");
    assert_eq!(stage.world.verdict(&stage.old.text), Ok(()));
}

/// Two administrators, two keys, one token.
#[test]
fn of_two_racing_rotations_one_begins() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    let (accounts, account, token) = (world.accounts.clone(), old.account.clone(), old.token);
    world.store.interrupt(Call::Commit, move || {
        wait(accounts.acting(&ada()).token(&account, &token).rotate(&by_key("theirs"))).unwrap();
    });
    let ours = old.rotate(&world, &by_key("ours"));
    assert!(matches!(ours, Err(service_accounts::Error::RotationInProgress)), "{ours:?}");
    let wanted = by_key("theirs");
    assert!(old.rotate(&world, &wanted).unwrap().secret.is_some());
}

#[test]
fn a_use_of_the_successor_does_not_shorten_a_fixed_overlap() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    let overlap = Some(Overlap::Fixed(Span::days(2).unwrap()));
    let rotated = old.rotate(&world, &service_accounts::RotateToken { overlap, ..by_key("k") }).unwrap();
    world.verdict(&text_of(&rotated)).unwrap();
    let Token { state, .. } = world.stored(&old.token).token().clone();
    assert!(!state.is_revoked());
    assert_eq!(world.verdict(&old.text), Ok(()));
}
