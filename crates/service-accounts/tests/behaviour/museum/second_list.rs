//! Faults found by attack on this project (the second list of failure cases), each as what must hold now.

use service_accounts::{
    AccountUpdate, Actor, ApprovalRule, Call, Error, ExportForm, NewAccount, Note, Rejection, UpkeepBounds,
    access::{Grants, RoleName, Scopes, Teams},
    audit::{Action, Label, Query},
    lifecycle::Environment,
    naming::{AccountId, Realm},
    store::{Approval, Justification, Status, Store},
    token::{Kind, TokenId},
};
use service_accounts_store::conformance::{Fault, When};

use crate::support::{
    Call as StoreCall, OFFICE, Permission, World, ada, in_role, scoped, token, wait, wanted, with_role,
};

fn role(name: &str) -> Option<RoleName> {
    RoleName::parse(name).ok()
}

fn reason() -> Option<Justification> {
    Justification::parse("it maintains the catalogue").ok()
}

/// Somebody who may manage service accounts and holds nothing else, on every team.
fn lesser_manager() -> Actor<Permission> {
    let held = Grants::new(Permission::ServiceAccountsManage.into(), Teams::every());
    Actor::host_with("eve", held)
}

type Attempt = fn(&World, &Actor<Permission>, &AccountId, &TokenId) -> Result<(), Error>;

/// One attempt for each call on an account or its token that these tests are about. A new call that is not tried at all fails
/// `every_call_is_tried` in `tests/authority`.
fn attempt(call: Call) -> Option<Attempt> {
    Some(match call {
        Call::CreateAccount => |world, actor, _, _| {
            wait(world.accounts.acting(actor).create(in_role("Admin")(wanted("Back Door")))).map(drop)
        },
        Call::UpdateAccount => |world, actor, id, _| {
            let update = AccountUpdate { scopes: Some(Scopes::none()), ..AccountUpdate::default() };
            wait(world.accounts.acting(actor).account(id).update(update)).map(drop)
        },
        Call::EnableAccount => |world, actor, id, _| wait(world.accounts.acting(actor).account(id).enable()).map(drop),
        Call::ApproveAccount => |world, actor, id, _| world.approve(actor, id).map(drop),
        Call::DeleteAccount => |world, actor, id, _| wait(world.accounts.acting(actor).account(id).delete()),
        Call::DisableAccount => {
            |world, actor, id, _| wait(world.accounts.acting(actor).account(id).disable()).map(drop)
        }
        Call::RevokeCredentials => {
            |world, actor, id, _| wait(world.accounts.acting(actor).account(id).revoke_credentials()).map(drop)
        }
        Call::RegenerateSecret => {
            |world, actor, id, _| wait(world.accounts.acting(actor).account(id).regenerate_secret()).map(drop)
        }
        Call::MintToken => |world, actor, id, _| {
            wait(world.accounts.acting(actor).account(id).mint(&scoped("weekly", Scopes::none()))).map(drop)
        },
        Call::SetTokenScopes => |world, actor, id, token| {
            wait(world.accounts.acting(actor).token(id, token).set_scopes(Scopes::none())).map(drop)
        },
        Call::RevokeToken => {
            |world, actor, id, token| wait(world.accounts.acting(actor).token(id, token).revoke()).map(drop)
        }
        Call::DeleteToken => |world, actor, id, token| wait(world.accounts.acting(actor).token(id, token).delete()),
        Call::ReadAccounts => |world, actor, id, _| wait(world.accounts.acting(actor).account(id).read()).map(drop),
        Call::ReadTokens => {
            |world, actor, id, _| wait(world.accounts.acting(actor).account(id).tokens(None, 1)).map(drop)
        }
        _ => return None,
    })
}

/// Rows 100 and 101: a lesser manager narrowed, minted for, regenerated for and re-enabled an administrator's account, and
/// held everything once its owner restored the scopes. Now each call that touches rights takes the rights of the role.
#[test]
fn whoever_holds_less_than_an_account_gets_no_hold_on_it_by_any_call() {
    for call in Call::ALL {
        let Some(run) = attempt(*call) else { continue };
        let rule = call.rule();
        let world = World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator));
        let admin = wait(world.accounts.acting(&ada()).create(in_role("Admin")(wanted("Platform Keeper")))).unwrap();
        let (id, token) = (&admin.account.id, &admin.first_token.as_ref().unwrap().token.id);
        let answer = run(&world, &lesser_manager(), id, token);
        let is_refused = matches!(answer, Err(Error::Grant(_)));
        assert_eq!(is_refused, rule.covers == service_accounts::Covers::Rights, "{call:?}: {answer:?}");
    }
}

