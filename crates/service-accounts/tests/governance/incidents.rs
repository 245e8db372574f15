//! Containment ends access first and tells what somebody has to clean up.

use service_accounts::{
    AccountUpdate, Error, Incident, NewAccount, Note, Rejection, RotateToken, Successor,
    access::Teams,
    audit::{Action, Event, Label, Query},
    lifecycle::{Overlap, RotationKey},
    store::{BoxStore, DocumentId, MemoryStore, Store},
    token::Kind,
};

use std::sync::Arc;

use service_accounts_store::conformance::{Call, Fault, FaultyStore, When};
use time::UtcDateTime;

use crate::world::{World, first, in_role, manager_of, on_every_store, text, token, wait, wanted};

fn reason() -> Note {
    Note::parse("its token stood in a public log").unwrap()
}

fn of_team(team: &'static str) -> impl FnOnce(NewAccount) -> NewAccount {
    move |wanted| NewAccount { teams: Teams::only([team]).unwrap(), ..wanted }
}

#[test]
fn a_contained_account_has_no_credential_that_works_and_an_incident_that_lists_them() {
    on_every_store(|world| {
        let created = world.create("Warehouse sync");
        let account = world.admin();
        let second = wait(account.account(&created.account.id).mint(&token("weekly"))).unwrap();
        let incident = wait(account.account(&created.account.id).contain(reason())).unwrap();
        assert_eq!(world.verdict(text(first(&created))), Err(Rejection::Revoked));
        assert_eq!(world.verdict(text(&second)), Err(Rejection::Revoked));
        let secret = created.client_secret.as_ref().unwrap();
        let revoked = [secret.id(), first(&created).token.id, second.token.id];
        assert!(incident.revoked.len() == 3 && revoked.iter().all(|token| incident.revoked.contains(token)));
        assert_eq!(incident.systems_to_rotate, created.account.systems);
        assert_eq!(wait(account.incident(&incident.id)).unwrap(), incident);
        assert_eq!(world.trail(Action::IncidentOpened).len(), 1);
    });
}

#[test]
fn a_contained_token_stops_and_its_successor_has_the_same_rights() {
    on_every_store(|world| {
        let created = world.create("Warehouse sync");
        let (id, old) = (&created.account.id, first(&created));
        let acting = world.admin();
        let contained = wait(acting.token(id, &old.token.id).contain(reason(), Successor::Minted)).unwrap();
        let successor = contained.successor.unwrap();
        assert_eq!(world.verdict(text(old)), Err(Rejection::Revoked));
        assert_eq!(world.verdict(text(&successor)), Ok(()));
        assert_eq!(successor.token.grant, old.token.grant);
        assert_eq!(successor.token.allowlist, old.token.allowlist);
        assert_ne!(successor.token.class, old.token.class, "it has a name of its own");
        assert_eq!(contained.incident.revoked, [old.token.id]);
        assert_eq!(contained.incident.successor, Some(successor.token.id));
    });
}

#[test]
fn a_token_and_its_successor_change_in_one_commit() {
    let world = World::new();
    let created = world.create("Warehouse sync");
    let (id, old) = (&created.account.id, first(&created));
    let contained = wait(world.admin().token(id, &old.token.id).contain(reason(), Successor::Minted)).unwrap();
    assert!(world.trail(Action::TokenMinted).is_empty(), "no second commit made the successor");
    let [revoked] = &world.trail(Action::TokenRevoked)[..] else { panic!("one event") };
    assert_eq!(revoked.event.reason().unwrap().as_str(), "contained");
    assert_eq!(revoked.sequence, contained.successor.unwrap().token.revision.event());
    let rotation = wait(world.admin().token(id, &old.token.id).rotation()).unwrap();
    assert_eq!(rotation.record.overlap(), Overlap::None, "it stands as a rotation without overlap");
}

