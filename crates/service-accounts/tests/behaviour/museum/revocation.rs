//! What has ended stays so, at once and for good.

use service_accounts::{
    Error, Rejection,
    access::Scopes,
    audit::{Action, Query},
    store::{LastUsed, Store, Usage},
};
use service_accounts::{naming::Realm, token::Kind};

use crate::support::{
    Call, Holder, OFFICE, Path, World, ada, durable, keyring, on_every_store, pepper, reopen, token, wait, wanted,
};

/// kubernetes#50258, azure-managed-grafana#74: a revoked token lived on in a cache.
#[test]
fn a_revoked_token_is_refused_by_the_next_request_through_another_connection() {
    let (home, store) = durable();
    let here = World::on(store, keyring(), |builder| builder);
    let there = World::on(reopen(&home), keyring(), |builder| builder);
    let holder = here.holder("Pipeline Automation");
    for _ in 0..3 {
        assert_eq!(there.verdict(&holder.token), Ok(()), "the other connection has it in whatever caches it has");
    }
    wait(here.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke()).unwrap();
    assert_eq!(there.verdict(&holder.token), Err(Rejection::Revoked));
    assert_eq!(here.verdict(&holder.token), Err(Rejection::Revoked));
}

/// Zitadel CVE-2024-47060: the parent was disabled, its children stayed active.
#[test]
fn disabling_an_account_stops_all_its_credentials_and_enabling_brings_back_those_that_live() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let bystander = world.holder("Alation Sync");
        wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke()).unwrap();
        wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
        for path in [Path::Session, Path::Exchange] {
            assert_eq!(holder.verdict(world, path), Err(Rejection::AccountDisabled), "{path:?}");
            assert_eq!(bystander.verdict(world, path), Ok(()), "{path:?}");
        }
        wait(world.accounts.acting(&ada()).account(&holder.id).enable()).unwrap();
        assert_eq!(holder.verdict(world, Path::Session), Ok(()));
        assert_eq!(holder.verdict(world, Path::Exchange), Ok(()));
        assert_eq!(holder.verdict(world, Path::Token), Err(Rejection::Revoked), "revoked before, and so for good");
    });
}

/// A token that is minted while its account is disabled is as dead as the account.
#[test]
fn a_token_minted_for_a_disabled_account_does_not_work() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
    let minted = wait(world.accounts.acting(&ada()).account(&holder.id).mint(&token("late"))).unwrap();
    assert_eq!(world.verdict(minted.secret.expose()), Err(Rejection::AccountDisabled));
}

/// rack-session CVE-2025-46336: a request in flight wrote a revoked session back.
#[test]
fn a_write_in_flight_never_brings_a_revoked_credential_back() {
    for path in [Path::Token, Path::Session] {
        let before = World::new();
        let holder = before.holder("Pipeline Automation");
        let rotated = keyring().rotated("k2".parse().unwrap(), pepper(2)).unwrap();
        let world = before.restarted(rotated);

        // The request has been judged; it is about to write its digest under the new pepper.
        let (accounts, id, credential) = (before.accounts.clone(), holder.id.clone(), holder.id_on(path));
        let session = before.authenticate(&holder.session).unwrap();
        world.store.interrupt(Call::Commit, move || match path {
            Path::Token => drop(wait(accounts.acting(&ada()).token(&id, &credential).revoke()).unwrap()),
            _ => wait(accounts.end_session(&session)).unwrap(),
        });
        assert_eq!(holder.verdict(&world, path), Ok(()), "{path:?}: it was judged before the revocation");
        assert_eq!(holder.verdict(&world, path), Err(Rejection::Revoked), "{path:?}");
    }
}

