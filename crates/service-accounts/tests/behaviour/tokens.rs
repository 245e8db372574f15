//! The rules of tokens: named within their account, bound to one environment, replaced in time.

use service_accounts::{Administration, CreatedAccount};
use service_accounts::{
    Error, NewAccount, NewToken, Randomness, Rejection, ServiceAccounts, SystemRandomness,
    access::{Scopes, presets::data_quality},
    lifecycle::{Environment, LifecyclePolicy, TokenState},
    naming::{NameAdviceCode, TokenName},
    store::{Class, MemoryStore, Store},
    token::Vendor,
};
use time::{Duration, UtcDateTime};

use crate::support::{OFFICE, Path, Permission, World, ada, keyring, on_every_store, token, wait, wanted};

#[test]
fn a_minted_token_is_what_was_asked_for() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let wanted = NewToken {
            scopes: Scopes::only(["read"]).unwrap(),
            lifetime: Some(Duration::days(10)),
            environment: Some(Environment::testing()),
            ..token("weekly")
        };
        let minted = wait(world.accounts.acting(&ada()).account(&holder.id).mint(&wanted)).unwrap();
        let record = wait(world.store.credential(&minted.secret.id())).unwrap().unwrap();
        assert_eq!(record.token(), &minted.token, "the answer is the record");
        assert_eq!(minted.token.class, Class::Token(wanted.name.clone()));
        assert_eq!((minted.token.grant.scopes(), &minted.token.environment), (&wanted.scopes, &Environment::testing()));
        assert_eq!(minted.token.expires_at, Some(world.clock.now() + Duration::days(10)));
        assert_eq!((minted.token.state, minted.token.created_at), (TokenState::Active, world.clock.now()));
        assert_eq!((minted.token.created_by.as_str(), minted.token.hint), ("ada", minted.secret.hint()));
        assert!(minted.secret.expose().starts_with("acme_sat_") && minted.secret.expose().len() == 69);
    });
}

#[test]
fn a_name_is_unique_within_its_account_and_free_in_another() {
    on_every_store(|world| {
        let (one, other) = (world.holder("Pipeline Automation"), world.holder("Alation Sync"));
        let mint = |id, name| wait(world.accounts.acting(&ada()).account(id).mint(&token(name)));
        assert!(matches!(mint(&one.id, "nightly"), Err(Error::NameTaken)), "the first token has it");
        assert!(mint(&one.id, "weekly").is_ok());
        assert!(mint(&other.id, "weekly").is_ok());
        wait(world.accounts.acting(&ada()).token(&one.id, &one.token_id).revoke()).unwrap();
        assert!(matches!(mint(&one.id, "nightly"), Err(Error::NameTaken)), "a revoked token keeps its name");
        wait(world.accounts.acting(&ada()).token(&one.id, &one.token_id).delete()).unwrap();
        assert!(mint(&one.id, "nightly").is_ok());
    });
}

#[test]
fn a_token_works_in_its_own_environment_only() {
    let here = World::built(|builder| builder.environment(Environment::production()));
    let holder = here.holder("Pipeline Automation");
    let wanted = NewToken { environment: Some(Environment::staging()), ..token("rehearsal") };
    let staged = wait(here.accounts.acting(&ada()).account(&holder.id).mint(&wanted)).unwrap();
    assert_eq!(here.verdict(staged.secret.expose()), Err(Rejection::WrongEnvironment));
    assert_eq!(here.verdict(&holder.token), Ok(()));

    let there = World::on(here.store.inner().clone(), keyring(), |builder| builder.environment(Environment::staging()));
    assert_eq!(there.verdict(staged.secret.expose()), Ok(()));
    for path in Path::ALL {
        assert_eq!(holder.verdict(&there, path), Err(Rejection::WrongEnvironment), "{path:?}");
    }
}

#[test]
fn an_environment_that_the_policy_does_not_know_gets_no_token() {
    let world = World::built(|builder| builder.lifecycle(LifecyclePolicy::default()));
    let holder = world.holder("Pipeline Automation");
    let wanted = NewToken { environment: Some(Environment::parse("moon").unwrap()), ..token("weekly") };
    let minted = wait(world.accounts.acting(&ada()).account(&holder.id).mint(&wanted));
    let Err(Error::EnvironmentUnknown { known }) = minted else { panic!("{minted:?}") };
    assert_eq!(known, ["development", "production", "staging", "testing"]);
}

