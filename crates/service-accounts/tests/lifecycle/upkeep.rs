//! What one call of upkeep settles, on the second.

use service_accounts::{
    AccountUpdate, Expiry, OnIdle, OnInactive, Rejection, Swept,
    audit::{Action, Label, Query},
    lifecycle::{LifecyclePolicy, RotationStep, Span, TaskKind, TokenState},
    store::{Status, Store},
    token::{Kind, TokenId},
};
use service_accounts_store::conformance::Call;
use time::Duration;

use crate::world::{World, ada, by_key, on_every_store, wait};

const SECOND: Duration = Duration::SECOND;

/// The notes of every event of an action about one token, the oldest first.
pub(crate) fn notes(world: &World, action: Action, token: &TokenId) -> Vec<String> {
    let query = Query::default().for_action(action).for_token(Label::new(token.as_str()));
    let page = wait(world.accounts.acting(&ada()).audit(&query)).unwrap();
    let mut notes: Vec<_> = page
        .events
        .iter()
        .map(|recorded| {
            recorded.event.details().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        })
        .collect();
    notes.reverse();
    notes
}

#[test]
fn where_nothing_is_due_upkeep_asks_the_store_once() {
    let world = World::new();
    world.holder("Pipeline Automation");
    // The first call notes for how long the realm keeps its events.
    world.upkeep();
    let calls = || world.store.calls_of(|| assert_eq!(world.upkeep(), Swept::default()));
    for _ in 0..50 {
        world.advance(Duration::minutes(59));
        assert_eq!(calls(), [Call::Due]);
        // Once an hour it looks whether that is still noted.
        world.advance(Duration::MINUTE);
        assert_eq!(calls(), [Call::Due, Call::Document]);
    }
}

#[test]
fn an_idle_token_is_announced_once_or_revoked_where_the_host_chose_so() {
    for offset in [-1, 0, 1] {
        let world = World::new();
        let holder = world.holder("Pipeline Automation");
        world.advance(Duration::days(90) + offset * SECOND);
        world.upkeep();
        assert_eq!(world.upkeep().settled, 0, "announced once");
        let said = notes(&world, Action::TokenAnnounced, &holder.token).concat();
        assert_eq!(said.contains("idle"), offset >= 0, "{offset}: {said}");
        assert_eq!(world.verdict(&holder.text), Ok(()));

        let world = World::built(|builder| builder.on_idle(OnIdle::Revoke));
        let holder = world.holder("Pipeline Automation");
        world.advance(Duration::days(90) + offset * SECOND);
        assert_eq!(world.upkeep().idle_revoked, usize::from(offset >= 0), "{offset}");
        let expected = if offset < 0 { Ok(()) } else { Err(Rejection::Revoked) };
        assert_eq!(world.verdict(&holder.text), expected, "{offset}");
    }
}

#[test]
fn a_token_in_use_is_never_idle() {
    let world = World::built(|builder| builder.on_idle(OnIdle::Revoke));
    let holder = world.holder("Pipeline Automation");
    for _ in 0..4 {
        world.advance(Duration::days(89));
        assert_eq!(world.verdict(&holder.text), Ok(()));
        assert_eq!(world.upkeep().idle_revoked, 0);
    }
}

#[test]
fn every_attempt_on_a_revoked_token_restarts_its_week_and_then_it_is_released() {
    for offset in [-1, 0, 1] {
        let world = World::new();
        let holder = world.holder("Pipeline Automation");
        holder.revoke(&world);
        world.upkeep();
        world.advance(Duration::days(6));
        assert_eq!(world.verdict(&holder.text), Err(Rejection::Revoked));
        world.advance(Duration::days(7) - SECOND);
        world.upkeep();
        assert!(matches!(world.stored(&holder.token).token().state, TokenState::Revoked { .. }));
        world.advance(SECOND + offset * SECOND);
        world.upkeep();
        let is_released = matches!(world.stored(&holder.token).token().state, TokenState::Deletable { .. });
        assert_eq!(is_released, offset >= 0, "{offset}");
    }
}

