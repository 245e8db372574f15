//! One rotation at a time: what each step does, and where its boundaries lie.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use service_accounts_lifecycle::{
    OpenedRotation, Overlap, Rotation, RotationAdmission, RotationError, RotationKey, RotationPermit, RotationStep,
    Span, StepRecord, TokenState, TokenValidity, TransitionError,
};
use time::macros::utc_datetime;
use time::{Duration, UtcDateTime};

const NOW: UtcDateTime = utc_datetime!(2025-01-01 0:00);
const EXPIRY: UtcDateTime = utc_datetime!(2025-01-31 0:00);
const LATER: UtcDateTime = utc_datetime!(2026-01-01 0:00);
const SECOND: Duration = Duration::SECOND;

type Record = Rotation<&'static str, &'static str>;

fn key(text: &str) -> RotationKey {
    RotationKey::parse(text).unwrap()
}

fn old(state: TokenState) -> TokenValidity {
    TokenValidity { state, expires_at: EXPIRY }
}

fn days(days: u32) -> Span {
    Span::days(days).unwrap()
}

fn permit(standing: TokenValidity) -> RotationPermit {
    match Record::admit(None, &key("k"), standing, NOW) {
        Ok(RotationAdmission::New(permit)) => permit,
        other => panic!("no permit: {other:?}"),
    }
}

fn opened(overlap: Overlap) -> OpenedRotation<&'static str, &'static str> {
    permit(old(TokenState::Active)).open(("old", "new"), LATER, overlap, "ops").unwrap()
}

fn mark(at: UtcDateTime) -> StepRecord<&'static str> {
    StepRecord { by: Some("ops"), at }
}

#[test]
fn an_opened_rotation_remembers_what_it_was_opened_with() {
    let OpenedRotation { rotation, predecessor } = opened(Overlap::Fixed(days(3)));
    assert_eq!(predecessor, TokenState::Retiring { until: NOW + Duration::days(3) });
    assert_eq!((*rotation.predecessor(), *rotation.successor(), rotation.key()), ("old", "new", &key("k")));
    assert_eq!(rotation.deadline(), NOW + Duration::days(3));
    assert_eq!(rotation.evidence(RotationStep::Mint), Some(&mark(NOW)));
    assert!(!rotation.is_cancelled());
}

#[test]
fn the_overlap_ends_with_the_old_token_at_the_latest() {
    for (overlap, until) in [(29, NOW + Duration::days(29)), (30, EXPIRY), (31, EXPIRY)] {
        let opened = opened(Overlap::Fixed(days(overlap)));
        assert_eq!(opened.predecessor, TokenState::Retiring { until }, "{overlap} days");
    }
    let longest = Span::seconds(u32::MAX).unwrap();
    assert_eq!(opened(Overlap::UntilFirstUse(longest)).rotation.deadline(), EXPIRY);
}

#[test]
fn the_overlap_never_extends_a_deadline_the_old_token_already_has() {
    let until = NOW + Duration::DAY;
    let opened =
        permit(old(TokenState::Retiring { until })).open(("old", "new"), LATER, Overlap::Fixed(days(2)), "ops");
    assert_eq!(opened.unwrap().predecessor, TokenState::Retiring { until });
}

#[test]
fn an_overlap_at_the_end_of_the_calendar_does_not_overflow() {
    let last = utc_datetime!(9999-12-31 23:59:59);
    let standing = TokenValidity { state: TokenState::Active, expires_at: last };
    let Ok(RotationAdmission::New(permit)) = Record::admit(None, &key("k"), standing, last - SECOND) else {
        panic!("a token works until its last second");
    };
    let opened = permit.open(("old", "new"), UtcDateTime::MAX, Overlap::Fixed(days(1)), "ops").unwrap();
    assert_eq!(opened.rotation.deadline(), last);
}

#[test]
fn without_overlap_the_old_token_is_revoked_at_minting() {
    let OpenedRotation { rotation, predecessor } = opened(Overlap::None);
    assert_eq!(predecessor, TokenState::Revoked { at: NOW });
    assert_eq!(rotation.evidence(RotationStep::Revoke), Some(&StepRecord { by: None, at: NOW }));
}

