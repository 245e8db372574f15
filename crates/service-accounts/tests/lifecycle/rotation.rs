//! A token is replaced without locking anybody out.

use service_accounts::{
    Actor, Error, Rejection, RotateToken, SelfRotation,
    access::{Grants, PermissionSet, Scopes, Teams},
    audit::{Action, Query},
    lifecycle::{Environment, Overlap, RotationError, RotationStep, Span, TokenState},
    naming::TokenName,
    token::Kind,
};
use service_accounts_store::conformance::{Call, Fault, When};
use time::Duration;

use crate::world::{Holder, Permission, World, ada, by_key, on_every_store, text_of, wait};

const SECOND: Duration = Duration::SECOND;

fn days(days: u32) -> Span {
    Span::days(days).unwrap()
}

#[test]
fn both_tokens_work_until_the_first_use_of_the_new_one_and_then_only_the_new_one() {
    on_every_store(|world| {
        let old = world.holder("Pipeline Automation");
        let rotated = old.rotate(world, &by_key("k")).unwrap();
        let new = text_of(&rotated);
        assert_eq!((world.verdict(&old.text), world.verdict(&old.text)), (Ok(()), Ok(())));
        assert_eq!(world.verdict(&new), Ok(()));
        assert_eq!(world.verdict(&old.text), Err(Rejection::Revoked));
        assert_eq!(world.verdict(&new), Ok(()));
        assert!(old.rotation(world).record.evidence(RotationStep::Revoke).is_some());
    });
}

#[test]
fn a_successor_has_the_rights_networks_and_environment_of_its_predecessor_and_dates_of_its_own() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    let none = wait(world.accounts.acting(&ada()).token(&old.account, &old.token).set_scopes(Scopes::none())).unwrap();
    world.advance(Duration::days(300));
    let successor = old.rotate(&world, &by_key("k")).unwrap().successor;
    let present = none.token.token();
    assert_eq!((&successor.grant, &successor.allowlist), (&present.grant, &present.allowlist));
    assert_eq!(successor.environment, present.environment);
    assert_eq!(successor.expires_at, Some(world.now() + Duration::days(365)));
    assert_eq!(successor.class.token_name().unwrap().as_str(), "nightly-2026");
}

#[test]
fn the_next_free_name_is_proposed_and_a_name_that_was_asked_for_is_kept_or_refused() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    let name = |text: &str| TokenName::parse(text).unwrap();
    let mint = service_accounts::NewToken::new(name("nightly-2026"));
    wait(world.accounts.acting(&ada()).account(&old.account).mint(&mint)).unwrap();
    let taken = RotateToken { name: Some(name("nightly-2026")), ..by_key("k") };
    assert!(matches!(old.rotate(&world, &taken), Err(Error::NameTaken)));
    let rotated = old.rotate(&world, &by_key("k")).unwrap();
    assert_eq!(rotated.successor.class.token_name(), Some(&name("nightly-2027")));
}

/// Vault, AWS and GitLab: the answer to a rotation is lost, and the retry mints a second successor or locks out.
#[test]
fn a_lost_answer_loses_nothing() {
    on_every_store(|world| {
        let old = world.holder("Pipeline Automation");
        let lost = world.store.failing(When::Each(Call::Commit), Fault::AnswerLost, || old.rotate(world, &by_key("k")));
        assert!(matches!(lost, Err(Error::Unavailable(_))));
        let first = old.rotate(world, &by_key("k")).unwrap();
        let again = old.rotate(world, &by_key("k")).unwrap();
        assert_eq!(first.successor.id, again.successor.id);
        assert_eq!(world.verdict(&text_of(&first)), Err(Rejection::WrongSecret), "the earlier text died");
        assert_eq!(world.verdict(&text_of(&again)), Ok(()));
        let after = old.rotate(world, &by_key("k")).unwrap();
        assert!(after.secret.is_none() && after.successor.id == again.successor.id);
        assert_eq!(world.verdict(&text_of(&again)), Ok(()), "a retry after the first use takes nothing away");
        let page = wait(world.accounts.acting(&ada()).account(&old.account).tokens(None, 9)).unwrap();
        assert_eq!(page.items.len(), 2);
    });
}

#[test]
fn another_key_waits_until_the_rotation_is_over() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    old.rotate(&world, &by_key("a")).unwrap();
    assert!(matches!(old.rotate(&world, &by_key("b")), Err(Error::RotationInProgress)));
    old.cancel(&world).unwrap();
    assert!(matches!(old.rotate(&world, &by_key("a")), Err(Error::Rotation(RotationError::Cancelled))));
    old.rotate(&world, &by_key("b")).unwrap();
    assert!(matches!(old.rotate(&world, &by_key("a")), Err(Error::Rotation(RotationError::KeySpent))));
}

