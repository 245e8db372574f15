//! A store that fails: what was not done is reported as not done, and nobody is let in on a guess.

use service_accounts::{AccessEvents, AuthenticateError, Error, Rejection, audit::Query};
use time::Duration;

use crate::{
    museum::operations::{ALL, Leaves, Records, Run, Stage},
    support::{Call, Fault, OFFICE, Path, When, World, ada, is_unavailable, wait},
};

/// fosite CVE-2020-15223: a revocation was answered with 200 though the store had failed.
/// privacyidea#2396, mojaloop#3914: half-written tokens, changes without a record.
#[test]
fn a_failure_at_any_call_of_the_store_is_reported_and_leaves_nothing_half_done() {
    for (name, _, run) in ALL {
        let clean = Stage::new(AccessEvents::Strict);
        let calls = clean.world.store.calls_of(|| run(&clean).unwrap());
        let after = clean.records();
        assert!(!calls.is_empty(), "{name}");
        let change = calls.iter().rposition(|call| *call == Call::Commit).unwrap_or(calls.len());
        for (number, call) in calls.iter().enumerate() {
            if number > change {
                tidying_that_fails_undoes_nothing(name, run, number, &after);
                continue;
            }
            let stage = Stage::new(AccessEvents::Strict);
            let before = stage.records();
            let answer = stage.world.store.failing(When::At(number), Fault::Refused, || run(&stage));
            assert!(is_unavailable(&answer), "{name}, {call:?} refused: {answer:?}");
            assert_eq!(stage.records(), before, "{name}, {call:?} refused");

            let stage = Stage::new(AccessEvents::Strict);
            let answer = stage.world.store.failing(When::At(number), Fault::AnswerLost, || run(&stage));
            assert!(is_unavailable(&answer), "{name}, {call:?} without an answer: {answer:?}");
            let left = stage.records();
            assert!(left == before || left == after, "{name}, {call:?} without an answer");
        }
    }
}

/// What a deleted account leaves is removed after the deletion, and by others where that fails. Upkeep has a step after the
/// sweep, and tells that it failed.
fn tidying_that_fails_undoes_nothing(name: &str, run: Run, number: usize, after: &Records) {
    let stage = Stage::new(AccessEvents::Strict);
    let answer = stage.world.store.failing(When::At(number), Fault::Refused, || run(&stage));
    let is_told = if name == "sweep sessions" { is_unavailable(&answer) } else { answer.is_ok() };
    assert!(is_told && stage.records() == *after, "{name}: {answer:?}");
}

/// A call that has changed something reads nothing afterwards that it needs: a read that failed would report the change as not made,
/// and a secret that is shown once would be lost.
#[test]
fn the_change_is_the_last_thing_a_call_does() {
    for (name, leaves, run) in ALL {
        let stage = Stage::new(AccessEvents::Off);
        let calls = stage.world.store.calls_of(|| run(&stage).unwrap());
        let commits = calls.iter().filter(|call| **call == Call::Commit).count();
        match leaves {
            Leaves::Nothing => assert_eq!(commits, 0, "{name}"),
            Leaves::Event(_) => {
                let last = calls.iter().rfind(|call| !is_tidying(name, **call));
                assert_eq!((commits, last), (1, Some(&Call::Commit)), "{name}");
            }
        }
    }
}

/// Looks for the subscriptions of an account that is gone, for sessions that were opened in the moment of a change, or for what is
/// noted of the trail.
fn is_tidying(name: &str, call: Call) -> bool {
    match call {
        Call::Document => name == "sweep sessions",
        Call::Documents => name == "delete an account",
        Call::Credentials => ["approve an account", "enable an account", "update an account"].contains(&name),
        _ => false,
    }
}

