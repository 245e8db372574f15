//! Where secrets must not be: in what is shown, traced, logged, reported or kept.

use std::{error::Error, fmt::Debug};

use service_accounts::{
    AccessEvents, AuthenticateError, ExchangeError, Narrowing, Randomness, RandomnessError, ServiceAccounts,
    access::presets::data_quality,
    audit::Query,
    lifecycle::Environment,
    store::MemoryStore,
    token::{Keyring, MintError, Vendor},
};

use crate::{
    museum::forge::{id_at, unknown, wrong_secret},
    support::{
        Fault, Holder, OFFICE, Path, Permission, When, World, ada, durable, keyring, pepper, token, traced, wait,
    },
};

/// The halves of credentials that nobody may find.
pub(super) struct Canaries(Vec<String>);

impl Canaries {
    pub(super) fn of(holder: &Holder) -> Self {
        Self([&holder.token, &holder.session, &holder.secret].map(|text| secret_half(text).to_owned()).into())
    }

    pub(super) fn assert_absent(&self, place: &str, text: &[u8]) {
        for canary in &self.0 {
            // Half of a secret would be half of the work, so any eight characters in a row give it away.
            for part in canary.as_bytes().windows(8) {
                assert!(!text.windows(part.len()).any(|window| window == part), "a secret is in {place}");
            }
        }
    }
}

/// cargo#9822, kanidm: secrets were shown by `Debug`.
#[test]
fn no_secret_is_in_the_debug_output_of_anything_the_facade_hands_out() {
    let world = World::new();
    let created = world.create("Pipeline Automation");
    let shown = format!("{created:#?}");
    let opened = wait(world.accounts.open_session(
        created.account.id.as_str(),
        created.client_secret.as_ref().unwrap().expose(),
        &Narrowing::default(),
        Some(OFFICE),
    ));
    let opened = opened.unwrap();
    let regenerated = wait(world.accounts.acting(&ada()).account(&created.account.id).regenerate_secret()).unwrap();
    let minted = wait(world.accounts.acting(&ada()).account(&created.account.id).mint(&token("weekly"))).unwrap();
    let principal = world.authenticate(opened.secret.expose()).unwrap();
    let listed = wait(world.accounts.acting(&ada()).account(&created.account.id).tokens(None, 10)).unwrap();

    let first = created.first_token.as_ref().unwrap();
    let secrets =
        [created.client_secret.as_ref().unwrap(), &first.secret, &opened.secret, &regenerated.secret, &minted.secret];
    let canaries = Canaries(secrets.map(|secret| secret_half(secret.expose()).to_owned()).into());
    let things: [(&str, &dyn Debug); 8] = [
        ("an opened session", &opened),
        ("a regenerated secret", &regenerated),
        ("a minted token", &minted),
        ("a principal", &principal),
        ("an actor", &principal.actor()),
        ("a list of tokens", &listed),
        ("the facade", &world.accounts),
        ("a keyring", &keyring()),
    ];
    canaries.assert_absent("a created account", shown.as_bytes());
    for (name, thing) in things {
        canaries.assert_absent(name, format!("{thing:?} {thing:#?}").as_bytes());
    }
}

#[test]
fn no_pepper_is_in_the_debug_output_of_a_host() {
    let builder = ServiceAccounts::builder(
        MemoryStore::new(),
        Vendor::parse("acme").unwrap(),
        Keyring::new("k1".parse().unwrap(), pepper(0xab)),
        data_quality::catalogue(),
        Permission::ServiceAccountsManage,
    );
    let shown = format!("{builder:?} {:?}", pepper(0xab));
    assert!(!shown.contains("171") && !shown.contains("ab, ab") && !shown.contains("abab"), "{shown}");
    assert_eq!(format!("{:?}", builder.build()), "ServiceAccounts { .. }");
}

/// Vault CVE-2024-8365: the token was in the audit log. kanidm: secrets reached the log through `#[instrument]`.
#[test]
fn no_secret_is_traced_at_any_level_or_kept_in_the_trail() {
    let world = World::built(|builder| builder.access_events(AccessEvents::Strict));
    let holder = world.holder("Pipeline Automation");
    let text = traced(|| live(&world, &holder));
    assert!(text.contains("access.granted") && text.contains("access.denied") && text.contains("permission.denied"));
    let canaries = Canaries::of(&holder);
    canaries.assert_absent("the trace", text.as_bytes());
    let trail = wait(world.accounts.acting(&ada()).audit(&Query::default().limit(Query::MAX_LIMIT))).unwrap();
    assert!(trail.events.len() > 10);
    canaries.assert_absent("the trail", format!("{trail:?}").as_bytes());
}