#[test]
fn without_an_overlap_the_old_token_ends_at_once_and_the_key_still_brings_the_secret() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    let at_once = RotateToken { overlap: Some(Overlap::None), ..by_key("k") };
    old.rotate(&world, &at_once).unwrap();
    assert_eq!(world.verdict(&old.text), Err(Rejection::Revoked));
    let again = old.rotate(&world, &at_once).unwrap();
    assert_eq!(world.verdict(&text_of(&again)), Ok(()));
}

#[test]
fn a_fixed_overlap_ends_at_its_second_whether_or_not_anybody_sweeps() {
    for (offset, sweeps) in [(-1, false), (0, false), (1, false), (-1, true), (0, true), (1, true)] {
        let world = World::new();
        let old = world.holder("Pipeline Automation");
        let fixed = RotateToken { overlap: Some(Overlap::Fixed(days(3))), ..by_key("k") };
        let new = text_of(&old.rotate(&world, &fixed).unwrap());
        world.verdict(&new).unwrap();
        world.advance(Duration::days(3) + offset * SECOND);
        if sweeps {
            world.upkeep();
            assert_eq!(world.stored(&old.token).token().state.is_revoked(), offset >= 0, "{offset}");
        }
        let expected = if offset < 0 { Ok(()) } else { Err(Rejection::Revoked) };
        assert_eq!(world.verdict(&old.text), expected, "{offset} {sweeps}");
        assert_eq!(world.verdict(&new), Ok(()));
    }
}

#[test]
fn no_overlap_outlives_the_old_token() {
    for offset in [-1, 0, 1] {
        let world = World::new();
        let old = world.holder("Pipeline Automation");
        let end = world.stored(&old.token).token().expires_at.unwrap();
        world.set(end - Duration::DAY);
        old.rotate(&world, &RotateToken { overlap: Some(Overlap::Fixed(days(7))), ..by_key("k") }).unwrap();
        assert_eq!(old.rotation(&world).record.deadline(), end);
        world.set(end + offset * SECOND);
        assert_eq!(world.verdict(&old.text).is_ok(), offset < 0, "{offset}");
    }
}

#[test]
fn a_token_that_no_longer_works_has_no_successor() {
    for offset in [-1, 0, 1] {
        let world = World::new();
        let old = world.holder("Pipeline Automation");
        world.set(world.stored(&old.token).token().expires_at.unwrap() + offset * SECOND);
        let rotated = old.rotate(&world, &by_key("k"));
        let is_refused = matches!(rotated, Err(Error::Rotation(RotationError::PredecessorDead)));
        assert_eq!(is_refused, offset >= 0, "{offset}: {rotated:?}");
    }
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    wait(world.accounts.acting(&ada()).account(&old.account).revoke_credentials()).unwrap();
    assert!(matches!(old.rotate(&world, &by_key("k")), Err(Error::Rotation(RotationError::PredecessorDead))));
}

#[test]
fn a_successor_that_would_end_before_the_overlap_is_refused() {
    for (seconds, is_refused) in [(-1, true), (0, true), (1, false)] {
        let world = World::new();
        let old = world.holder("Pipeline Automation");
        let lifetime = Some(Duration::days(3) + seconds * SECOND);
        let wanted = RotateToken { overlap: Some(Overlap::Fixed(days(3))), lifetime, ..by_key("k") };
        let rotated = old.rotate(&world, &wanted);
        assert_eq!(
            matches!(rotated, Err(Error::Rotation(RotationError::SuccessorTooShort))),
            is_refused,
            "{seconds}: {rotated:?}"
        );
    }
}

#[test]
fn a_rotation_is_called_off_until_somebody_depends_on_it() {
    on_every_store(|world| {
        let old = world.holder("Pipeline Automation");
        let new = text_of(&old.rotate(world, &by_key("k")).unwrap());
        let cancelled = old.cancel(world).unwrap();
        assert_eq!(cancelled.record.cancelled().unwrap().by.as_ref().unwrap().as_str(), "ada");
        assert_eq!((world.verdict(&new), world.verdict(&old.text)), (Err(Rejection::Revoked), Ok(())));
        assert_eq!(world.stored(&old.token).token().state, TokenState::Active);
        let new = text_of(&old.rotate(world, &by_key("l")).unwrap());
        world.verdict(&new).unwrap();
        assert!(matches!(old.cancel(world), Err(Error::Rotation(RotationError::SuccessorInUse))));
    });
}

#[test]
fn a_rotation_is_finished_once_and_never_where_the_successor_does_not_work() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    let rotated = old.rotate(&world, &by_key("k")).unwrap();
    let finished = old.finish(&world).unwrap();
    assert_eq!(finished.record.evidence(RotationStep::Revoke).unwrap().by.as_ref().unwrap().as_str(), "ada");
    assert_eq!(world.verdict(&old.text), Err(Rejection::Revoked));
    assert!(old.finish(&world).is_ok() && world.verdict(&text_of(&rotated)).is_ok());

    let other = world.holder("Alation Sync");
    let rotated = other.rotate(&world, &by_key("k")).unwrap();
    Holder { token: rotated.successor.id, ..world_holder(&other) }.revoke(&world);
    assert!(matches!(other.finish(&world), Err(Error::Rotation(RotationError::NotHappened))));
    assert_eq!(world.verdict(&other.text), Ok(()));
}

