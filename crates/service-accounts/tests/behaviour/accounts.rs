//! The rules of accounts: what is asked for is what is kept, and only what is asked for changes.

use std::sync::Arc;

use service_accounts::{
    AccountUpdate, Actor, ApprovalRule, Error, Expiry, NewAccount, Rejection,
    access::{Allowlist, RoleName, Scopes, TeamName, Teams},
    audit::{Action, Label, Query},
    naming::{Advisor, NameAdviceCode, OnTaken, Realm, ReservedIds, WordClass},
    store::{Account, Approval, Justification, Owner, Purpose, Status, Store, SystemName},
};
use time::Duration;

use crate::support::{Call, OFFICE, Path, Permission, World, ada, in_role, on_every_store, wait, wanted, with_role};

#[test]
fn a_name_becomes_an_id() {
    let world = World::new();
    for (name, id) in [
        ("Pipeline Automation", "pipeline_automation@service"),
        ("Alation Sync", "alation_sync@service"),
        ("Finance Metrics", "finance_metrics@service"),
    ] {
        assert_eq!(world.create(name).account.id.as_str(), id);
    }
    let elsewhere = World::built(|builder| builder.realm(Realm::parse("acme.internal").unwrap()));
    assert_eq!(elsewhere.create("Alation Sync").account.id.as_str(), "alation_sync@acme.internal");
    let unnamed = wait(world.accounts.acting(&ada()).create(wanted("数据平台")));
    assert!(matches!(unnamed, Err(Error::Name(_))), "{unnamed:?}");
}

#[test]
fn an_account_is_what_was_asked_for() {
    on_every_store(|world| {
        let end = world.clock.now() + Duration::days(30);
        let asked = NewAccount {
            role: Some(RoleName::parse("Editor").unwrap()),
            scopes: Scopes::only(["write"]).unwrap(),
            teams: Teams::only(["growth"]).unwrap(),
            allowlist: Allowlist::parse_all(["192.0.2.0/24"]).unwrap(),
            expires_at: Some(end + Duration::milliseconds(999)),
            justification: Some(Justification::parse("it loads the warehouse").unwrap()),
            systems: vec![SystemName::parse("warehouse").unwrap()],
            ..wanted("Pipeline Automation")
        };
        let account = wait(world.accounts.acting(&ada()).create(asked.clone())).unwrap().account;
        assert_eq!(wait(world.accounts.acting(&ada()).account(&account.id).read()).unwrap(), account);
        let grant = (account.grant.role(), account.grant.scopes(), account.grant.teams());
        assert_eq!(grant, (asked.role.as_ref().unwrap(), &asked.scopes, &asked.teams));
        assert_eq!((&account.name, &account.purpose, &account.owner), (&asked.name, &asked.purpose, &asked.owner));
        assert_eq!((&account.allowlist, &account.environment), (&asked.allowlist, &asked.environment));
        assert_eq!((&account.justification, &account.systems), (&asked.justification, &asked.systems));
        assert_eq!(account.expires_at, Some(end), "only whole seconds count");
        assert_eq!((account.status, &account.approval), (Status::Enabled, &Approval::NotRequired));
        assert_eq!((account.created_at, account.created_by.as_str()), (world.clock.now(), "ada"));
    });
}

#[test]
fn an_account_without_a_role_has_the_lowest() {
    assert_eq!(World::new().create("Pipeline Automation").account.grant.role().as_str(), "Member");
}

#[test]
fn an_update_changes_what_it_names_and_nothing_else() {
    let world = World::new();
    let before = world.create_with("Pipeline Automation", in_role("Editor")).account;
    let end = world.clock.now() + Duration::DAY;
    let changes: [fn(&mut AccountUpdate); 6] = [
        |update| update.role = Some(RoleName::parse("Manager").unwrap()),
        |update| update.teams = Some(Teams::only(["growth"]).unwrap()),
        |update| update.allowlist = Some(Allowlist::parse_all(["10.0.0.0/8"]).unwrap()),
        |update| update.purpose = Some(Purpose::parse("something else").unwrap()),
        |update| update.owner = Some(Owner::parse("somebody else").unwrap()),
        |update| update.justification = Some(Justification::parse("it needs more").unwrap()),
    ];
    let apply = |update| wait(world.accounts.acting(&ada()).account(&before.id).update(update)).unwrap().account;
    let mut expected = Account::clone(&before);
    for change in changes {
        let mut update = AccountUpdate::default();
        change(&mut update);
        let after = apply(update.clone());
        expected.revision = after.revision;
        expected.allowlist = update.allowlist.unwrap_or(expected.allowlist);
        expected.purpose = update.purpose.unwrap_or(expected.purpose);
        expected.owner = update.owner.unwrap_or(expected.owner);
        expected.justification = update.justification.or(expected.justification);
        let role = update.role.as_ref().unwrap_or(expected.grant.role());
        let teams = update.teams.as_ref().unwrap_or(expected.grant.teams());
        assert_eq!((after.grant.role(), after.grant.teams()), (role, teams));
        expected.grant = after.grant.clone();
        assert_eq!(*after, expected);
    }
    for (expiry, kept) in [(Expiry::At(end), Some(end)), (Expiry::Never, None)] {
        let after = apply(AccountUpdate { expires_at: Some(expiry), ..AccountUpdate::default() });
        assert_eq!(after.expires_at, kept);
        let untouched = apply(AccountUpdate::default());
        assert_eq!(untouched.expires_at, kept);
    }
}