/// Found by a review of this project: an account for tests got a token for production, of 365 days.
#[test]
fn a_token_is_of_its_accounts_environment_or_of_one_with_shorter_lives() {
    let world = World::built(|builder| builder.lifecycle(LifecyclePolicy::default()));
    let environment = |name: &str| Environment::parse(name).unwrap();
    let by_life = ["testing", "development", "staging", "production"];
    for (place, of_account) in by_life.iter().enumerate() {
        let wanted = NewAccount { environment: environment(of_account), ..wanted(&format!("Loader {place}")) };
        let id = wait(world.accounts.acting(&ada()).create(wanted)).unwrap().account.id.clone();
        for (other, of_token) in by_life.iter().enumerate() {
            let wanted = NewToken { environment: Some(environment(of_token)), ..token(of_token) };
            let minted = wait(world.accounts.acting(&ada()).account(&id).mint(&wanted));
            let refused = matches!(minted, Err(Error::EnvironmentDiffers));
            assert_eq!((minted.is_ok(), refused), (other <= place, other > place), "{of_token} in {of_account}");
        }
    }
}

#[test]
fn other_scopes_leave_the_text_as_it_is() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    for (scopes, is_reader) in [(Scopes::none(), false), (Scopes::only(["read"]).unwrap(), true)] {
        wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).set_scopes(scopes)).unwrap();
        let principal = world.authenticate(&holder.token).unwrap();
        assert_eq!(principal.decide(Permission::ResultsRead, None).is_allow(), is_reader);
    }
}

#[test]
fn tokens_are_listed_page_by_page_each_once() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        for number in 0..4 {
            wait(world.accounts.acting(&ada()).account(&holder.id).mint(&token(&format!("token-{number}")))).unwrap();
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = wait(world.accounts.acting(&ada()).account(&holder.id).tokens(after.as_ref(), 2)).unwrap();
            assert!(page.items.len() <= 2);
            seen.extend(page.items.iter().map(|listed| listed.credential.token().id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert!(seen.is_sorted() && seen.len() == 5, "{seen:?}");
    });
}

#[test]
fn a_token_says_when_it_should_be_replaced_once_that_time_has_come() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let due = world.clock.now() + Duration::days(335);
    for (now, told) in [(due - Duration::SECOND, None), (due, Some(due)), (due + Duration::DAY, Some(due))] {
        world.clock.set(now);
        assert_eq!(world.authenticate(&holder.token).unwrap().rotate_after(), told);
    }
    let listed = wait(world.store.credential(&holder.token_id)).unwrap().unwrap();
    assert_eq!(world.accounts.rotate_after(listed.token()), Some(due));
    for unrotated in [holder.session_id, holder.secret_id] {
        let record = wait(world.store.credential(&unrotated)).unwrap().unwrap();
        assert_eq!(world.accounts.rotate_after(record.token()), None);
    }
}

#[test]
fn a_token_name_gets_advice() {
    let advice = World::new().accounts.advise_token_name(&TokenName::parse("test123").unwrap());
    assert!(advice.iter().any(|finding| finding.code == NameAdviceCode::TooGeneric), "{advice:?}");
}

#[test]
fn by_default_time_and_randomness_are_the_machines() {
    let accounts = ServiceAccounts::builder(
        MemoryStore::new(),
        Vendor::parse("acme").unwrap(),
        keyring(),
        data_quality::catalogue(),
        Permission::ServiceAccountsManage,
    )
    .build();
    assert!(accounts.now() > UtcDateTime::from_unix_timestamp(1_735_689_600).unwrap(), "later than this was written");
    assert_eq!(accounts.now().nanosecond(), 0);
    assert_eq!(accounts.administration(), Administration::all(Permission::ServiceAccountsManage));
    let one = wait(accounts.acting(&ada()).create(wanted("Alation Sync"))).unwrap();
    let other = wait(accounts.acting(&ada()).create(wanted("Finance Metrics"))).unwrap();
    let text = |created: &CreatedAccount| created.client_secret.as_ref().unwrap().expose().to_owned();
    assert_ne!(text(&one), text(&other));
    let (mut first, mut second) = ([0; 32], [0; 32]);
    SystemRandomness.fill(&mut first).unwrap();
    SystemRandomness.fill(&mut second).unwrap();
    assert!(first != second && first != [0; 32]);
    assert!(wait(accounts.authenticate(one.first_token.unwrap().secret.expose(), Some(OFFICE))).is_ok());
}