/// Whoever has a stolen token has it rotate itself, and would keep what comes of it.
#[test]
fn what_a_contained_token_has_made_of_itself_is_revoked_too() {
    for successor in [Successor::None, Successor::Minted] {
        let world = World::new();
        let created = world.create("Warehouse sync");
        let (id, stolen) = (&created.account.id, first(&created));
        let (mut token, mut texts) = (stolen.token.id, vec![text(stolen).to_owned()]);
        for number in 0..3 {
            let itself = world.authenticate(texts.last().unwrap()).unwrap().actor();
            let wanted = RotateToken::new(RotationKey::parse(&format!("k{number}")).unwrap());
            let rotated = wait(world.accounts.acting(&itself).token(id, &token).rotate(&wanted)).unwrap();
            token = rotated.successor.id;
            texts.push(rotated.secret.unwrap().expose().to_owned());
        }
        let contained = wait(world.admin().token(id, &stolen.token.id).contain(reason(), successor)).unwrap();
        assert!(texts.iter().all(|text| world.verdict(text) == Err(Rejection::Revoked)), "{successor:?}");
        assert!(contained.incident.revoked.contains(&token), "the one that still worked is listed");
        assert!(contained.successor.is_none_or(|minted| world.verdict(text(&minted)) == Ok(())));
    }
}

/// A successor that an administrator asked for went to whoever runs the client, not to the thief.
#[test]
fn a_successor_that_somebody_else_asked_for_lives_on() {
    let world = World::new();
    let created = world.create("Warehouse sync");
    let (id, old) = (&created.account.id, first(&created));
    let wanted = RotateToken::new(RotationKey::parse("k").unwrap());
    let rotated = wait(world.admin().token(id, &old.token.id).rotate(&wanted)).unwrap();
    wait(world.admin().token(id, &old.token.id).contain(reason(), Successor::None)).unwrap();
    assert_eq!(world.verdict(text(old)), Err(Rejection::Revoked));
    assert_eq!(world.verdict(rotated.secret.unwrap().expose()), Ok(()));
}

/// A script that contains again and again made an incident each time, and they stay for good.
#[test]
fn containing_again_revokes_nothing_more_and_joins_the_incident() {
    on_every_store(|world| {
        let created = world.create("Warehouse sync");
        let (id, old) = (&created.account.id, &first(&created).token.id);
        let acting = world.admin();
        let of_token = || wait(acting.token(id, old).contain(reason(), Successor::None)).unwrap().incident;
        let of_account = || wait(acting.account(id).contain(reason())).unwrap();
        let opened = of_token();
        let again = of_token();
        wait(acting.note_incident(&opened.id, Note::parse("for reviewers").unwrap())).unwrap();
        assert_eq!(of_token().notes.len(), 1, "whoever may only contain reads no notes of others");
        assert_eq!(wait(acting.incident(&opened.id)).unwrap().notes.len(), 3);
        assert_eq!((opened.notes.len(), &again.notes[0].text), (0, &reason()));
        assert_eq!(Incident { notes: Vec::new(), ..again }, opened);
        let whole = of_account();
        assert!(whole.id != opened.id && !whole.revoked.is_empty(), "the client secret was revoked by it");
        let all = [of_token(), of_account(), of_account(), of_token()].map(|incident| incident.id);
        assert_eq!(all, [&opened, &whole, &whole, &opened].map(|incident| incident.id.clone()));
        assert_eq!((world.trail(Action::IncidentOpened).len(), world.trail(Action::IncidentNoted).len()), (2, 7));
        assert_eq!(world.trail(Action::TokenRevoked).len(), 1);
    });
}

/// The record of a containment must not end up in that of an earlier one.
#[test]
fn containing_after_something_else_has_happened_opens_another_incident() {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    let world = World::on(BoxStore::new(store.clone()));
    let id = world.create("Warehouse sync").account.id.clone();
    let contain = || wait(world.admin().account(&id).contain(reason()));
    let first = contain().unwrap();
    wait(world.admin().account(&id).mint(&token("weekly"))).unwrap();
    // Its token is revoked, and then the incident cannot be opened.
    let events = When::Each(Call::Events);
    assert!(store.failing(events, Fault::Refused, || contain().is_err()));
    let second = contain().unwrap();
    assert!(second.id != first.id && second.revoked.is_empty());
    wait(world.admin().account(&id).disable()).unwrap();
    let third = contain().unwrap();
    assert!(third.id != second.id && third.notes.is_empty());
    let moved = AccountUpdate { teams: Some(Teams::only(["finance"]).unwrap()), ..Default::default() };
    wait(world.admin().account(&id).update(moved)).unwrap();
    assert_ne!(contain().unwrap().id, third.id, "its readers are others");
}