#[test]
fn a_successor_must_outlive_the_deadline() {
    let deadline = NOW + Duration::DAY;
    for (expires_at, expected) in [(deadline - SECOND, false), (deadline, false), (deadline + SECOND, true)] {
        let opened = permit(old(TokenState::Active)).open(("old", "new"), expires_at, Overlap::Fixed(days(1)), "ops");
        assert_eq!(opened.is_ok(), expected);
        assert!(expected || opened == Err(RotationError::SuccessorTooShort));
    }
}

#[test]
fn a_token_that_no_longer_works_is_not_rotated() {
    let admitted = |standing, now| Record::admit(None, &key("k"), standing, now).map(|_| ());
    let dead = Err(RotationError::PredecessorDead);
    assert_eq!(admitted(old(TokenState::Revoked { at: NOW }), NOW), dead);
    let retiring = old(TokenState::Retiring { until: NOW });
    assert_eq!([-1, 0, 1].map(|offset| admitted(retiring, NOW + offset * SECOND)), [Ok(()), dead, dead]);
    let active = old(TokenState::Active);
    assert_eq!([-1, 0, 1].map(|offset| admitted(active, EXPIRY + offset * SECOND)), [Ok(()), dead, dead]);
}

#[test]
fn the_same_key_finds_the_same_rotation_whatever_became_of_the_old_token() {
    let rotation = opened(Overlap::None).rotation;
    let last = Some((&rotation, TokenState::Active));
    let again = Record::admit(last, &key("k"), old(TokenState::Revoked { at: NOW }), LATER);
    assert!(matches!(again, Ok(RotationAdmission::Again(found)) if *found == rotation));
}

#[test]
fn another_key_waits_until_the_successor_is_dead() {
    let OpenedRotation { rotation, predecessor } = opened(Overlap::Fixed(days(3)));
    let admitted = |successor| Record::admit(Some((&rotation, successor)), &key("other"), old(predecessor), NOW);
    assert_eq!(admitted(TokenState::Active).map(|_| ()), Err(RotationError::AlreadyRotating));
    assert!(matches!(admitted(TokenState::Revoked { at: NOW }), Ok(RotationAdmission::New(_))));
}

#[test]
fn a_key_of_an_earlier_rotation_mints_nothing_ever_again() {
    let mut state = TokenState::Active;
    let mut last: Option<Record> = None;
    for name in ["a", "b", "c"] {
        let asked = last.as_ref().map(|rotation| (rotation, TokenState::Revoked { at: NOW }));
        let Ok(RotationAdmission::New(permit)) = Record::admit(asked, &key(name), old(state), NOW) else {
            panic!("{name} is a new key");
        };
        let mut opened = permit.open(("old", "new"), LATER, Overlap::Fixed(days(1)), "ops").unwrap();
        let cancelled = opened.rotation.cancel("ops", opened.predecessor, TokenState::Active, NOW).unwrap();
        (state, last) = (cancelled.predecessor, Some(opened.rotation));
    }
    let last = last.as_ref().map(|rotation| (rotation, TokenState::Revoked { at: NOW }));
    let answers = ["a", "b", "c"].map(|name| Record::admit(last, &key(name), old(state), NOW).map(|_| ()));
    assert_eq!(answers, [Err(RotationError::KeySpent), Err(RotationError::KeySpent), Err(RotationError::Cancelled)]);
}

#[test]
fn a_token_that_was_rotated_too_often_is_not_rotated_again_and_no_key_is_forgotten() {
    let (mut last, mut answers): (Option<Record>, Vec<_>) = (None, Vec::new());
    for number in 0..=Record::MOST_SPENT + 1 {
        let asked = last.as_ref().map(|rotation| (rotation, TokenState::Revoked { at: NOW }));
        match Record::admit(asked, &key(&format!("k{number}")), old(TokenState::Active), NOW) {
            Ok(RotationAdmission::New(permit)) => {
                last = Some(permit.open(("old", "new"), LATER, Overlap::Fixed(days(1)), "ops").unwrap().rotation);
            }
            other => answers.push((number, other.map(drop))),
        }
    }
    assert_eq!(answers, [(Record::MOST_SPENT + 1, Err(RotationError::TooManyRotations))]);
    let last = last.as_ref().map(|rotation| (rotation, TokenState::Revoked { at: NOW }));
    let first = Record::admit(last, &key("k0"), old(TokenState::Active), NOW).map(drop);
    assert_eq!(first, Err(RotationError::KeySpent));
}

