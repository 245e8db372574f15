//! Rights are read again inside each change.
//!
//! Grafana CVE-2026-33381: tokens were minted in the seconds after the right to mint was lost.

use service_accounts::{
    AccountUpdate, Actor, Error, NewAccount, NewToken,
    access::{RoleName, Scopes},
    lifecycle::Environment,
    naming::AccountId,
    store::Store,
    token::TokenId,
};
use time::Duration;

use crate::support::{Accounts, Call, FakeClock, Holder, Permission, World, ada, in_role, token, wait, wanted};

type Loss = fn(&Loser);

/// How a service account loses the right to manage others.
const LOSSES: [(&str, Loss); 7] = [
    ("it is disabled", |loser| drop(wait(loser.accounts.acting(&ada()).account(&loser.id).disable()).unwrap())),
    ("it is deleted", |loser| wait(loser.accounts.acting(&ada()).account(&loser.id).delete()).unwrap()),
    ("its role is lowered", |loser| loser.update(|update| update.role = Some(RoleName::parse("Member").unwrap()))),
    ("its scopes are narrowed", |loser| loser.update(|update| update.scopes = Some(Scopes::none()))),
    ("its token is revoked", |loser| {
        drop(wait(loser.accounts.acting(&ada()).token(&loser.id, &loser.token).revoke()).unwrap());
    }),
    ("its token is narrowed", |loser| {
        drop(wait(loser.accounts.acting(&ada()).token(&loser.id, &loser.token).set_scopes(Scopes::none())).unwrap());
    }),
    ("its token expires", |loser| loser.clock.advance(Duration::days(365))),
];

/// What it tries to do afterwards, to another account.
type Attempt = fn(&World, &Actor<Permission>, &Holder) -> Result<(), Error>;

const ATTEMPTS: [(&str, Attempt); 10] = [
    ("create", |world, actor, _| wait(world.accounts.acting(actor).create(wanted("Back Door"))).map(drop)),
    ("mint", |world, actor, target| {
        let wanted = NewToken { environment: Some(Environment::staging()), ..token("back-door") };
        wait(world.accounts.acting(actor).account(&target.id).mint(&wanted)).map(drop)
    }),
    ("regenerate", |world, actor, target| {
        wait(world.accounts.acting(actor).account(&target.id).regenerate_secret()).map(drop)
    }),
    ("update", |world, actor, target| {
        wait(world.accounts.acting(actor).account(&target.id).update(AccountUpdate::default())).map(drop)
    }),
    ("disable", |world, actor, target| wait(world.accounts.acting(actor).account(&target.id).disable()).map(drop)),
    ("enable", |world, actor, target| wait(world.accounts.acting(actor).account(&target.id).enable()).map(drop)),
    ("delete", |world, actor, target| wait(world.accounts.acting(actor).account(&target.id).delete())),
    ("set scopes", |world, actor, target| {
        wait(world.accounts.acting(actor).token(&target.id, &target.token_id).set_scopes(Scopes::Inherited)).map(drop)
    }),
    ("revoke", |world, actor, target| {
        wait(world.accounts.acting(actor).token(&target.id, &target.token_id).revoke()).map(drop)
    }),
    ("read and then create", |world, actor, target| {
        wait(world.accounts.acting(actor).account(&target.id).read())?;
        wait(world.accounts.acting(actor).create(wanted("Back Door"))).map(drop)
    }),
];

/// The one that loses its rights, in a form that can be handed to an interruption.
#[derive(Clone)]
struct Loser {
    accounts: Accounts,
    clock: FakeClock,
    id: AccountId,
    token: TokenId,
}

impl Loser {
    fn update(&self, change: impl FnOnce(&mut AccountUpdate)) {
        let mut update = AccountUpdate::default();
        change(&mut update);
        drop(wait(self.accounts.acting(&ada()).account(&self.id).update(update)).unwrap());
    }
}

#[test]
fn rights_that_were_lost_before_a_change_are_lost_in_it() {
    for (attempt, run) in ATTEMPTS {
        let (world, actor, _, target) = stage();
        assert!(run(&world, &actor, &target).is_ok(), "{attempt} is allowed at first");
        for (loss, lose) in LOSSES {
            let (world, actor, loser, target) = stage();
            lose(&loser);
            assert_lost(&world, &actor, &target, run, &format!("{attempt} after {loss}"));
        }
    }
}

/// A principal that a host keeps for a while, for a long connection say, ends with its account.
#[test]
fn rights_end_with_the_account_though_nobody_writes_anything() {
    for (attempt, run) in ATTEMPTS {
        let (world, actor, loser, target) = stage_until(Some(Duration::HOUR));
        loser.clock.advance(Duration::HOUR - Duration::SECOND);
        assert!(run(&world, &actor, &target).is_ok(), "{attempt} is allowed to the last second");

        let (world, actor, loser, target) = stage_until(Some(Duration::HOUR));
        loser.clock.advance(Duration::HOUR);
        assert_lost(&world, &actor, &target, run, attempt);
    }
}

fn assert_lost(world: &World, actor: &Actor<Permission>, target: &Holder, run: Attempt, context: &str) {
    let before = wait(world.store.credential(&target.token_id)).unwrap().unwrap();
    let answer = run(world, actor, target);
    assert!(matches!(answer, Err(Error::AuthorityLost)), "{context}: {answer:?}");
    let after = wait(world.store.credential(&target.token_id)).unwrap().unwrap();
    assert_eq!((after.token(), after.account()), (before.token(), before.account()), "{context}");
}

/// The loss comes between the decision and the write, where a check made beforehand would not see it.
#[test]
fn rights_that_are_lost_at_the_very_moment_of_a_change_are_lost_in_it() {
    for (loss, lose) in LOSSES.into_iter().filter(|(loss, _)| *loss != "its token expires") {
        for (attempt, run) in ATTEMPTS {
            let (world, actor, loser, target) = stage();
            world.store.interrupt(Call::Commit, move || lose(&loser));
            let answer = run(&world, &actor, &target);
            assert!(matches!(answer, Err(Error::AuthorityLost)), "{attempt} while {loss}: {answer:?}");
        }
    }
}

/// What the host itself does rests on no credential.
#[test]
fn the_host_loses_no_rights() {
    let (world, _, loser, target) = stage();
    drop(wait(loser.accounts.acting(&ada()).account(&loser.id).disable()).unwrap());
    assert!(wait(world.accounts.acting(&ada()).account(&target.id).disable()).is_ok());
}

fn stage() -> (World, Actor<Permission>, Loser, Holder) {
    stage_until(None)
}

/// A service account that manages others until its end, and an account it may manage.
fn stage_until(end: Option<Duration>) -> (World, Actor<Permission>, Loser, Holder) {
    let world = World::new();
    let expires_at = end.map(|end| world.clock.now() + end);
    let manager =
        world.create_with("Platform Automation", |wanted| NewAccount { expires_at, ..in_role("Admin")(wanted) });
    let first = manager.first_token.unwrap();
    let actor = world.authenticate(first.secret.expose()).unwrap().actor();
    let id = manager.account.id.clone();
    let loser = Loser { accounts: world.accounts.clone(), clock: world.clock.clone(), id, token: first.token.id };
    let target = world.holder("Pipeline Automation");
    (world, actor, loser, target)
}
