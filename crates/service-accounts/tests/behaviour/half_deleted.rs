//! A name whose account was deleted, and whose last credentials are still being removed.

use service_accounts::{
    CreatedAccount, Error, NewAccount, UpkeepBounds,
    audit::{Action, Event, Label},
    naming::{AccountId, OnTaken},
    store::{Authority, Change, Committed, Status, Store},
};
use time::Duration;

use crate::{
    accounts::numbered,
    support::{Accounts, Call, Probe, ada, on_every_store, token, wait},
};

/// More credentials than one step removes.
fn crowd(accounts: &Accounts, id: &AccountId) {
    for number in 0..Change::BATCH {
        wait(accounts.acting(&ada()).account(id).mint(&token(&format!("spare-{number}")))).unwrap();
    }
}

/// The first step of a deletion, after which the process ends.
fn begin_to_delete(store: &Probe, id: &AccountId) {
    let account = wait(store.inner().account(id)).unwrap().unwrap();
    let event = Event::new(Action::AccountDeleted, Label::new("ada"), account.created_at);
    let deletion = Change::DeleteAccount { account: id.clone(), expected: account.revision };
    let committed = wait(store.inner().commit(&Authority::Host, deletion, event)).unwrap();
    assert!(matches!(committed, Committed::Applied(_)));
    assert!(wait(store.inner().account(id)).unwrap().is_some_and(|account| account.status == Status::Deleted));
}

fn finish(accounts: &Accounts) {
    wait(accounts.upkeep(UpkeepBounds::default())).unwrap();
}

fn create(accounts: &Accounts, wanted: NewAccount) -> Result<CreatedAccount, Error> {
    wait(accounts.acting(&ada()).create(wanted))
}

fn id_of(created: &CreatedAccount) -> &str {
    created.account.id.as_str()
}

#[test]
fn a_numbered_creation_that_is_sent_again_makes_one_new_account_before_and_after_the_last_credential_is_gone() {
    on_every_store(|world| {
        let again = || create(&world.accounts, numbered("signup-1")).unwrap();
        let first = again();
        crowd(&world.accounts, &first.account.id);
        begin_to_delete(&world.store, &first.account.id);
        assert_eq!(id_of(&again()), "pipeline_2@service", "the deleted account is no answer, and holds its name");
        assert_eq!(id_of(&again()), "pipeline_2@service");
        world.clock.advance(Duration::days(400));
        finish(&world.accounts);
        assert!(wait(world.store.account(&first.account.id)).unwrap().is_none());
        assert_eq!(id_of(&again()), "pipeline_2@service", "though the name without a number is free");
        let text = first.first_token.unwrap().secret;
        assert!(world.authenticate(text.expose()).is_err());
    });
}

/// To be deleted and to be gone are one state to a creation, so the last step of a deletion makes none stale.
#[test]
fn a_numbered_creation_goes_on_beside_the_last_step_of_a_deletion() {
    on_every_store(|world| {
        let elder = create(&world.accounts, numbered("elder")).unwrap().account.id.clone();
        crowd(&world.accounts, &elder);
        begin_to_delete(&world.store, &elder);
        world.clock.advance(Duration::days(400));
        let accounts = world.accounts.clone();
        world.store.interrupt(Call::Commit, move || finish(&accounts));
        let calls = world.store.calls_of(|| {
            assert_eq!(id_of(&create(&world.accounts, numbered("signup-1")).unwrap()), "pipeline_2@service");
        });
        assert!(wait(world.store.account(&elder)).unwrap().is_none(), "it went meanwhile");
        let looks = calls.iter().filter(|call| **call == Call::Account).count();
        assert!((64..2 * 64).contains(&looks), "it looked at all ids once: {looks}");
    });
}

/// Deleted after the retry has found it, and before the retry gives it another secret.
#[test]
fn a_creation_that_is_sent_again_at_the_moment_of_a_deletion_is_answered_as_after_it() {
    on_every_store(|world| {
        for (on_taken, expected) in [(OnTaken::Number, Some("pipeline_2@service")), (OnTaken::Refuse, None)] {
            let again = || create(&world.accounts, NewAccount { on_taken, ..numbered("signup-1") });
            let first = again().unwrap().account.id.clone();
            let (accounts, store) = (world.accounts.clone(), world.store.clone());
            world.store.interrupt(Call::Commit, move || {
                crowd(&accounts, &first);
                begin_to_delete(&store, &first);
            });
            match (again(), expected) {
                (Ok(again), Some(expected)) => {
                    assert_eq!(id_of(&again), expected);
                    assert!(world.authenticate(again.first_token.unwrap().secret.expose()).is_ok());
                    wait(world.accounts.acting(&ada()).account(&again.account.id).delete()).unwrap();
                    world.clock.advance(Duration::days(400));
                    finish(&world.accounts);
                }
                (Err(Error::IdTaken), None) => {}
                (answer, _) => panic!("{answer:?}"),
            }
        }
    });
}

#[test]
fn a_creation_that_may_not_be_numbered_waits_for_the_last_credential_and_revives_nothing() {
    on_every_store(|world| {
        let again = || create(&world.accounts, NewAccount { on_taken: OnTaken::Refuse, ..numbered("signup-1") });
        let first = again().unwrap();
        crowd(&world.accounts, &first.account.id);
        begin_to_delete(&world.store, &first.account.id);
        assert!(matches!(again(), Err(Error::IdTaken)));
        world.clock.advance(Duration::days(400));
        finish(&world.accounts);
        let second = again().unwrap();
        assert_eq!(id_of(&second), "pipeline@service");
        assert!(world.authenticate(second.first_token.unwrap().secret.expose()).is_ok());
        assert!(world.authenticate(first.first_token.unwrap().secret.expose()).is_err());
    });
}