/// Row 83: `prodution` was accepted as an environment, and the account could never mint a token.
#[test]
fn an_account_is_not_made_in_an_environment_that_the_policy_does_not_know() {
    let world = World::new();
    for first_token in [None, Some(token("first"))] {
        let environment = Environment::parse("prodution").unwrap();
        let misspelt = NewAccount { environment, first_token, ..wanted("Pipeline Automation") };
        let refused = wait(world.accounts.acting(&ada()).create(misspelt));
        let Err(Error::EnvironmentUnknown { known }) = refused else { panic!("{refused:?}") };
        assert!(known.iter().any(|environment| environment == "production"), "{known:?}");
    }
    assert_eq!(
        world.create("Pipeline Automation").account.id.as_str(),
        "pipeline_automation@service",
        "nothing was kept"
    );
}

/// Rows 65 and 105: an administrator's session loosened its own account, and the last one locked itself out.
#[test]
fn no_account_administers_itself_but_for_revoking_its_own_token() {
    for call in Call::ALL {
        let Some(run) = attempt(*call) else { continue };
        let world = World::new();
        let admin = wait(world.accounts.acting(&ada()).create(in_role("Admin")(wanted("Platform Keeper")))).unwrap();
        let first = admin.first_token.as_ref().unwrap();
        let itself = world.authenticate(first.secret.expose()).unwrap().actor();
        let answer = run(&world, &itself, &admin.account.id, &first.token.id);
        let is_refused = matches!(answer, Err(Error::OwnAccount));
        let may = *call == Call::CreateAccount || call.rule().on_itself == service_accounts::OnItself::Allowed;
        assert_eq!(is_refused, !may, "{call:?}: {answer:?}");
    }
}

/// Row 62: an approved account got more rights by an edit that nobody approved, or that its editor approved.
#[test]
fn more_rights_than_were_approved_wait_and_the_approved_ones_hold() {
    let world = World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator));
    let created = world.create("Pipeline Automation");
    let (id, text) = (&created.account.id, created.first_token.as_ref().unwrap().secret.expose());
    world.approve(&with_role("bob", "Admin"), id).unwrap();
    let raise = AccountUpdate { role: role("Admin"), justification: reason(), ..AccountUpdate::default() };
    let raised = wait(world.accounts.acting(&with_role("carol", "Admin")).account(id).update(raise)).unwrap().account;
    assert_eq!((raised.grant.role().as_str(), raised.proposal.is_some()), ("Member", true));
    let held = |world: &World| world.authenticate(text).unwrap().grants().permissions().len();
    assert_eq!(held(&world), 2, "the approved rights hold meanwhile");
    assert!(matches!(world.approve(&with_role("carol", "Admin"), id), Err(Error::OwnApproval)));

    // An edit after somebody looked is not what they approve.
    let seen = raised.revision;
    let edit = AccountUpdate { role: role("Editor"), ..AccountUpdate::default() };
    wait(world.accounts.acting(&with_role("dave", "Admin")).account(id).update(edit)).unwrap();
    let outdated = wait(world.accounts.acting(&with_role("bob", "Admin")).account(id).approve(seen));
    assert!(matches!(outdated, Err(Error::Outdated)), "{outdated:?}");
    assert!(matches!(world.approve(&with_role("carol", "Admin"), id), Err(Error::OwnApproval)), "she edited it too");
    let approved = world.approve(&with_role("bob", "Admin"), id).unwrap();
    assert!(matches!(approved.approval, Approval::Given { .. }) && approved.proposal.is_none());
    assert_eq!(held(&world), 3);
}

/// Row 104: one administrator approved its own edit through a token of another account.
#[test]
fn a_token_of_another_account_makes_nobody_a_second_administrator() {
    let world = World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator));
    let bob = with_role("bob", "Admin");
    let admin = |name| {
        let created = wait(world.accounts.acting(&ada()).create(in_role("Admin")(wanted(name)))).unwrap();
        world.approve(&bob, &created.account.id).unwrap();
        created
    };
    let (one, other) = (admin("First Administrator"), admin("Second Administrator"));
    let first = world.authenticate(one.first_token.as_ref().unwrap().secret.expose()).unwrap().actor();
    let borrowed = wait(world.accounts.acting(&first).account(&other.account.id).mint(&token("borrowed"))).unwrap();
    let puppet = world.authenticate(borrowed.secret.expose()).unwrap().actor();
    let target = wait(world.accounts.acting(&first).create(wanted("Pipeline Automation"))).unwrap().account;
    assert!(matches!(world.approve(&puppet, &target.id), Err(Error::OwnApproval)));
    assert!(world.approve(&bob, &target.id).is_ok());
}

