//! Each way in which a credential may come to do more: what is approved, and who is named.

use service_accounts::{
    AccountUpdate, ApprovalRule, Error, Expiry, NewAccount, NewToken, RotateToken,
    access::{Allowlist, RoleName, Scopes, Teams},
    audit::{Action, Label, Query},
    lifecycle::RotationKey,
    naming::AccountId,
    store::{Account, Status, Store},
};
use time::Duration;

use crate::support::{World, ada, in_role, scoped, token, wait, with_role};

type Change = fn(&World, AccountUpdate) -> AccountUpdate;

/// Each dimension of what an account may do, with more of it and with less of it.
const DIMENSIONS: [(&str, Change, Change); 6] = [
    ("role", |_, update| in_role_of("Admin", update), |_, update| in_role_of("Member", update)),
    ("scopes", |_, update| with_scopes(&["read", "write"], update), |_, update| with_scopes(&[], update)),
    ("teams", |_, update| with_teams(&["data", "web"], update), |_, update| with_teams(&[], update)),
    ("networks", |_, update| from("192.0.2.0/23", update), |_, update| from("192.0.2.0/25", update)),
    ("a later end", |world, update| until(world, 40, update), |world, update| until(world, 20, update)),
    (
        "no end",
        |_, update| AccountUpdate { expires_at: Some(Expiry::Never), ..update },
        |world, update| until(world, 20, update),
    ),
];

/// Role, scopes and teams are judged together, by what they allow.
fn part_of(name: &str) -> &str {
    match name {
        "role" | "scopes" | "teams" => "rights",
        "networks" => "networks",
        _ => "end",
    }
}

fn in_role_of(role: &str, update: AccountUpdate) -> AccountUpdate {
    AccountUpdate { role: Some(RoleName::parse(role).unwrap()), ..update }
}

fn with_scopes(names: &[&str], update: AccountUpdate) -> AccountUpdate {
    AccountUpdate { scopes: Some(Scopes::only(names.iter().copied()).unwrap()), ..update }
}

fn with_teams(names: &[&str], update: AccountUpdate) -> AccountUpdate {
    AccountUpdate { teams: Some(Teams::only(names.iter().copied()).unwrap()), ..update }
}

fn from(network: &str, update: AccountUpdate) -> AccountUpdate {
    AccountUpdate { allowlist: Some(Allowlist::parse_all([network]).unwrap()), ..update }
}

fn until(world: &World, days: i64, update: AccountUpdate) -> AccountUpdate {
    AccountUpdate { expires_at: Some(Expiry::At(world.clock.now() + Duration::days(days))), ..update }
}

/// An account that is bounded in every dimension.
fn bounded(world: &World) -> AccountId {
    let account = world.create_with("Pipeline Automation", |wanted| NewAccount {
        scopes: Scopes::only(["read"]).unwrap(),
        teams: Teams::only(["data"]).unwrap(),
        allowlist: Allowlist::parse_all(["192.0.2.0/24"]).unwrap(),
        expires_at: Some(world.clock.now() + Duration::days(30)),
        ..in_role("Editor")(wanted)
    });
    account.account.id.clone()
}

/// The same, where a second administrator has to approve it, and has.
fn approved() -> (World, AccountId) {
    let world = World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator));
    let id = bounded(&world);
    world.approve(&with_role("bob", "Admin"), &id).unwrap();
    (world, id)
}

fn updated(world: &World, id: &AccountId, update: AccountUpdate) -> Account {
    let carol = with_role("carol", "Admin");
    (*wait(world.accounts.acting(&carol).account(id).update(update)).unwrap().account).clone()
}

/// What of an account decides what its credentials may do.
fn in_force(account: &Account) -> impl PartialEq + std::fmt::Debug + use<> {
    (account.grant.clone(), account.allowlist.clone(), account.expires_at)
}

/// An account was given a later end, or none, by one administrator alone.
#[test]
fn each_kind_of_more_waits_for_a_second_administrator_and_less_never_does() {
    for (name, more, less) in DIMENSIONS {
        let (world, id) = approved();
        let read = || wait(world.store.inner().account(&id)).unwrap().unwrap();
        let before = read();
        let widened = updated(&world, &id, more(&world, AccountUpdate::default()));
        assert!(widened.proposal.is_some() && in_force(&widened) == in_force(&before), "{name}");
        let last = wait(world.accounts.acting(&ada()).audit(&Query::default().limit(1))).unwrap().events.remove(0);
        assert_eq!(last.event.action(), Action::AccountProposed, "{name}");
        assert!(last.event.changes().keys().any(|field| field.as_str().starts_with("proposed")), "{name}: {last:?}");

        // What narrows takes effect beside what waits, and replaces it where both are about the same.
        let narrowed = updated(&world, &id, less(&world, AccountUpdate::default()));
        assert!(narrowed.proposal.is_none() && in_force(&narrowed) != in_force(&before), "{name}");

        updated(&world, &id, more(&world, AccountUpdate::default()));
        let approved = world.approve(&with_role("bob", "Admin"), &id).unwrap();
        assert!(approved.proposal.is_none() && in_force(&approved) != in_force(&narrowed), "{name}");
        let asked = updated(&world, &id, more(&world, AccountUpdate::default()));
        assert!(asked.proposal.is_none() && in_force(&asked) == in_force(&approved), "{name}: it is what was approved");
    }
}