#[test]
fn a_released_token_that_is_tried_is_observed_again() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        holder.revoke(world);
        world.advance(Duration::days(8));
        world.upkeep();
        assert!(matches!(world.stored(&holder.token).token().state, TokenState::Deletable { .. }), "in one sweep");
        assert_eq!(world.verdict(&holder.text), Err(Rejection::Revoked));
        assert!(matches!(world.stored(&holder.token).token().state, TokenState::Revoked { .. }));
        world.advance(Duration::days(7) - SECOND);
        world.upkeep();
        assert!(matches!(world.stored(&holder.token).token().state, TokenState::Revoked { .. }));
        world.advance(SECOND);
        world.upkeep();
        assert!(matches!(world.stored(&holder.token).token().state, TokenState::Deletable { .. }));
    });
}

#[test]
fn the_steps_that_nobody_does_are_noted_by_the_sweep() {
    let world = World::new();
    let old = world.holder("Pipeline Automation");
    old.rotate(&world, &by_key("k")).unwrap();
    world.advance(Duration::days(30));
    world.upkeep();
    let record = old.rotation(&world).record;
    assert_eq!(record.evidence(RotationStep::Revoke).unwrap().at, record.deadline());
    assert!(record.evidence(RotationStep::Observe).is_some(), "a sweep that slept does both at once");
}

#[test]
fn credentials_revoked_all_at_once_are_observed_when_they_come_due() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.acting(&ada()).account(&holder.account).revoke_credentials()).unwrap();
    world.advance(Duration::days(30));
    world.upkeep();
    assert_eq!(world.stored(&holder.token).token().state, TokenState::Revoked { at: world.now() });
    world.advance(Duration::days(7));
    world.upkeep();
    assert!(matches!(world.stored(&holder.token).token().state, TokenState::Deletable { .. }));
}

#[test]
fn a_client_secret_that_was_replaced_is_removed_after_its_week() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let secrets = || wait(world.store.credentials(&holder.account, Kind::Secret, None, 9)).unwrap().items.len();
    wait(world.accounts.acting(&ada()).account(&holder.account).regenerate_secret()).unwrap();
    world.upkeep();
    world.advance(Duration::days(7) - SECOND);
    world.upkeep();
    assert_eq!(secrets(), 2);
    world.advance(SECOND);
    assert_eq!((world.upkeep().secrets_removed, secrets()), (1, 1));
}

#[test]
fn an_inactive_account_is_announced_or_disabled_where_the_host_chose_so() {
    for (choice, status) in [(OnInactive::Announce, Status::Enabled), (OnInactive::Disable, Status::Disabled)] {
        let world = World::built(|builder| builder.on_inactive(choice));
        let holder = world.holder("Pipeline Automation");
        let inactive = world.accounts.lifecycle().inactive_after().as_duration();
        world.advance(inactive - SECOND);
        world.upkeep();
        let account = || wait(world.store.account(&holder.account)).unwrap().unwrap();
        assert_eq!(account().status, Status::Enabled);
        world.advance(SECOND);
        world.upkeep();
        assert_eq!(account().status, status);
        let query = Query::default().for_action(Action::AccountAnnounced);
        assert_eq!(wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events.len(), 1);
    }
}

/// How often the end of an account was announced.
fn ends_said(world: &World) -> usize {
    let query = Query::default().for_action(Action::AccountAnnounced);
    let events = wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events;
    let said = |value: &Label| value.as_str().contains("account-expired");
    events.iter().filter(|recorded| recorded.event.details().values().any(said)).count()
}

fn set_end(world: &World, holder: &crate::world::Holder, end: Expiry) {
    let update = AccountUpdate { expires_at: Some(end), ..AccountUpdate::default() };
    wait(world.accounts.acting(&ada()).account(&holder.account).update(update)).unwrap();
}