/// mojaloop#3914: actions that no trail knew of.
#[test]
fn every_change_leaves_exactly_one_event_and_no_read_leaves_any() {
    for (name, leaves, run) in ALL {
        let stage = Stage::new(AccessEvents::Off);
        let before = stage.actions();
        run(&stage).unwrap();
        let after = stage.actions();
        let new = &after[..after.len() - before.len()];
        match leaves {
            Leaves::Nothing => assert_eq!(new, [], "{name}"),
            Leaves::Event(action) => assert_eq!(new, [action], "{name}"),
        }
    }
}

#[test]
fn a_call_that_failed_can_be_made_again() {
    for (name, _, run) in ALL {
        let stage = Stage::new(AccessEvents::Coalesced);
        let answer = stage.world.store.failing(When::Always, Fault::Refused, || run(&stage));
        assert!(is_unavailable(&answer), "{name}: {answer:?}");
        assert!(run(&stage).is_ok(), "{name}");
    }
}

/// Nomad ACL: in an outage the time to live was ignored, and expired tokens were good.
#[test]
fn while_the_store_is_down_nobody_is_let_in_and_nobody_is_called_wrong() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    for path in Path::ALL {
        assert_eq!(holder.verdict(&world, path), Ok(()), "{path:?}: known to whatever remembers it");
        for _ in 0..2 {
            let judged =
                world.store.failing(When::Always, Fault::Refused, || holder.attempt(&world, path, Some(OFFICE)));
            assert!(matches!(judged, Err(AuthenticateError::Unavailable(_))), "{path:?}: {judged:?}");
            world.clock.advance(Duration::DAY);
        }
        world.clock.advance(Duration::days(-2));
    }
}

/// In strict mode an access that cannot be recorded does not happen, and a refusal that cannot be recorded is no answer.
#[test]
fn in_strict_mode_no_record_means_no_access() {
    let world = World::built(|builder| builder.access_events(AccessEvents::Strict));
    let holder = world.holder("Pipeline Automation");
    for path in Path::ALL {
        let judged = world
            .store
            .failing(When::Each(Call::Append), Fault::Refused, || holder.attempt(&world, path, Some(OFFICE)));
        assert!(matches!(judged, Err(AuthenticateError::Unavailable(_))), "{path:?}: {judged:?}");
        assert_eq!(holder.verdict(&world, path), Ok(()), "{path:?}");
    }
    wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
    let judged = world.store.failing(When::Each(Call::Append), Fault::Refused, || world.authenticate(&holder.token));
    assert!(matches!(judged, Err(AuthenticateError::Unavailable(_))), "{judged:?}");
    assert_eq!(world.verdict(&holder.token), Err(Rejection::AccountDisabled));
}

#[test]
fn without_strict_mode_the_trail_is_not_on_the_path_of_a_request() {
    for events in [AccessEvents::Off, AccessEvents::Coalesced] {
        let world = World::built(|builder| builder.access_events(events));
        let holder = world.holder("Pipeline Automation");
        for path in Path::ALL {
            let judged = world
                .store
                .failing(When::Each(Call::Append), Fault::Refused, || holder.attempt(&world, path, Some(OFFICE)));
            assert!(judged.is_ok(), "{events:?} on {path:?}: {judged:?}");
        }
        let read = world.store.failing(When::Each(Call::Append), Fault::Refused, || {
            wait(world.accounts.acting(&ada()).audit(&Query::default()))
        });
        let is_complete = events == AccessEvents::Off;
        assert_eq!(read.is_ok(), is_complete, "a trail that cannot be shown whole is not shown in part");
    }
}

/// An administrator who asks again after a lost answer finds the revocation made.
#[test]
fn a_revocation_whose_answer_was_lost_holds_and_can_be_asked_for_again() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let revoke = || wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke());
    let lost = world.store.failing(When::Each(Call::Commit), Fault::AnswerLost, revoke);
    assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");
    assert_eq!(world.verdict(&holder.token), Err(Rejection::Revoked));
    assert!(revoke().unwrap().token().state.is_revoked());
}