#[test]
fn of_one_edit_the_narrow_part_is_in_force_and_the_wide_part_waits() {
    for (name, more, _) in DIMENSIONS {
        for (other, _, less) in DIMENSIONS {
            if part_of(name) == part_of(other) {
                continue;
            }
            let (world, id) = approved();
            let update = more(&world, less(&world, AccountUpdate::default()));
            let edited = updated(&world, &id, update);
            let narrowed = updated(&world, &id, less(&world, AccountUpdate::default()));
            assert!(edited.proposal.is_some() && narrowed.proposal.is_some(), "{name} and {other}");
            assert_eq!(in_force(&edited), in_force(&narrowed), "{name} waits and {other} does not");
        }
    }
}

#[test]
fn an_account_that_has_ended_stays_so_until_somebody_else_agrees() {
    let (world, id) = approved();
    world.clock.advance(Duration::days(31));
    let update = AccountUpdate { expires_at: Some(Expiry::Never), ..AccountUpdate::default() };
    assert!(updated(&world, &id, update).standing(world.clock.now()).is_err());
    let approved = world.approve(&with_role("bob", "Admin"), &id).unwrap();
    assert_eq!((approved.standing(world.clock.now()), approved.status), (Ok(()), Status::Enabled));
}

/// Whoever was given the text of a token while the account was about to end, or reached nothing from elsewhere.
#[test]
fn each_kind_of_more_names_who_has_seen_a_text_and_holds_less() {
    for (name, more, less) in DIMENSIONS {
        let world = World::new();
        let id = bounded(&world);
        let eve = world.create_with("Eve", |wanted| NewAccount { teams: Teams::every(), ..in_role("Admin")(wanted) });
        let by_eve = world.authenticate(eve.first_token.unwrap().secret.expose()).unwrap().actor();
        let minted = wait(world.accounts.acting(&by_eve).account(&id).mint(&scoped("eves", Scopes::Inherited)));
        let minted = minted.unwrap().token.id;
        wait(world.accounts.acting(&ada()).account(&eve.account.id).disable()).unwrap();
        let update = |update| wait(world.accounts.acting(&ada()).account(&id).update(update)).unwrap().gains;
        let gains = update(more(&world, AccountUpdate::default()));
        let gain = gains.iter().find(|gain| gain.token == minted);
        assert_eq!(gain.map(|gain| &*gain.known_to), Some(&[Label::new(eve.account.id.as_str())][..]), "{name}");
        assert_eq!(update(less(&world, AccountUpdate::default())), [], "{name}: less is no gain");
    }
}

/// unkey#5892: a token that was minted for an hour replaced itself by one for a year.
#[test]
fn a_token_that_replaces_itself_is_given_no_longer_life_than_it_had() {
    let hour = Duration::HOUR;
    let by_key = |key: &str| RotateToken::new(RotationKey::parse(key).unwrap());
    for (wanted, given) in [(None, Some(hour)), (Some(hour), Some(hour)), (Some(hour + Duration::SECOND), None)] {
        let world = World::new();
        let id = world.create("Pipeline Automation").account.id.clone();
        let short = NewToken { lifetime: Some(hour), ..token("short") };
        let minted = wait(world.accounts.acting(&ada()).account(&id).mint(&short)).unwrap();
        world.clock.advance(Duration::minutes(50));
        let itself = world.authenticate(minted.secret.expose()).unwrap().actor();
        let asked = RotateToken { lifetime: wanted, ..by_key("self") };
        let rotated = wait(world.accounts.acting(&itself).token(&id, &minted.token.id).rotate(&asked));
        match given {
            Some(life) => assert_eq!(rotated.unwrap().successor.expires_at, Some(world.clock.now() + life)),
            None => assert!(matches!(rotated, Err(Error::Lifetime(_))), "{rotated:?}"),
        }
        let by_ada = RotateToken { lifetime: Some(Duration::days(30)), ..by_key("self") };
        if given.is_none() {
            let rotated = wait(world.accounts.acting(&ada()).token(&id, &minted.token.id).rotate(&by_ada)).unwrap();
            assert_eq!(
                rotated.successor.expires_at,
                Some(world.clock.now() + Duration::days(30)),
                "an administrator may"
            );
        }
    }
}