#[test]
fn the_end_of_an_account_is_announced_on_the_second_however_often_it_moved() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let (near, far) = (world.now() + Duration::days(5), world.now() + Duration::days(20));
        for end in [Expiry::At(far), Expiry::Never, Expiry::At(near), Expiry::At(far), Expiry::At(near)] {
            set_end(world, &holder, end);
        }
        let said = [-1, 0, 1].map(|offset| {
            world.set(near + offset * SECOND);
            world.upkeep();
            ends_said(world)
        });
        assert_eq!(said, [0, 1, 1]);
    });
}

#[test]
fn the_end_of_an_account_is_announced_though_all_its_credentials_are_revoked() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let end = world.now() + Duration::days(20);
        wait(world.accounts.acting(&ada()).account(&holder.account).revoke_credentials()).unwrap();
        set_end(world, &holder, Expiry::At(end));
        for day in 1..=40 {
            world.set(end + Duration::days(day - 20) - SECOND);
            world.upkeep();
            assert_eq!(ends_said(world), usize::from(day > 20), "day {day}");
        }
        let secret = wait(world.store.credentials(&holder.account, Kind::Secret, None, 9)).unwrap().items;
        assert!(secret[0].credential.standing(world.now()).is_err(), "it carries dates and lets nobody in");
    });
}

#[test]
fn two_processes_settle_each_credential_once() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let other = world.accounts.clone();
    world.advance(Duration::days(90));
    world.store.interrupt(Call::Commit, move || {
        wait(other.upkeep(service_accounts::UpkeepBounds::default())).unwrap();
    });
    world.upkeep();
    assert_eq!(notes(&world, Action::TokenAnnounced, &holder.token).len(), 1);
}

#[test]
fn a_bounded_sweep_goes_on_where_it_stopped() {
    let world = World::new();
    (0..5).for_each(|number| drop(world.holder(&format!("Pipeline {number}"))));
    world.advance(Duration::days(31));
    let swept = |most| {
        wait(world.accounts.upkeep(service_accounts::UpkeepBounds { credentials: most, ..Default::default() }))
            .unwrap()
            .swept
    };
    assert_eq!((swept(3).settled, swept(3).settled, swept(3).settled), (3, 2, 0));
}

#[test]
fn a_look_moves_the_next_look() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    world.advance(Duration::days(29));
    let looked = wait(world.accounts.acting(&ada()).token(&holder.account, &holder.token).look_at()).unwrap();
    assert_eq!(looked.token().last_look, Some(world.now()));
    world.upkeep();
    world.advance(Duration::days(30) - SECOND);
    world.upkeep();
    assert!(!notes(&world, Action::TokenAnnounced, &holder.token).concat().contains("look-due"));
    world.advance(SECOND);
    world.upkeep();
    assert!(notes(&world, Action::TokenAnnounced, &holder.token).concat().contains("look-due"));
}

#[test]
fn plans_forecasts_and_comparisons_cover_every_account_a_page_at_a_time() {
    let world = World::new();
    (0..5).for_each(|number| drop(world.holder(&format!("Pipeline {number}"))));
    let ada = ada();
    let acting = world.accounts.acting(&ada);
    let mut after = None;
    let (mut coming, mut pages) = (Vec::new(), 0);
    loop {
        let page = wait(acting.forecast(Span::days(120).unwrap(), after.as_ref(), 2)).unwrap();
        coming.extend(page.items);
        (after, pages) = (page.next, pages + 1);
        if after.is_none() {
            break;
        }
    }
    assert_eq!((pages, coming.iter().filter(|each| each.finding.code() == "idle").count()), (3, 5));
    let short = LifecyclePolicy::default().with_idle_after(Span::days(10).unwrap());
    world.advance(Duration::days(11));
    assert_eq!(wait(acting.compare_policy(&short, None, 9)).unwrap().items.len(), 5);
    assert_eq!(wait(acting.plan(None, 9)).unwrap().items, []);
    world.advance(Duration::days(80));
    let plan = wait(acting.plan(None, 9)).unwrap().items;
    assert_eq!(plan.iter().filter(|task| task.kind == TaskKind::Revoke).count(), 5);
}