/// An answer is made from what was written; it must be what a reader finds.
#[test]
fn every_answer_is_what_is_stored() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let stored = || wait(world.store.account(&holder.id)).unwrap().unwrap();
        let update = AccountUpdate { owner: Some(Owner::parse("Finance").unwrap()), ..AccountUpdate::default() };
        let answers: [&dyn Fn() -> Arc<Account>; 3] = [
            &|| wait(world.accounts.acting(&ada()).account(&holder.id).update(update.clone())).unwrap().account,
            &|| wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap(),
            &|| wait(world.accounts.acting(&ada()).account(&holder.id).enable()).unwrap().account,
        ];
        for answer in answers {
            assert_eq!(answer(), stored());
        }
        let credential = || wait(world.store.credential(&holder.token_id)).unwrap().unwrap();
        let scopes = wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).set_scopes(Scopes::none()))
            .unwrap()
            .token;
        assert_eq!((scopes.token(), scopes.account()), (credential().token(), credential().account()));
        let revoked = wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke()).unwrap();
        assert_eq!((revoked.token(), revoked.account()), (credential().token(), credential().account()));
    });
}

/// A retry gives nothing back that somebody has ended meanwhile, and kills no secret on the way.
#[test]
fn a_repeated_creation_makes_no_secret_anew_where_one_was_revoked() {
    let ends: [fn(&World, &service_accounts::CreatedAccount); 2] = [
        |world, created| {
            drop(wait(world.accounts.acting(&ada()).account(&created.account.id).revoke_credentials()).unwrap());
        },
        |world, created| {
            let first = &created.first_token.as_ref().unwrap().token.id;
            drop(wait(world.accounts.acting(&ada()).token(&created.account.id, first).revoke()).unwrap());
        },
    ];
    for end in ends {
        let world = World::new();
        let request = Some(service_accounts::store::RequestKey::parse("one").unwrap());
        let create =
            || world.create_with("Pipeline Automation", |wanted| NewAccount { request: request.clone(), ..wanted });
        let created = create();
        end(&world, &created);
        let before = wait(world.store.credential(&created.client_secret.as_ref().unwrap().id())).unwrap().unwrap();
        let again = create();
        assert!(again.client_secret.is_none() && again.first_token.is_none());
        let after = wait(world.store.credential(&before.token().id)).unwrap().unwrap();
        assert_eq!(after.token().digest, before.token().digest);
    }
}

/// What is read on each request, and two hundred times in a list, is bounded.
#[test]
fn an_account_names_a_bounded_number_of_systems() {
    let world = World::new();
    let systems =
        |count: usize| (0..count).map(|number| SystemName::parse(&format!("system-{number}")).unwrap()).collect();
    let id = world.create_with("At Most", |wanted| NewAccount { systems: systems(200), ..wanted }).account.id.clone();
    let more = NewAccount { systems: systems(201), ..wanted("One More") };
    let created = wait(world.accounts.acting(&ada()).create(more));
    assert!(matches!(created, Err(Error::TooManySystems { most: 200 })), "{created:?}");
    let update = AccountUpdate { systems: Some(systems(201)), ..AccountUpdate::default() };
    let updated = wait(world.accounts.acting(&ada()).account(&id).update(update));
    assert!(matches!(updated, Err(Error::TooManySystems { most: 200 })), "{updated:?}");
}

#[test]
fn an_account_that_waits_for_approval_works_once_somebody_else_has_given_it() {
    let world = World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator));
    let created = world.create("Pipeline Automation");
    let token = created.first_token.unwrap();
    let verdict = || world.verdict(token.secret.expose());
    let approve = |name| world.approve(&with_role(name, "Admin"), &created.account.id);
    assert_eq!(verdict(), Err(Rejection::AccountPending));
    assert!(matches!(approve("ada"), Err(Error::OwnApproval)));
    assert_eq!(verdict(), Err(Rejection::AccountPending));

    let approved = approve("bob").unwrap();
    assert_eq!(approved.approval, Approval::Given { by: Label::new("bob"), at: world.clock.now() });
    assert_eq!(verdict(), Ok(()));
    assert!(matches!(approve("bob"), Err(Error::NotPending)));

    let unruled = World::new().create("Pipeline Automation").account;
    assert_eq!(unruled.approval, Approval::NotRequired);
}