/// Row 106: a kept principal kept creating after the catalogue had taken its right away.
#[test]
fn a_principal_that_is_kept_loses_what_the_catalogue_takes() {
    let world = World::new();
    let admin = wait(world.accounts.acting(&ada()).create(in_role("Admin")(wanted("Platform Keeper")))).unwrap();
    let kept = world.authenticate(admin.first_token.unwrap().secret.expose()).unwrap().actor();
    assert!(wait(world.accounts.acting(&kept).create(wanted("Alation Sync"))).is_ok());
    let fewer = service_accounts::access::Catalogue::builder().role("Admin", "nothing", []).build().unwrap();
    wait(world.accounts.acting(&ada()).replace_catalogue(fewer)).unwrap();
    assert!(matches!(wait(world.accounts.acting(&kept).create(wanted("Back Door"))), Err(Error::NotPermitted)));
}

/// Rows 80 and 103: thousands of open sessions from a few clients.
#[test]
fn an_account_has_a_bounded_number_of_sessions_and_the_oldest_make_room() {
    let world = World::built(|builder| builder.most_sessions(3));
    let created = world.create("Pipeline Automation");
    let (id, secret) = (created.account.id.clone(), created.client_secret.unwrap());
    let open =
        || wait(world.accounts.open_session(id.as_str(), secret.expose(), &Default::default(), Some(OFFICE))).unwrap();
    let mut opened = Vec::new();
    for _ in 0..5 {
        world.clock.advance(time::Duration::SECOND);
        opened.push(open());
    }
    let works: Vec<_> = opened.iter().map(|session| world.verdict(session.secret.expose()).is_ok()).collect();
    assert_eq!(works, [false, false, true, true, true]);
    let listed = wait(world.accounts.acting(&ada()).account(&id).sessions(None, 10)).unwrap().items;
    assert_eq!(listed.len(), 3);
    wait(world.accounts.acting(&ada()).account(&id).revoke_session(&opened[4].token.id)).unwrap();
    assert_eq!(world.verdict(opened[4].secret.expose()), Err(Rejection::Revoked), "hydra#1728: a session is ended");
}

/// Row 80: 16 clients opened 30,000 sessions in 24 s, and the sweep removed 100 a second.
#[test]
fn two_calls_of_upkeep_remove_all_that_sixteen_clients_can_have_opened() {
    let world = World::new();
    let clients: Vec<_> = (0..16).map(|number| world.create(&format!("Busy Client {number}"))).collect();
    for _ in 0..250 {
        for client in &clients {
            let (id, secret) = (client.account.id.as_str(), client.client_secret.as_ref().unwrap().expose());
            wait(world.accounts.open_session(id, secret, &Default::default(), Some(OFFICE))).unwrap();
        }
    }
    let kept = || -> usize {
        let of =
            |account| wait(world.store.inner().credentials(account, Kind::Session, None, 999)).unwrap().items.len();
        clients.iter().map(|client| of(&client.account.id)).sum()
    };
    assert_eq!(kept(), 16 * 100, "an account has 100 at once, whatever it opens");
    world.clock.advance(time::Duration::DAY);
    let upkeep = || wait(world.accounts.upkeep(UpkeepBounds::default())).unwrap().swept;
    assert_eq!([upkeep(), upkeep()].map(|swept| swept.sessions_removed), [1000, 600]);
    assert_eq!(kept(), 0);
}

/// Rows 66, 109 and 110: strangers filled the trail, and their victims stood there as actors.
#[test]
fn what_strangers_cause_is_summed_up_and_names_nobody_as_actor() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.flush()).unwrap();
    for _ in 0..20_000 {
        assert!(world.authenticate("acme_sat_nonsense").is_err());
    }
    assert_eq!(world.verdict(&crate::museum::forge::wrong_secret(&holder.token)), Err(Rejection::WrongSecret));
    let denied = Query::default().for_action(Action::AccessDenied).limit(100);
    let events = wait(world.accounts.acting(&ada()).audit(&denied)).unwrap().events;
    assert!(events.len() <= 3, "{}", events.len());
    assert!(events.iter().all(|recorded| recorded.event.actor().as_str() == "unknown"));
    assert_eq!(events.iter().map(|recorded| recorded.event.count()).sum::<u32>(), 20_001);
}