/// Argo CVE-2023-25163: secrets in error messages. Grav CVE-2026-62386: secrets where they are logged by others.
#[test]
fn no_error_repeats_what_was_presented() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let canaries = Canaries::of(&holder);
    let texts = [&holder.secret, &unknown(&holder.token), &wrong_secret(&holder.session), &holder.token[1..]];
    for text in texts {
        let error = world.authenticate(text).unwrap_err();
        canaries.assert_absent("a refusal", said(&error).as_bytes());
        let opened = wait(world.accounts.open_session(holder.id.as_str(), text, &Narrowing::default(), None));
        if let Err(error @ ExchangeError::Authenticate(_)) = opened {
            canaries.assert_absent("a refused exchange", said(&error).as_bytes());
        }
    }
    for path in Path::ALL {
        let error = world
            .store
            .failing(When::Always, Fault::Refused, || holder.attempt(&world, path, Some(OFFICE)))
            .unwrap_err();
        assert!(matches!(error, AuthenticateError::Unavailable(_)));
        canaries.assert_absent("an outage", said(&error).as_bytes());
    }
}

/// The database may be stolen: what is in it lets nobody in.
#[test]
fn no_secret_is_in_the_database_or_its_log() {
    let (home, store) = durable();
    let world = World::on(store, keyring(), |builder| builder.access_events(AccessEvents::Strict));
    let holder = world.holder("Pipeline Automation");
    live(&world, &holder);
    wait(world.accounts.flush()).unwrap();
    let canaries = Canaries::of(&holder);
    let assert_clean = || {
        let files = home.files();
        let all = files.values().flatten().copied().collect::<Vec<u8>>();
        let id = holder.token_id.as_str().as_bytes();
        assert!(all.windows(id.len()).any(|window| window == id), "the id is there, so the search works");
        canaries.assert_absent("the database", &all);
        files.len()
    };
    assert!(assert_clean() > 1 || home.is_on_server(), "the log is there beside the database");
    drop(world);
    assert_clean();
}

/// A random source that fails makes no secret, and says nothing of what it had given before.
#[test]
fn without_randomness_there_is_no_secret_and_no_account() {
    struct Dry;
    impl Randomness for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessError> {
            Err(RandomnessError::new("the pool is dry"))
        }
    }
    let world = World::built(|builder| builder.randomness(Dry));
    let error = wait(world.accounts.acting(&ada()).create(crate::support::wanted("Pipeline Automation"))).unwrap_err();
    assert!(matches!(error, service_accounts::Error::Randomness(_)));
    let Some(cause) = error.source().and_then(<dyn Error>::downcast_ref::<MintError<RandomnessError>>) else {
        panic!("{error:?}")
    };
    assert!(matches!(cause, MintError::Source(_)), "{cause:?}");
    assert!(
        wait(world.accounts.acting(&ada()).accounts(&world.accounts.every_account(), None, 10))
            .unwrap()
            .items
            .is_empty()
    );
}

/// Everything that happens to credentials in a normal life, and some that should not.
fn live(world: &World, holder: &Holder) {
    for path in Path::ALL {
        let _ = holder.verdict(world, path);
        let _ = world.store.failing(When::Always, Fault::Refused, || holder.attempt(world, path, None));
    }
    for text in [&unknown(&holder.token), &wrong_secret(&holder.token), &holder.secret, ""] {
        drop(world.authenticate(text));
    }
    let principal = world.authenticate(&holder.token).unwrap();
    world.accounts.authorize(&principal, Permission::UsersView, None).unwrap_err();
    let wanted = service_accounts::NewToken { environment: Some(Environment::staging()), ..token("staging") };
    drop(wait(world.accounts.acting(&ada()).account(&holder.id).mint(&wanted)).unwrap());
    drop(wait(world.accounts.acting(&ada()).account(&holder.id).regenerate_secret()).unwrap());
    let _ = holder.verdict(world, Path::Exchange);
    drop(wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke()).unwrap());
    drop(world.authenticate(&holder.token));
    wait(world.accounts.end_session(&world.authenticate(&holder.session).unwrap())).unwrap();
}

/// An error with all its causes, as people and programs see it.
fn said(error: &dyn Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}

/// Everything behind the public id, but for the checksum, of which hints show the end.
fn secret_half(text: &str) -> &str {
    &text[id_at(text) + 16..text.len() - 6]
}