fn world_holder(holder: &Holder) -> Holder {
    Holder { account: holder.account.clone(), token: holder.token, text: holder.text.clone() }
}

#[test]
fn each_step_is_noted_once_with_who_and_when_and_no_step_that_did_not_happen() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    let note = |step| wait(world.accounts.acting(&ada()).token(&old.account, &old.token).record_rotation_step(step));
    assert!(matches!(note(RotationStep::HandOver), Err(Error::RotationMissing)));
    let new = text_of(&old.rotate(&world, &by_key("k")).unwrap());
    let at = world.now();
    note(RotationStep::HandOver).unwrap();
    world.advance(SECOND);
    let noted = note(RotationStep::HandOver).unwrap();
    assert_eq!(noted.record.evidence(RotationStep::HandOver).unwrap().at, at, "the first note stays");
    assert!(matches!(note(RotationStep::Watch), Err(Error::Rotation(RotationError::NotHappened))));
    world.verdict(&new).unwrap();
    note(RotationStep::Watch).unwrap();
    note(RotationStep::UpdateSecrets).unwrap();
    assert_eq!(old.rotation(&world).record.next_step(), Some(RotationStep::Observe));
}

#[test]
fn a_token_rotates_itself_and_no_other_and_needs_no_right_to_administrate() {
    on_every_store(|world| {
        let (old, other) = (world.holder("Pipeline Automation"), world.holder("Alation Sync"));
        let itself = world.admit(&old.text).unwrap().actor();
        let rotated = old.rotate_as(&itself, world, &by_key("k")).unwrap();
        assert!(matches!(other.rotate_as(&itself, world, &by_key("k")), Err(Error::NotPermitted)));
        let again = old.rotate_as(&itself, world, &by_key("k")).unwrap();
        assert_eq!(rotated.successor.id, again.successor.id);
        world.verdict(&text_of(&again)).unwrap();
        let late = old.rotate_as(&itself, world, &by_key("k"));
        assert!(late.is_ok_and(|late| late.secret.is_none()), "nothing is written, and nothing handed out");
        let next = Holder { token: again.successor.id, text: text_of(&again), ..world_holder(&old) };
        assert!(matches!(next.rotate_as(&itself, world, &by_key("l")), Err(Error::OwnAccount)));
        let lost = old.rotate_as(&itself, world, &by_key("other"));
        assert!(matches!(lost, Err(Error::Rotation(RotationError::PredecessorDead))), "{lost:?}");
    });
}

#[test]
fn where_the_host_forbids_it_no_token_rotates_itself() {
    let world = World::built(|builder| builder.self_rotation(SelfRotation::Forbidden));
    let old = world.holder("Pipeline Automation");
    let itself = world.admit(&old.text).unwrap().actor();
    assert!(matches!(old.rotate_as(&itself, &world, &by_key("k")), Err(Error::RotationNotAllowed)));
    assert!(old.rotate(&world, &by_key("k")).is_ok());
}

#[test]
fn whoever_holds_less_than_the_account_rotates_nothing() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    let narrow = Grants::new(PermissionSet::from(Permission::ServiceAccountsManage), Teams::every());
    let eve = Actor::host_with("eve", narrow);
    assert!(matches!(old.rotate_as(&eve, &world, &by_key("k")), Err(Error::Grant(_))));
}

#[test]
fn the_first_use_is_noted_once_and_later_requests_write_nothing() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    let new = text_of(&old.rotate(&world, &by_key("k")).unwrap());
    let commits = |text: &str| {
        let calls = world.store.calls_of(|| world.verdict(text).unwrap());
        calls.iter().filter(|call| **call == Call::Commit).count()
    };
    assert_eq!([commits(&old.text), commits(&new), commits(&new), commits(&new)], [0, 1, 0, 0]);
    let first = Query::default().for_action(Action::TokenUsedFirst);
    assert_eq!(wait(world.accounts.acting(&ada()).audit(&first)).unwrap().events.len(), 1);
}

#[test]
fn a_testing_token_rotates_within_its_short_life() {
    let world = World::new();
    let created = world.create_in("Pipeline Tests", Environment::testing());
    let first = created.first_token.unwrap();
    let old = Holder { account: created.account.id.clone(), token: first.token.id, text: String::new() };
    world.advance(Duration::days(20));
    let rotated = old.rotate(&world, &by_key("k")).unwrap();
    assert_eq!(rotated.successor.class.kind(), Kind::Token);
    assert_eq!(rotated.successor.expires_at, Some(world.now() + Duration::days(30)));
}