/// Row 74: tokens of a disabled account were listed as if they worked, and row 73: an end in the past was accepted.
#[test]
fn lists_and_the_door_ask_the_same_question() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
    let listed = wait(world.accounts.acting(&ada()).account(&holder.id).tokens(None, 10)).unwrap().items;
    assert!(listed.iter().all(|listed| listed.credential.standing(world.clock.now()).is_err()));
    let past = Some(service_accounts::Expiry::At(world.clock.now()));
    let update = AccountUpdate { expires_at: past, ..AccountUpdate::default() };
    let answer = wait(world.accounts.acting(&ada()).account(&holder.id).update(update));
    assert!(matches!(answer, Err(Error::ExpiryPassed)), "{answer:?}");
}

/// The realm is the tenancy boundary: two hosts on one store neither admit nor see each other's accounts.
#[test]
fn an_account_of_another_realm_is_neither_admitted_nor_seen() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let other = World::on(world.store.inner().clone(), crate::support::keyring(), |builder| {
        builder.realm(Realm::parse("tenant-b").unwrap())
    });
    assert_eq!(other.verdict(&holder.token), Err(Rejection::WrongRealm));
    assert!(matches!(wait(other.accounts.acting(&ada()).account(&holder.id).read()), Err(Error::AccountMissing)));
    assert!(matches!(wait(other.accounts.acting(&ada()).account(&holder.id).disable()), Err(Error::AccountMissing)));
    let page = wait(other.accounts.acting(&ada()).accounts(&other.accounts.every_account(), None, 10)).unwrap();
    assert!(page.items.is_empty());
    wait(other.accounts.revoke_presented(&ada(), &holder.token)).unwrap();
    assert_eq!(world.verdict(&holder.token), Ok(()), "nor does it give back what is not its own");
}

/// What happened to an account is no other tenant's business either.
#[test]
fn an_incident_of_another_realm_is_not_seen() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let reason = Note::parse("found in a public log").unwrap();
    let incident = wait(world.accounts.acting(&ada()).account(&holder.id).contain(reason.clone())).unwrap();
    let other = World::on(world.store.inner().clone(), crate::support::keyring(), |builder| {
        builder.realm(Realm::parse("tenant-b").unwrap())
    });
    let listed = |world: &World| wait(world.accounts.acting(&ada()).incidents(None, 10)).unwrap().items.len();
    assert_eq!((listed(&world), listed(&other)), (1, 0));
    let read = wait(other.accounts.acting(&ada()).incident(&incident.id));
    let noted = wait(other.accounts.acting(&ada()).note_incident(&incident.id, reason));
    assert!(matches!((read, noted), (Err(Error::DocumentMissing), Err(Error::DocumentMissing))));
}

/// One trail holds the events of every realm on a store. Each realm sees its own, and what is about no account.
#[test]
fn an_event_of_another_realm_is_not_seen() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let other = World::on(world.store.inner().clone(), crate::support::keyring(), |builder| {
        builder.realm(Realm::parse("tenant-b").unwrap())
    });
    let keeper = wait(other.accounts.acting(&ada()).create(in_role("Admin")(wanted("Platform Keeper")))).unwrap();
    let keeper = other.authenticate(keeper.first_token.unwrap().secret.expose()).unwrap().actor();
    let about = |world: &World, account: &str| {
        let query = Query::default().for_account(Label::new(account)).limit(100);
        wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events.len()
    };
    let theirs = holder.id.as_str();
    assert!(about(&world, theirs) > 0 && about(&other, "platform_keeper@tenant-b") > 0);
    assert_eq!((about(&other, theirs), about(&world, "platform_keeper@tenant-b")), (0, 0));
    let all = wait(other.accounts.acting(&keeper).audit(&Query::default().limit(200))).unwrap().events;
    assert!(all.iter().all(|recorded| recorded.event.account().is_none_or(|account| account.as_str() != theirs)));

    let trail = other.accounts.acting(&keeper).trail();
    let mut export = wait(trail.export(ExportForm::JsonLines)).unwrap();
    let mut file = String::new();
    while let Some(part) = wait(trail.next_part(&mut export)).unwrap() {
        file += &part;
    }
    assert!(file.contains("platform_keeper@tenant-b") && !file.contains(theirs), "{file}");
}

