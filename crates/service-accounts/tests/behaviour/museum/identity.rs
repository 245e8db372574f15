//! One id for one, one identity for each request, one winner in each race.

use std::{collections::HashSet, sync::Barrier, thread};

use service_accounts::{
    CreatedAccount, Error, ExchangeError, NewAccount, Rejection,
    audit::{Action, Label, Query},
    naming::{AccountId, LocalPart, ReservedIds},
    token::TokenId,
};

use crate::support::{Call, Path, Permission, Stuck, World, ada, durable, in_role, keyring, token, wait, wanted};

/// tower-sessions#180 and #188: an id that came up twice overwrote somebody else's session.
#[test]
fn an_id_that_comes_up_again_is_drawn_anew() {
    let world = World::built(|builder| builder.randomness(Stuck::for_calls(5)));
    let created = world.create("Pipeline Automation");
    let minted = wait(world.accounts.acting(&ada()).account(&created.account.id).mint(&token("weekly"))).unwrap();
    let first = created.first_token.unwrap();
    let ids = [created.client_secret.as_ref().unwrap().id(), first.token.id, minted.token.id];
    assert_eq!(HashSet::from(ids).len(), 3);
    assert_eq!(world.verdict(first.secret.expose()), Ok(()));
    assert_eq!(world.verdict(minted.secret.expose()), Ok(()));
}

/// Each way to come by a credential, tried while the source repeats what it gave the client secret.
#[test]
fn an_id_that_comes_up_again_is_drawn_anew_by_each_call_that_makes_a_credential() {
    type Make = fn(&World, &AccountId, &str) -> TokenId;
    let ways: [(&str, Make); 4] = [
        ("mint", |world, id, _| {
            wait(world.accounts.acting(&ada()).account(id).mint(&token("weekly"))).unwrap().token.id
        }),
        ("regenerate", |world, id, _| {
            wait(world.accounts.acting(&ada()).account(id).regenerate_secret()).unwrap().secret.id()
        }),
        ("open a session", |world, id, secret| {
            wait(world.accounts.open_session(id.as_str(), secret, &Default::default(), None)).unwrap().token.id
        }),
        ("create another account", |world, _, _| world.create("Alation Sync").first_token.unwrap().token.id),
    ];
    for (way, make) in ways {
        let world = World::built(|builder| builder.randomness(Stuck::for_calls(4)));
        let made = world.create_with("Pipeline Automation", |wanted| NewAccount { first_token: None, ..wanted });
        let secret = made.client_secret.unwrap();
        let calls = world.store.calls_of(|| {
            assert_ne!(make(&world, &made.account.id, secret.expose()), secret.id(), "{way}");
        });
        let commits = calls.iter().filter(|call| **call == Call::Commit).count();
        assert!(commits > 1, "{way}: the source repeated nothing, so nothing was tried: {calls:?}");
    }
}

#[test]
fn a_source_that_only_repeats_itself_ends_in_an_error_and_overwrites_nobody() {
    let world = World::built(|builder| builder.randomness(Stuck::for_calls(usize::MAX)));
    let created = world.create_with("Pipeline Automation", |wanted| NewAccount { first_token: None, ..wanted });
    let (id, secret) = (&created.account.id, created.client_secret.as_ref().unwrap().expose());
    let trail =
        || wait(world.accounts.acting(&ada()).audit(&Query::default().for_action(Action::AccountCreated))).unwrap();

    let minted = wait(world.accounts.acting(&ada()).account(id).mint(&token("nightly")));
    assert!(matches!(minted, Err(Error::Conflict)), "{minted:?}");
    let regenerated = wait(world.accounts.acting(&ada()).account(id).regenerate_secret());
    assert!(matches!(regenerated, Err(Error::Conflict)), "{regenerated:?}");
    let second = wait(world.accounts.acting(&ada()).create(wanted("Alation Sync")));
    assert!(matches!(second, Err(Error::Conflict)), "{second:?}");
    let opened = wait(world.accounts.open_session(id.as_str(), secret, &Default::default(), None));
    assert!(
        matches!(opened, Err(ExchangeError::Session(Error::Conflict))),
        "the secret still opens the door: {opened:?}"
    );
    assert_eq!(trail().events.len(), 1, "what did not happen is not in the trail");
}

/// Grafana CVE-2022-24812: what was remembered for one identity was answered to another.
#[test]
fn two_identities_interleaved_on_many_threads_never_mix() {
    let (_home, store) = durable();
    for world in [World::new(), World::on(store, keyring(), |builder| builder)] {
        let reader = world.create("Finance Metrics");
        let editor = world.create_with("Pipeline Automation", in_role("Editor"));
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for number in 0..8 {
                let (world, start, reader, editor) = (&world, &start, &reader, &editor);
                scope.spawn(move || {
                    start.wait();
                    for round in 0..400 {
                        let is_reader = (round + number) % 2 == 0;
                        assert_is(world, if is_reader { reader } else { editor }, is_reader);
                    }
                });
            }
        });
    }
}