#[test]
fn containing_again_opens_another_incident_where_the_first_is_full_or_gone() {
    let world = World::new();
    let id = world.create("Warehouse sync").account.id.clone();
    let contain = || wait(world.admin().account(&id).contain(reason())).unwrap();
    let first = contain();
    for _ in 0..Incident::MOST_NOTES {
        assert_eq!(contain().id, first.id);
    }
    let second = contain();
    assert_ne!(second.id, first.id);
    assert_eq!(contain().id, second.id);
}

#[test]
fn an_incident_tells_what_the_account_changed_and_not_every_access() {
    let world = World::new();
    let created = world.create_with("Deployer", in_role("Admin"));
    let own = world.authenticate(text(first(&created))).unwrap();
    let made = wait(world.accounts.acting(&own.actor()).create(wanted("Made by it"))).unwrap();
    let incident = wait(world.admin().account(&created.account.id).contain(reason())).unwrap();
    let did: Vec<_> = incident.did.iter().map(|recorded| recorded.event.action()).collect();
    assert_eq!(did, [Action::AccountCreated]);
    assert_eq!(incident.did[0].event.account().unwrap().as_str(), made.account.id.as_str());
}

#[test]
fn who_may_not_mint_contains_without_a_successor_only_and_nothing_is_half_done() {
    let world = World::new();
    let created = world.create_with("Deployer", |wanted| of_team("data")(in_role("Admin")(wanted)));
    let (eve, old) = (manager_of("data"), first(&created));
    let handle = world.accounts.acting(&eve);
    let refused = wait(handle.token(&created.account.id, &old.token.id).contain(reason(), Successor::Minted));
    assert!(matches!(refused, Err(Error::Grant(_))));
    assert_eq!(world.verdict(text(old)), Ok(()), "nothing was revoked");
    wait(handle.token(&created.account.id, &old.token.id).contain(reason(), Successor::None)).unwrap();
    assert_eq!(world.verdict(text(old)), Err(Rejection::Revoked));
}

#[test]
fn an_incident_is_shown_to_the_teams_of_its_account_only_even_after_the_account_is_gone() {
    let world = World::new();
    let created = world.create_with("Deployer", of_team("data"));
    let acting = world.admin();
    let incident = wait(acting.account(&created.account.id).contain(reason())).unwrap();
    wait(acting.account(&created.account.id).delete()).unwrap();
    for (team, sees) in [("data", true), ("web", false)] {
        let eve = manager_of(team);
        let eve = world.accounts.acting(&eve);
        assert_eq!(wait(eve.incident(&incident.id)).is_ok(), sees, "{team}");
        assert_eq!(wait(eve.incidents(None, 10)).unwrap().items.len(), usize::from(sees), "{team}");
        assert_eq!(wait(eve.note_incident(&incident.id, reason())).is_ok(), sees, "{team}");
    }
}

#[test]
fn notes_are_kept_in_order_and_an_incident_is_not_filled_for_ever() {
    let world = World::new();
    let created = world.create("Warehouse sync");
    let acting = world.admin();
    let incident = wait(acting.account(&created.account.id).contain(reason())).unwrap();
    for number in 1..=Incident::MOST_NOTES {
        let noted = wait(acting.note_incident(&incident.id, Note::parse(&number.to_string()).unwrap())).unwrap();
        assert_eq!(noted.notes.last().unwrap().text.as_str(), number.to_string());
    }
    let full = wait(acting.note_incident(&incident.id, reason()));
    assert!(matches!(full, Err(Error::TooManyEntries { .. })));
    let missing = wait(acting.incident(&DocumentId::parse("incident-0").unwrap()));
    assert!(matches!(missing, Err(Error::DocumentMissing)));
}

#[test]
fn of_notes_that_are_written_at_once_none_is_lost() {
    const EACH: usize = 10;
    let world = World::new();
    let created = world.create("Warehouse sync");
    let incident = wait(world.admin().account(&created.account.id).contain(reason())).unwrap();
    std::thread::scope(|scope| {
        for name in ["one", "two"] {
            let (world, id) = (&world, &incident.id);
            scope.spawn(move || {
                for _ in 0..EACH {
                    while let Err(lost) = wait(world.admin().note_incident(id, Note::parse(name).unwrap())) {
                        assert!(matches!(lost, Error::Conflict), "{lost}");
                    }
                }
            });
        }
    });
    let notes = wait(world.admin().incident(&incident.id)).unwrap().notes;
    let by = |name: &str| notes.iter().filter(|note| note.text.as_str() == name).count();
    assert_eq!((by("one"), by("two")), (EACH, EACH));
}