#[test]
fn what_does_not_wait_for_approval_cannot_be_approved() {
    let world = World::new();
    let account = world.create("Pipeline Automation").account;
    let approved = world.approve(&with_role("bob", "Admin"), &account.id);
    assert!(matches!(approved, Err(Error::NotPending)), "{approved:?}");
}

#[test]
fn names_come_with_advice_and_the_host_teaches_it_words() {
    let codes = |world: &World, name| world.create(name).advice.iter().map(|finding| finding.code).collect::<Vec<_>>();
    let world = World::new();
    assert_eq!(codes(&world, "temp"), [NameAdviceCode::Vague]);
    let mut advisor = Advisor::default();
    advisor.learn(WordClass::Vague, "thingamajig");
    let taught = World::built(|builder| builder.advisor(advisor));
    assert_eq!(codes(&taught, "Thingamajig"), [NameAdviceCode::Vague]);
    let wanted = NewAccount { first_token: Some(crate::support::token("test123")), ..wanted("Alation Sync") };
    let advice = wait(world.accounts.acting(&ada()).create(wanted)).unwrap().advice;
    assert!(
        advice.iter().any(|finding| finding.code == NameAdviceCode::TooGeneric),
        "the token's name is looked at too"
    );
}

#[test]
fn a_host_reserves_ids_of_its_own() {
    let world = World::built(|builder| builder.reserved(ReservedIds::none()));
    assert_eq!(world.create("root").account.id.as_str(), "root@service");
}

#[test]
fn accounts_are_listed_page_by_page_in_the_order_of_their_ids() {
    on_every_store(|world| {
        for name in ["Echo", "Alpha", "Delta", "Charlie", "Bravo"] {
            world.create(&format!("{name} Loader"));
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = wait(world.accounts.acting(&ada()).accounts(&world.accounts.every_account(), after.as_ref(), 2))
                .unwrap();
            assert!(page.items.len() <= 2);
            seen.extend(page.items.iter().map(|account| account.id.local().to_owned()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["alpha_loader", "bravo_loader", "charlie_loader", "delta_loader", "echo_loader"]);
    });
}

#[test]
fn an_account_reaches_the_resources_of_its_teams_and_of_nobody() {
    let world = World::new();
    let created = world
        .create_with("Pipeline Automation", |wanted| NewAccount { teams: Teams::only(["growth"]).unwrap(), ..wanted });
    let principal = world.authenticate(created.first_token.unwrap().secret.expose()).unwrap();
    let may = |team: Option<&str>| {
        let team = team.map(|team| TeamName::parse(team).unwrap());
        world.accounts.authorize(&principal, Permission::ResultsRead, team.as_ref()).is_ok()
    };
    assert_eq!([may(None), may(Some("growth")), may(Some("finance"))], [true, true, false]);
}

#[test]
fn what_a_service_account_does_is_recorded_under_its_own_name_and_address() {
    let world = World::new();
    let manager = world.create_with("Platform Automation", in_role("Admin"));
    let principal = world.authenticate(manager.first_token.unwrap().secret.expose()).unwrap();
    assert_eq!(principal.address(), Some(OFFICE));
    let created = wait(world.accounts.acting(&principal.actor()).create(wanted("Alation Sync"))).unwrap();
    assert_eq!(created.account.created_by.as_str(), "platform_automation@service");

    let query = Query::default().for_account(Label::new(created.account.id.as_str()));
    let events = wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events;
    let event = &events[0].event;
    assert_eq!((event.action(), event.actor().as_str()), (Action::AccountCreated, "platform_automation@service"));
    assert_eq!((event.address(), event.at()), (Some(OFFICE), world.clock.now()));
    let detail = |name| event.details().get(&Label::new(name)).map(Label::as_str);
    let token = created.first_token.unwrap().token;
    assert_eq!((detail("role"), detail("first_token")), (Some("Member"), Some(token.id.as_str())));
}

#[test]
fn what_is_not_there_is_reported_as_missing_by_every_call() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.acting(&ada()).account(&holder.id).delete()).unwrap();
    let (accounts, id) = (&world.accounts, &holder.id);
    let answers = [
        wait(accounts.acting(&ada()).account(id).read()).map(drop),
        wait(accounts.acting(&ada()).account(id).update(AccountUpdate::default())).map(drop),
        wait(accounts.acting(&ada()).account(id).disable()).map(drop),
        wait(accounts.acting(&ada()).account(id).enable()).map(drop),
        world.approve(&ada(), id).map(drop),
        wait(accounts.acting(&ada()).account(id).delete()),
        wait(accounts.acting(&ada()).account(id).regenerate_secret()).map(drop),
        wait(accounts.acting(&ada()).account(id).mint(&crate::support::token("weekly"))).map(drop),
        wait(accounts.acting(&ada()).account(id).tokens(None, 10)).map(drop),
    ];
    for (number, answer) in answers.iter().enumerate() {
        assert!(matches!(answer, Err(Error::AccountMissing)), "call {number}: {answer:?}");
    }
    for path in Path::ALL {
        assert_eq!(holder.verdict(&world, path), Err(Rejection::Unknown), "{path:?}");
    }
}