/// A refused call is an attempt that somebody has to see; however often it is made, it is summed up.
#[test]
fn refused_administration_is_on_record_and_summed_up() {
    let world = World::new();
    let (eve, victim) = (world.holder("Pipeline Automation"), world.holder("Alation Sync"));
    let actor = world.authenticate(&eve.token).unwrap().actor();
    for _ in 0..500 {
        let refused = wait(world.accounts.acting(&actor).account(&victim.id).mint(&token("stolen")));
        assert!(matches!(refused, Err(Error::NotPermitted)), "{refused:?}");
    }
    let query = Query::default().for_action(Action::PermissionDenied).limit(100);
    let denied = wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events;
    let [only] = &*denied else { panic!("{denied:?}") };
    assert_eq!((only.event.actor().as_str(), only.event.count()), (eve.id.as_str(), 500));
    assert!(format!("{:?}", only.event).contains("MintToken"), "{only:?}");
}

/// The same for people: the host vouches for who they are, and the trail says what they were refused.
#[test]
fn what_people_are_refused_is_on_record_and_summed_up() {
    let world = World::new();
    let victim = world.create_with("Alation Sync", in_role("Admin"));
    let (id, token_id) = (&victim.account.id, &victim.first_token.as_ref().unwrap().token.id);
    let (eve, reader) = (lesser_manager(), with_role("mallory", "Member"));
    for _ in 0..500 {
        assert!(wait(world.accounts.acting(&eve).account(id).mint(&token("stolen"))).is_err());
        assert!(wait(world.accounts.acting(&eve).create(in_role("Admin")(wanted("Back Door")))).is_err());
        assert!(wait(world.accounts.acting(&reader).token(id, token_id).revoke()).is_err());
        assert!(wait(world.accounts.acting(&reader).audit(&Query::default())).is_err());
    }
    let query = Query::default().for_action(Action::PermissionDenied).limit(100);
    let denied = wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events;
    let mut told: Vec<_> = denied
        .iter()
        .map(|denied| (denied.event.actor().as_str(), denied.event.details()["call"].as_str(), denied.event.count()))
        .collect();
    told.sort_unstable();
    let expected =
        [("eve", "CreateAccount"), ("eve", "MintToken"), ("mallory", "ReadTrail"), ("mallory", "RevokeToken")];
    assert_eq!(told, expected.map(|(actor, call)| (actor, call, 500)));
}

/// Whoever invents names cannot make the trail or the memory grow without bound: what finds no room is summed.
#[test]
fn refusals_of_ever_new_people_are_bounded() {
    let world = World::new();
    for number in 0..100_000 {
        let stranger = Actor::host_with(&format!("user-{number}"), Grants::nothing());
        assert!(wait(world.accounts.acting(&stranger).audit(&Query::default())).is_err());
    }
    // The second has room for what was summed.
    for _ in 0..2 {
        wait(world.accounts.flush()).unwrap();
    }
    let mut query = Query::default().for_action(Action::PermissionDenied).limit(Query::MAX_LIMIT);
    let (mut events, mut count) = (0, 0);
    loop {
        let page = wait(world.store.events(&query)).unwrap();
        events += page.events.len();
        count += page.events.iter().map(|denied| u64::from(denied.event.count())).sum::<u64>();
        let Some(next) = page.next else { break };
        query = query.continue_from(next);
    }
    assert_eq!(count, 100_000, "none is lost");
    assert!(events < 40_000, "{events} events");
}

/// Everything of an account is revoked in one step, whatever happens to the store right after it.
#[test]
fn all_credentials_of_an_account_are_revoked_in_one_step() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.acting(&ada()).account(&holder.id).revoke_credentials()).unwrap();
    for path in crate::support::Path::ALL {
        assert_eq!(holder.verdict(&world, path), Err(Rejection::Revoked), "{path:?}");
    }
    let minted = wait(world.accounts.acting(&ada()).account(&holder.id).mint(&token("anew"))).unwrap();
    assert_eq!(world.verdict(minted.secret.expose()), Ok(()), "what is minted afterwards works");
}

/// Upkeep that fails in the middle goes on with the next call.
#[test]
fn upkeep_goes_on_where_the_store_failed() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    world.clock.advance(time::Duration::DAY);
    let upkeep = || wait(world.accounts.upkeep(UpkeepBounds::default()));
    assert!(world.store.failing(When::Each(StoreCall::Commit), Fault::Refused, upkeep).is_err());
    assert_eq!(upkeep().unwrap().swept.sessions_removed, 1);
    assert!(wait(world.store.credential(&holder.session_id)).unwrap().is_none());
    let account = wait(world.store.account(&holder.id)).unwrap().unwrap();
    assert_eq!(account.status, Status::Enabled);
}