#[test]
fn a_late_change_of_scopes_or_a_late_mark_leaves_a_revoked_token_revoked() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let (accounts, id, token) = (world.accounts.clone(), holder.id.clone(), holder.token_id);
        world
            .store
            .interrupt(Call::Commit, move || drop(wait(accounts.acting(&ada()).token(&id, &token).revoke()).unwrap()));
        let changed =
            wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).set_scopes(Scopes::Inherited));
        assert!(matches!(changed, Err(Error::Revoked)), "{changed:?}");

        let last = LastUsed { at: world.clock.now(), address: Some(OFFICE) };
        wait(world.store.touch(&[Usage { token: holder.token_id, last }], &[])).unwrap();
        assert_eq!(world.verdict(&holder.token), Err(Rejection::Revoked));
    });
}

#[test]
fn revoking_twice_is_the_same_as_once_and_deleting_comes_second() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let delete = || wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).delete());
        assert!(matches!(delete(), Err(Error::NotRevoked)));
        let revoke = || wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke()).unwrap();
        let first = revoke();
        world.clock.advance(time::Duration::HOUR);
        assert_eq!(revoke().token(), first.token(), "the first instant stays, and no second event is made");
        delete().unwrap();
        assert!(matches!(delete(), Err(Error::TokenMissing)));
        assert_eq!(world.verdict(&holder.token), Err(Rejection::Unknown));
    });
}

/// devtron#4960, elasticsearch#157818: an account created again under its old name revived its old tokens.
#[test]
fn an_account_created_again_revives_nothing_however_often() {
    on_every_store(|world| {
        let mut ended: Vec<Holder> = Vec::new();
        for round in 0..4 {
            let holder = world.holder("Pipeline Automation");
            for old in &ended {
                for path in Path::ALL {
                    assert_eq!(old.verdict(world, path), Err(Rejection::Unknown), "round {round} on {path:?}");
                }
            }
            for path in Path::ALL {
                assert_eq!(holder.verdict(world, path), Ok(()), "round {round} on {path:?}");
            }
            wait(world.accounts.acting(&ada()).account(&holder.id).delete()).unwrap();
            ended.push(holder);
        }
    });
}

/// rancher#12287: tokens outlived their owner.
#[test]
fn a_deleted_account_leaves_no_credential_behind_and_all_of_its_history() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        wait(world.accounts.flush()).unwrap();
        wait(world.accounts.acting(&ada()).account(&holder.id).delete()).unwrap();
        for path in Path::ALL {
            assert!(wait(world.store.credential(&holder.id_on(path))).unwrap().is_none(), "{path:?}");
        }
        let far = world.clock.now() + time::Duration::days(9999);
        assert!(wait(world.store.due(&Realm::default(), far, 100)).unwrap().is_empty());
        assert!(wait(world.store.credentials(&holder.id, Kind::Token, None, 100)).unwrap().items.is_empty());

        let history = wait(world.accounts.acting(&ada()).audit(&Query::default())).unwrap().events;
        let actions: Vec<_> = history.iter().rev().map(|recorded| recorded.event.action()).collect();
        assert_eq!(
            actions,
            [Action::AccountCreated, Action::SessionOpened, Action::AccessGranted, Action::AccountDeleted]
        );
    });
}

/// Nothing can be given to an account that is being deleted: the mint finds no account to mint for.
#[test]
fn nothing_is_minted_for_an_account_that_is_deleted_meanwhile() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let (accounts, id) = (world.accounts.clone(), holder.id.clone());
        world.store.interrupt(Call::Commit, move || wait(accounts.acting(&ada()).account(&id).delete()).unwrap());
        let minted = wait(world.accounts.acting(&ada()).account(&holder.id).mint(&token("orphan")));
        assert!(matches!(minted, Err(Error::AccountMissing)), "{minted:?}");

        let (accounts, again) = (world.accounts.clone(), wanted("Pipeline Automation"));
        let holder = world.holder("Pipeline Automation");
        let id = holder.id.clone();
        world.store.interrupt(Call::Commit, move || {
            wait(accounts.acting(&ada()).account(&id).delete()).unwrap();
            drop(wait(accounts.acting(&ada()).create(again)).unwrap());
        });
        assert_eq!(holder.verdict(world, Path::Exchange), Err(Rejection::Unknown), "the new account is another one");
    });
}