#[test]
fn the_first_use_of_the_successor_revokes_the_old_token() {
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::UntilFirstUse(days(3)));
    let used = NOW + Duration::HOUR;
    let revoked = rotation.note_successor_use(predecessor, used);
    assert_eq!(revoked, TokenState::Revoked { at: used });
    assert_eq!(rotation.evidence(RotationStep::Revoke), Some(&StepRecord { by: None, at: used }));
    assert_eq!(rotation.evidence(RotationStep::Verify), Some(&StepRecord { by: None, at: used }));
    assert_eq!(rotation.note_successor_use(revoked, used + SECOND), revoked, "later uses change nothing");
    assert_eq!(rotation.successor_last_use(), Some(used + SECOND));
}

#[test]
fn with_a_fixed_overlap_the_old_token_works_on_while_the_new_one_is_used() {
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(3)));
    assert_eq!(rotation.note_successor_use(predecessor, NOW), predecessor);
    assert_eq!(rotation.evidence(RotationStep::Revoke), None);
}

#[test]
fn marks_of_use_may_come_in_any_order() {
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(3)));
    for at in [NOW, NOW + SECOND, NOW - SECOND] {
        rotation.note_predecessor_use(at);
        assert_eq!(rotation.note_successor_use(predecessor, at), predecessor);
    }
    assert_eq!(rotation.predecessor_last_use(), Some(NOW + SECOND));
    assert_eq!(rotation.successor_last_use(), Some(NOW + SECOND));
}

#[test]
fn a_settled_token_is_revoked_as_of_its_deadline() {
    let deadline = NOW + Duration::DAY;
    for (offset, expected) in [
        (-1, TokenState::Retiring { until: deadline }),
        (0, TokenState::Revoked { at: deadline }),
        (1, TokenState::Revoked { at: deadline }),
    ] {
        let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(1)));
        assert_eq!(rotation.settle(predecessor, deadline + offset * SECOND), expected);
        assert_eq!(rotation.evidence(RotationStep::Revoke).is_some(), offset >= 0);
        assert_eq!(rotation.settle(TokenState::Active, LATER), TokenState::Active);
    }
}

#[test]
fn a_rotation_can_be_called_off_until_the_new_token_is_used_or_the_deadline_has_passed() {
    let cancel = |rotation: &mut Record, state, at| rotation.cancel("ops", state, TokenState::Active, at);
    let deadline = NOW + Duration::DAY;
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(1)));
    let passed = Err(RotationError::Transition(TransitionError::DeadlinePassed));
    assert_eq!(cancel(&mut rotation, predecessor, deadline), passed);
    let cancelled = cancel(&mut rotation, predecessor, deadline - SECOND).unwrap();
    assert_eq!(cancelled.predecessor, TokenState::Active);
    assert_eq!(cancelled.successor, TokenState::Revoked { at: deadline - SECOND });
    assert!(rotation.is_cancelled());
    assert_eq!(rotation.next_step(), None);
    assert_eq!(cancel(&mut rotation, predecessor, NOW), Err(RotationError::Cancelled));

    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(1)));
    let _ = rotation.note_successor_use(predecessor, NOW);
    assert_eq!(cancel(&mut rotation, predecessor, NOW), Err(RotationError::SuccessorInUse));
}

#[test]
fn calling_off_keeps_the_first_revocation_of_the_successor() {
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(1)));
    let revoked = TokenState::Revoked { at: NOW };
    let cancelled = rotation.cancel("ops", predecessor, revoked, NOW + SECOND).unwrap();
    assert_eq!(cancelled.successor, revoked);
}

#[test]
fn after_calling_off_a_late_mark_of_use_revokes_nothing() {
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::UntilFirstUse(days(1)));
    let cancelled = rotation.cancel("ops", predecessor, TokenState::Active, NOW).unwrap();
    assert_eq!(rotation.note_successor_use(cancelled.predecessor, NOW), TokenState::Active);
    assert_eq!(rotation.record(RotationStep::HandOver, mark(NOW), TokenState::Active), Err(RotationError::Cancelled));
}

