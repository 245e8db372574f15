//! Text found in the open: what is genuine in it is revoked, and nothing of it is told on.

use std::sync::Arc;

use service_accounts::{
    Error, LeakReport, Rejection, RotateToken,
    audit::Action,
    lifecycle::RotationKey,
    naming::Realm,
    store::{BoxStore, MemoryStore},
};

use crate::world::{World, first, in_role, on_every_store, text, wait};

#[test]
fn every_genuine_credential_in_a_text_is_revoked_and_told_by_its_hint() {
    on_every_store(|world| {
        let (one, two) = (world.create("Warehouse sync"), world.create("Deployer"));
        let (token, secret) = (text(first(&one)), two.client_secret.as_ref().unwrap());
        let leaked = format!("a log line\nAuthorization: Bearer {token}, again {token}\nsecret={}\n", secret.expose());
        let report = wait(world.admin().report_leak(&leaked)).unwrap();
        let hints: Vec<_> = report.tokens.iter().map(|found| found.hint).collect();
        assert_eq!(hints, [first(&one).token.hint, secret.hint()], "each once, in the order of the text");
        assert!(report.tokens.iter().all(|found| found.was_working));
        assert_eq!((report.strangers, report.is_cut), (0, false));
        assert_eq!(world.verdict(token), Err(Rejection::Revoked));
        let told = format!("{report:?}{:?}", world.trail(Action::LeakReported));
        assert!(!told.contains(token) && !told.contains(secret.expose()) && !told.contains("log line"));
        let again = wait(world.admin().report_leak(&leaked)).unwrap();
        assert!(again.tokens.iter().all(|found| !found.was_working));
    });
}

#[test]
fn nobody_revokes_by_an_id_alone() {
    let world = World::new();
    let other = World::new();
    let (ours, theirs) = (world.create("Warehouse sync"), other.create("Warehouse sync"));
    let stranger = text(first(&theirs));
    let report = wait(world.admin().report_leak(stranger)).unwrap();
    assert_eq!((report.tokens.len(), report.strangers), (0, 1));
    let (cut, last) = text(first(&ours)).split_at(text(first(&ours)).len() - 1);
    let broken = format!("{cut}{}", if last == "x" { "y" } else { "x" });
    let report = wait(world.admin().report_leak(&broken)).unwrap();
    assert!(report.tokens.is_empty());
    assert_eq!(world.verdict(text(first(&ours))), Ok(()));
}

/// A realm is a tenant, and the report of one ends nothing of another's.
#[test]
fn a_credential_of_another_realm_is_a_strangers_text() {
    let store = Arc::new(MemoryStore::new());
    let on = |realm: &str| {
        let realm = Realm::parse(realm).unwrap();
        World::built_on(BoxStore::new(store.clone()), |builder| builder.realm(realm))
    };
    let (ours, theirs) = (on("service"), on("tenant-b"));
    let created = theirs.create("Warehouse sync");
    let report = wait(ours.admin().report_leak(text(first(&created)))).unwrap();
    assert_eq!((report.tokens.len(), report.strangers), (0, 1));
    assert_eq!(theirs.verdict(text(first(&created))), Ok(()));
}

#[test]
fn whoever_reports_its_own_credential_reports_the_others_with_it() {
    let world = World::new();
    let reporter = world.create_with("Scanner", in_role("Admin"));
    let other = world.create("Warehouse sync");
    let leaked = format!("{} {}", text(first(&reporter)), text(first(&other)));
    let actor = world.authenticate(text(first(&reporter))).unwrap().actor();
    wait(world.accounts.acting(&actor).report_leak(&leaked)).unwrap();
    for created in [&reporter, &other] {
        assert_eq!(world.verdict(text(first(created))), Err(Rejection::Revoked));
    }
}

/// Whoever has a token's text may have rotated it before the leak was noticed: the successors end with it.
#[test]
fn what_a_leaked_token_made_of_itself_is_revoked_with_it() {
    let world = World::new();
    let created = world.create("Warehouse sync");
    let stolen = text(first(&created)).to_owned();
    let rotate = |shown: &str, key: &str| {
        let principal = world.authenticate(shown).unwrap();
        let (account, token, actor) = (principal.id().clone(), *principal.token_id(), principal.actor());
        let key = RotationKey::parse(key).unwrap();
        let rotated = wait(world.accounts.acting(&actor).token(&account, &token).rotate(&RotateToken::new(key)));
        rotated.unwrap().secret.unwrap().expose().to_owned()
    };
    let second = rotate(&stolen, "one");
    let third = rotate(&second, "two");
    assert_eq!(world.verdict(&third), Ok(()));
    wait(world.admin().report_leak(&stolen)).unwrap();
    for text in [stolen, second, third] {
        assert_eq!(world.verdict(&text), Err(Rejection::Revoked));
    }
}

/// The same where an administrator began the rotation, and whoever had the old text asked again under its key.
#[test]
fn what_a_leaked_token_was_given_the_text_of_is_revoked_with_it() {
    let world = World::new();
    let by_key = RotateToken::new(RotationKey::parse("deploy-2026-12-01").unwrap());
    for asks_again in [true, false] {
        let created = world.create(if asks_again { "Warehouse sync" } else { "Deployer" });
        let stolen = text(first(&created)).to_owned();
        let (account, token) = (&created.account.id, &first(&created).token.id);
        let mut rotated = wait(world.admin().token(account, token).rotate(&by_key)).unwrap();
        if asks_again {
            let thief = world.authenticate(&stolen).unwrap().actor();
            rotated = wait(world.accounts.acting(&thief).token(account, token).rotate(&by_key)).unwrap();
        }
        wait(world.admin().report_leak(&stolen)).unwrap();
        let verdict = world.verdict(rotated.secret.unwrap().expose());
        assert_eq!(verdict.is_err(), asks_again, "a successor that only the administrator has seen works on");
    }
}

#[test]
fn a_text_is_bounded() {
    let world = World::new();
    for (length, is_read) in [(LeakReport::MOST_BYTES, true), (LeakReport::MOST_BYTES + 1, false)] {
        let answer = wait(world.admin().report_leak(&"a".repeat(length)));
        assert_eq!(!matches!(answer, Err(Error::TextTooLong { .. })), is_read, "{length}");
    }
}