#[test]
fn a_system_that_is_named_twice_is_kept_once() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let systems = |names: &[&str]| names.iter().map(|name| SystemName::parse(name).unwrap()).collect::<Vec<_>>();
    let twice = AccountUpdate { systems: Some(systems(&["erp", "crm", "erp"])), ..AccountUpdate::default() };
    let updated = wait(world.accounts.acting(&ada()).account(&holder.id).update(twice)).unwrap();
    assert_eq!(updated.account.systems, systems(&["erp", "crm"]));
}

#[test]
fn a_period_that_begins_after_it_ends_is_refused() {
    let world = World::new();
    let (now, second) = (world.clock.now(), Duration::seconds(1));
    let ask = |since, until| wait(world.accounts.acting(&ada()).audit(&Query::default().since(since).until(until)));
    assert!(matches!(ask(now + second, now), Err(Error::PeriodReversed)));
    assert!(ask(now, now).is_ok_and(|page| page.events.is_empty()), "of no length, it is no mistake");
    assert!(ask(now - second, now).is_ok());
}

/// The same name under a key, to be numbered where it is taken.
pub(crate) fn numbered(key: &str) -> NewAccount {
    let request = Some(service_accounts::store::RequestKey::parse(key).unwrap());
    NewAccount { on_taken: OnTaken::Number, request, ..wanted("Pipeline") }
}

/// The id without a number was taken, was freed, and the retry took it: one request had two accounts.
#[test]
fn a_numbered_creation_that_is_sent_again_is_the_same_account_although_an_id_is_free_by_then() {
    on_every_store(|world| {
        let create = |wanted: NewAccount| wait(world.accounts.acting(&ada()).create(wanted));
        let elder = create(wanted("Pipeline")).unwrap().account.id.clone();
        let third = create(NewAccount { on_taken: OnTaken::Number, ..wanted("Pipeline") }).unwrap().account.id.clone();
        let first = create(numbered("signup-1")).unwrap();
        assert_eq!(first.account.id.as_str(), "pipeline_3@service");
        for freed in [&third, &elder] {
            wait(world.accounts.acting(&ada()).account(freed).delete()).unwrap();
            let again = create(numbered("signup-1")).unwrap();
            assert_eq!(again.account.id, first.account.id, "after {freed} was freed");
            assert!(again.first_token.is_some(), "its secrets are made anew");
        }
        assert_eq!(create(numbered("signup-2")).unwrap().account.id, elder, "another request takes what is free");
        let by_bob = wait(world.accounts.acting(&Actor::host("bob")).create(numbered("signup-1"))).unwrap();
        assert_eq!(by_bob.account.id, third, "and so does the same key of somebody else");
    });
}

/// The first request is slow, and its retry sees the id free that the first found taken.
#[test]
fn of_a_numbered_creation_that_comes_twice_at_once_one_account_is_made() {
    on_every_store(|world| {
        let accounts = world.accounts.clone();
        world.store.interrupt(Call::Commit, move || {
            let create = |wanted: NewAccount| wait(accounts.acting(&ada()).create(wanted)).unwrap().account.id.clone();
            let elder = create(wanted("Pipeline"));
            assert_eq!(create(numbered("signup-1")).as_str(), "pipeline_2@service");
            wait(accounts.acting(&ada()).account(&elder).delete()).unwrap();
        });
        let retried = wait(world.accounts.acting(&ada()).create(numbered("signup-1"))).unwrap();
        assert_eq!(retried.account.id.as_str(), "pipeline_2@service");
    });
}

#[test]
fn a_numbered_creation_under_a_key_has_64_ids() {
    let world = World::new();
    for number in 0..64 {
        wait(world.accounts.acting(&ada()).create(numbered(&format!("signup-{number}")))).unwrap();
    }
    let refused = wait(world.accounts.acting(&ada()).create(numbered("signup-64")));
    assert!(matches!(refused, Err(Error::IdTaken)), "{refused:?}");
    let again = wait(world.accounts.acting(&ada()).create(numbered("signup-63"))).unwrap();
    assert_eq!(again.account.id.as_str(), "pipeline_64@service");
}