#[test]
fn the_steps_are_proved_one_after_the_other() {
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::UntilFirstUse(days(3)));
    let mut state = predecessor;
    let mut record = |step, state: &mut TokenState| {
        assert_eq!(rotation.next_step(), Some(step));
        match step {
            RotationStep::Verify => *state = rotation.note_successor_use(*state, NOW),
            RotationStep::Observe => *state = state.release(NOW).unwrap(),
            RotationStep::Delete => *state = state.delete(NOW).unwrap(),
            _ => {}
        }
        rotation.record(step, mark(NOW), *state).unwrap();
    };
    for step in [
        RotationStep::HandOver,
        RotationStep::UpdateSecrets,
        RotationStep::Verify,
        RotationStep::Watch,
        RotationStep::Observe,
        RotationStep::Delete,
    ] {
        record(step, &mut state);
    }
    assert_eq!(rotation.next_step(), None);
    assert!(RotationStep::ALL.iter().all(|step| rotation.evidence(*step).is_some()));
}

#[test]
fn a_step_that_has_not_happened_cannot_be_recorded() {
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(3)));
    let revoked = TokenState::Revoked { at: NOW };
    let released = revoked.release(NOW).unwrap();
    let not = Err(RotationError::NotHappened);
    for (step, state) in [
        (RotationStep::Watch, predecessor),
        (RotationStep::Revoke, predecessor),
        (RotationStep::Observe, revoked),
        (RotationStep::Delete, released),
    ] {
        assert_eq!(rotation.record(step, mark(NOW), state), not, "{step:?}");
        assert_eq!(rotation.evidence(step), None);
    }
    assert_eq!(rotation.record(RotationStep::Revoke, mark(NOW), revoked), Ok(()));
    assert_eq!(rotation.record(RotationStep::Observe, mark(NOW), released), Ok(()));
}

#[test]
fn the_first_proof_of_a_step_stays() {
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(3)));
    for at in [NOW, LATER] {
        rotation.record(RotationStep::HandOver, mark(at), predecessor).unwrap();
    }
    assert_eq!(rotation.evidence(RotationStep::HandOver), Some(&mark(NOW)));
}

#[cfg(feature = "serde")]
#[test]
fn a_rotation_reads_back_as_itself() {
    type Owned = Rotation<String, String>;
    let permit = permit(old(TokenState::Active));
    let tokens = ("old".to_owned(), "new".to_owned());
    let mut opened = permit.open(tokens, LATER, Overlap::UntilFirstUse(days(3)), "ops".to_owned()).unwrap();
    opened.rotation.note_predecessor_use(NOW);
    let text = serde_json::to_string(&opened.rotation).unwrap();
    assert!(text.contains(r#""predecessor_last_use":1735689600"#), "{text}");
    assert_eq!(serde_json::from_str::<Owned>(&text).unwrap(), opened.rotation);
    let _ = opened.rotation.cancel("ops".to_owned(), opened.predecessor, TokenState::Active, NOW).unwrap();
    let text = serde_json::to_string(&opened.rotation).unwrap();
    assert_eq!(serde_json::from_str::<Owned>(&text).unwrap(), opened.rotation);
    assert!(serde_json::from_str::<Owned>(&text.replace("1735689600", "9999999999999")).is_err());
}

#[test]
fn a_lost_answer_may_be_minted_anew_until_the_successor_is_used() {
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(2)));
    assert!(rotation.may_mint_anew());
    rotation.note_successor_use(predecessor, NOW);
    assert!(!rotation.may_mint_anew());
    let OpenedRotation { mut rotation, predecessor } = opened(Overlap::Fixed(days(2)));
    assert!(rotation.cancel("ops", predecessor, TokenState::Active, NOW).is_ok());
    assert!(!rotation.may_mint_anew());
    assert_eq!(rotation.cancelled(), Some(&StepRecord { by: Some("ops"), at: NOW }));
}

#[test]
fn the_eight_steps_are_told_with_what_proves_them() {
    let OpenedRotation { rotation, .. } = opened(Overlap::None);
    let done: Vec<_> = rotation.steps().filter(|(_, record)| record.is_some()).map(|(step, _)| step).collect();
    assert_eq!(done, [RotationStep::Mint, RotationStep::Revoke]);
    assert!(rotation.steps().map(|(step, _)| step).eq(RotationStep::ALL));
    assert_eq!((rotation.overlap(), rotation.cancelled()), (Overlap::None, None));
}