fn assert_is(world: &World, account: &CreatedAccount, is_reader: bool) {
    let token = account.first_token.as_ref().unwrap();
    let principal = world.authenticate(token.secret.expose()).unwrap();
    assert_eq!(principal.id(), &account.account.id);
    assert_eq!(*principal.token_id(), token.token.id);
    assert_eq!(principal.decide(Permission::ResourcesWrite, None).is_allow(), !is_reader);
}

/// hydra#1831, three.ws#6: two rotations at once left two live credentials.
#[test]
fn of_many_regenerations_at_once_one_secret_is_left() {
    let (_home, store) = durable();
    for world in [World::new(), World::on(store, keyring(), |builder| builder)] {
        let holder = world.holder("Pipeline Automation");
        let secrets: Vec<_> = thread::scope(|scope| {
            let race = || wait(world.accounts.acting(&ada()).account(&holder.id).regenerate_secret());
            let racers: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap().unwrap().secret).collect()
        });
        let is_alive = |secret: &str| {
            let opened = wait(world.accounts.open_session(holder.id.as_str(), secret, &Default::default(), None));
            opened.is_ok()
        };
        assert_eq!(secrets.iter().filter(|secret| is_alive(secret.expose())).count(), 1);
        assert!(!is_alive(&holder.secret), "the one before them all is dead");
        assert_eq!(holder.verdict(&world, Path::Session), Ok(()), "what it opened lives on");
    }
}

#[test]
fn of_many_that_want_one_name_at_once_one_gets_it() {
    let (_home, store) = durable();
    for world in [World::new(), World::on(store, keyring(), |builder| builder)] {
        let holder = world.holder("Alation Sync");
        let (accounts, tokens): (Vec<_>, Vec<_>) = thread::scope(|scope| {
            let create = || wait(world.accounts.acting(&ada()).create(wanted("Pipeline Automation")));
            let mint = || wait(world.accounts.acting(&ada()).account(&holder.id).mint(&token("weekly")));
            let racers: Vec<_> = (0..6).map(|_| (scope.spawn(create), scope.spawn(mint))).collect();
            racers.into_iter().map(|(create, mint)| (create.join().unwrap(), mint.join().unwrap())).unzip()
        });
        assert_eq!(accounts.iter().filter(|created| created.is_ok()).count(), 1);
        assert!(accounts.iter().all(|created| matches!(created, Ok(_) | Err(Error::IdTaken))));
        assert_eq!(tokens.iter().filter(|minted| minted.is_ok()).count(), 1);
        assert!(tokens.iter().all(|minted| matches!(minted, Ok(_) | Err(Error::NameTaken))));
    }
}

#[test]
fn two_names_with_one_id_are_refused_and_never_merged() {
    let world = World::new();
    let first = world.create("Pipeline Automation");
    for name in ["pipeline automation", "PIPELINE AUTOMATION", "Pipeline  Automation!", "pipeline_automation"] {
        let second = wait(world.accounts.acting(&ada()).create(wanted(name)));
        assert!(matches!(second, Err(Error::IdTaken)), "{name}: {second:?}");
    }
    assert_eq!(wait(world.accounts.acting(&ada()).account(&first.account.id).read()).unwrap(), first.account);
}

/// MinIO CVE-2023-27589: a user was created over the root key.
#[test]
fn names_that_are_trusted_for_themselves_are_refused() {
    let mut reserved = ReservedIds::default();
    reserved.add(LocalPart::parse("billing").unwrap());
    let world = World::built(|builder| builder.reserved(reserved));
    for name in ["root", "Root", "R O O T", "admin", "Admin!", "System", "super user", "Post-Master", "billing"] {
        let created = wait(world.accounts.acting(&ada()).create(wanted(name)));
        assert!(matches!(created, Err(Error::IdReserved)), "{name}: {created:?}");
    }
    assert_eq!(world.create("Root Cause Analysis").account.id.as_str(), "root_cause_analysis@service");
}

/// minder#6772: the trail names whoever acted, as it was proved, not as it was claimed.
#[test]
fn the_trail_names_the_account_and_the_token_of_every_request() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    assert_eq!(holder.verdict(&world, Path::Token), Ok(()));
    wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke()).unwrap();
    assert_eq!(holder.verdict(&world, Path::Token), Err(Rejection::Revoked));

    let query = Query::default().for_token(Label::new(holder.token_id.as_str()));
    let events = wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events;
    let seen: Vec<_> =
        events.iter().map(|recorded| (recorded.event.action(), recorded.event.actor().as_str())).collect();
    let account = holder.id.as_str();
    let expected = [(Action::AccessDenied, account), (Action::TokenRevoked, "ada"), (Action::AccessGranted, account)];
    let in_order_of_events = |event: &(Action, &str)| expected.contains(event);
    assert!(seen.len() == expected.len() && seen.iter().all(in_order_of_events), "{seen:?}");
    assert!(events.iter().all(|recorded| recorded.event.token_name().is_some_and(|name| name.as_str() == "nightly")));
}