#[test]
fn the_successor_takes_the_next_name_that_is_free() {
    let world = World::new();
    let created = world.create("Warehouse sync");
    let (id, acting) = (&created.account.id, world.admin());
    let mut token = first(&created).token.clone();
    for _ in 0..3 {
        let contained = wait(acting.token(id, &token.id).contain(reason(), Successor::Minted)).unwrap();
        token = contained.successor.unwrap().token;
    }
    let tokens = wait(acting.account(id).tokens(None, 10)).unwrap().items;
    assert_eq!(tokens.len(), 4);
    assert!(tokens.iter().all(|listed| listed.credential.token().class.kind() == Kind::Token));
}

/// Whatever fails, and wherever: the account is as it was, or everything of before is revoked and it has a secret.
#[test]
fn an_account_that_is_contained_with_a_new_secret_is_never_left_without_one() {
    let calls = reissued_under(None).expect("nothing fails").calls;
    assert!(calls > 3, "{calls}");
    for number in 0..calls {
        for fault in [Fault::Refused, Fault::AnswerLost] {
            let Err(state) = reissued_under(Some((number, fault))) else { continue };
            assert!(state.is_as_before || state.secrets == 1, "call {number}, {fault:?}: {state:?}");
        }
    }
}

#[derive(Debug)]
struct Reissued {
    calls: usize,
    is_as_before: bool,
    /// How many client secrets work.
    secrets: usize,
}

/// Contains an account while one call of the store fails; the error is what is left then.
fn reissued_under(fault: Option<(usize, Fault)>) -> Result<Reissued, Reissued> {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    let world = World::on(BoxStore::new(store.clone()));
    let created = world.create("Warehouse sync");
    let mut contained = None;
    let contain =
        || contained = Some(wait(world.admin().account(&created.account.id).contain_with_new_secret(reason())));
    let calls = match fault {
        None => store.calls_of(contain).len(),
        Some((number, fault)) => store.failing(When::At(number), fault, || store.calls_of(contain).len()),
    };
    let account = wait(world.admin().account(&created.account.id).read()).unwrap();
    let page = wait(store.inner().credentials(&account.id, Kind::Secret, None, 10)).unwrap();
    let working = page.items.iter().filter(|listed| !listed.credential.token().is_revoked(&account));
    let (secrets, is_as_before) = (working.count(), world.verdict(text(first(&created))).is_ok());
    let state = Reissued { calls, is_as_before, secrets };
    if contained.unwrap().is_ok() { Ok(state) } else { Err(state) }
}

#[test]
fn an_account_is_contained_and_gets_its_new_secret_in_one_commit() {
    on_every_store(|world| {
        let created = world.create("Warehouse sync");
        let contained = wait(world.admin().account(&created.account.id).contain_with_new_secret(reason())).unwrap();
        assert_eq!(world.verdict(text(first(&created))), Err(Rejection::Revoked));
        let exchanged = contained.client_secret.secret.expose();
        let id = created.account.id.as_str();
        assert!(wait(world.accounts.authenticate_client(id, exchanged, None)).is_ok(), "the new secret works");
        let [revoked, renewed] = [Action::CredentialsRevoked, Action::SecretRegenerated]
            .map(|action| world.trail(action)[0].sequence.number());
        assert_eq!(renewed, revoked + 1);
        assert_eq!(contained.incident.revoked.len(), 2, "the old secret and the token, not the new secret");
    });
}

/// A busy account must not hold up its own containment.
#[test]
fn what_an_account_did_is_looked_for_in_ten_pages_of_the_trail_at_most() {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    let world = World::on(BoxStore::new(store.clone()));
    let created = world.create("Warehouse sync");
    let access = Event::new(Action::AccessGranted, Label::new(created.account.id.as_str()), UtcDateTime::UNIX_EPOCH);
    for _ in 0..20 {
        wait(store.append(&vec![access.clone(); Query::MAX_LIMIT])).unwrap();
    }
    let contain = || drop(wait(world.admin().account(&created.account.id).contain(reason())).unwrap());
    let pages = store.calls_of(contain).into_iter().filter(|call| *call == Call::Events).count();
    assert_eq!(pages, 10);
}
