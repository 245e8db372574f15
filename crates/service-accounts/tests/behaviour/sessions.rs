//! The rules of sessions: a day at most, never wider than their account, and alive only as long as it is.

use service_accounts::UpkeepBounds;
use service_accounts::{
    AccountUpdate, Error, ExchangeError, Expiry, Narrowing, NewAccount, OpenedSession, Rejection, SESSION_LIFETIME,
    access::{Allowlist, Scopes},
    audit::{Action, Query},
    store::{Class, Store},
};
use time::Duration;

use crate::support::{Holder, OFFICE, Path, Permission, World, ada, in_role, on_every_store, wait};

#[test]
fn a_session_lives_for_a_day_or_for_as_long_as_is_asked_up_to_that() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let open = |lifetime| open(&world, &holder, &Narrowing { lifetime, ..Narrowing::default() });
    assert_eq!(SESSION_LIFETIME, Duration::hours(24));
    assert_eq!(open(None).unwrap().expires_at, world.clock.now() + Duration::DAY);
    for (asked, given) in [
        (Duration::SECOND, Some(Duration::SECOND)),
        (Duration::milliseconds(1_999), Some(Duration::SECOND)),
        (SESSION_LIFETIME, Some(SESSION_LIFETIME)),
        (SESSION_LIFETIME + Duration::NANOSECOND, None),
        (Duration::milliseconds(999), None),
        (Duration::ZERO, None),
        (-Duration::DAY, None),
        (Duration::MAX, None),
    ] {
        match (open(Some(asked)), given) {
            (Ok(opened), Some(life)) => assert_eq!(opened.expires_at, world.clock.now() + life),
            (Err(ExchangeError::Session(Error::SessionLifetime)), None) => {}
            (answer, _) => panic!("{asked}: {answer:?}"),
        }
    }
}

#[test]
fn a_session_never_outlives_its_account() {
    let world = World::new();
    let end = world.clock.now() + Duration::HOUR;
    let created = world.create_with("Pipeline Automation", |wanted| NewAccount { expires_at: Some(end), ..wanted });
    let holder = Holder::open(&world, created);
    let session = wait(world.store.credential(&holder.session_id)).unwrap().unwrap();
    assert_eq!(session.token().expires_at, Some(end));

    let update = AccountUpdate { expires_at: Some(Expiry::Never), ..AccountUpdate::default() };
    wait(world.accounts.acting(&ada()).account(&holder.id).update(update)).unwrap();
    world.clock.set(end);
    assert_eq!(holder.verdict(&world, Path::Session), Err(Rejection::Expired), "a longer life is for new sessions");
    assert_eq!(holder.verdict(&world, Path::Exchange), Ok(()));
}

#[test]
fn a_session_dies_when_its_account_is_brought_to_an_earlier_end() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let end = world.clock.now() + Duration::MINUTE;
    let update = AccountUpdate { expires_at: Some(Expiry::At(end)), ..AccountUpdate::default() };
    wait(world.accounts.acting(&ada()).account(&holder.id).update(update)).unwrap();
    world.clock.set(end - Duration::SECOND);
    assert_eq!(holder.verdict(&world, Path::Session), Ok(()));
    world.clock.set(end);
    assert_eq!(holder.verdict(&world, Path::Session), Err(Rejection::AccountExpired));
}

#[test]
fn a_session_narrows_its_accounts_scopes_and_cannot_widen_them() {
    let world = World::new();
    let created = world.create_with("Pipeline Automation", |wanted| NewAccount {
        scopes: Scopes::only(["write"]).unwrap(),
        ..in_role("Admin")(wanted)
    });
    let holder = Holder::open(&world, created);
    for (asked, is_writer, is_manager) in
        [(Scopes::Inherited, true, false), (scopes("read"), false, false), (scopes("write"), true, false)]
    {
        let opened = open(&world, &holder, &Narrowing { scopes: asked.clone(), ..Narrowing::default() }).unwrap();
        let principal = world.authenticate(opened.secret.expose()).unwrap();
        assert_eq!(principal.decide(Permission::ResourcesWrite, None).is_allow(), is_writer, "{asked:?}");
        assert_eq!(principal.decide(Permission::ServiceAccountsManage, None).is_allow(), is_manager, "{asked:?}");
    }
    // example-oauth2-server#52: a session listed a scope that its account does not hold.
    let wider = open(&world, &holder, &Narrowing { scopes: scopes("admin"), ..Narrowing::default() });
    assert!(matches!(wider, Err(ExchangeError::Session(Error::Grant(_)))), "{wider:?}");
    let unknown = open(&world, &holder, &Narrowing { scopes: scopes("nonsense"), ..Narrowing::default() });
    assert!(matches!(unknown, Err(ExchangeError::Session(Error::Grant(_)))), "{unknown:?}");
}

#[test]
fn a_session_narrows_its_accounts_networks_and_cannot_widen_them() {
    let world = World::new();
    let created =
        world.create_with("Pipeline Automation", |wanted| NewAccount { allowlist: list("192.0.2.0/24"), ..wanted });
    let holder = Holder::open(&world, created);
    for (asked, is_within) in [
        (Allowlist::any(), true),
        (list("192.0.2.0/24"), true),
        (list("192.0.2.0/28"), true),
        (list("192.0.2.0/23"), false),
        (list("0.0.0.0/0"), false),
        (list("198.51.100.7"), false),
        (list("::/0"), false),
    ] {
        let opened = open(&world, &holder, &Narrowing { allowlist: asked.clone(), ..Narrowing::default() });
        match opened {
            Ok(_) => assert!(is_within, "{asked}"),
            Err(ExchangeError::Session(Error::NetworksWiden)) => assert!(!is_within, "{asked}"),
            Err(error) => panic!("{asked}: {error}"),
        }
    }
}

#[test]
fn a_session_is_narrowed_to_32_networks_at_most() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    for (count, is_fit) in [(31, true), (32, true), (33, false)] {
        // Every other address, so that no two of them are one network.
        let addresses = (0..count).map(|number| format!("192.0.2.{}", 2 * number));
        let allowlist = Allowlist::parse_all(addresses.collect::<Vec<_>>().iter().map(String::as_str)).unwrap();
        match open(&world, &holder, &Narrowing { allowlist, ..Narrowing::default() }) {
            Ok(_) => assert!(is_fit, "{count}"),
            Err(ExchangeError::Session(Error::TooManyNetworks { most: 32 })) => assert!(!is_fit, "{count}"),
            Err(error) => panic!("{count}: {error}"),
        }
    }
}

/// What a host may choose ends at 1 and at 256.
#[test]
fn an_account_has_one_session_at_least_and_256_at_most() {
    for (chosen, most) in [(0, 1), (usize::MAX, 256)] {
        let world = World::built(|builder| builder.most_sessions(chosen));
        let holder = world.holder("Pipeline Automation");
        for _ in 0..most {
            world.clock.advance(Duration::SECOND);
            open(&world, &holder, &Narrowing::default()).unwrap();
        }
        let sessions = wait(world.accounts.acting(&ada()).account(&holder.id).sessions(None, 1_000)).unwrap().items;
        assert_eq!(sessions.len(), most, "one more than that was opened");
        assert!(world.verdict(&holder.session).is_err(), "the one that ends first made room");
    }
}

#[test]
fn sessions_survive_the_regeneration_of_the_secret_that_opened_them() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let fresh = wait(world.accounts.acting(&ada()).account(&holder.id).regenerate_secret()).unwrap();
        assert_eq!(holder.verdict(world, Path::Session), Ok(()));
        assert_eq!(holder.verdict(world, Path::Exchange), Err(Rejection::Revoked));
        let again = Holder { secret: fresh.secret.expose().into(), ..holder };
        assert_eq!(again.verdict(world, Path::Exchange), Ok(()));
        world.clock.advance(Duration::DAY);
        assert_eq!(again.verdict(world, Path::Session), Err(Rejection::Expired), "each until its own end");
    });
}

#[test]
fn a_session_dies_with_the_deletion_of_its_account() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        wait(world.accounts.acting(&ada()).account(&holder.id).delete()).unwrap();
        assert_eq!(holder.verdict(world, Path::Session), Err(Rejection::Unknown));
    });
}

#[test]
fn a_session_that_is_ended_is_dead_at_once_and_alone() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let other = open(world, &holder, &Narrowing::default()).unwrap();
        let principal = world.authenticate(&holder.session).unwrap();
        wait(world.accounts.end_session(&principal)).unwrap();
        assert_eq!(holder.verdict(world, Path::Session), Err(Rejection::Revoked));
        assert_eq!(world.verdict(other.secret.expose()), Ok(()));
        assert_eq!(holder.verdict(world, Path::Token), Ok(()));
        wait(world.accounts.end_session(&principal)).unwrap();
    });
}

/// Giving up a right needs no right: the way out is open even when the account has changed since the way in.
#[test]
fn a_session_can_be_ended_whatever_has_become_of_its_account() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let principal = world.authenticate(&holder.session).unwrap();
    wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
    wait(world.accounts.end_session(&principal)).unwrap();
    wait(world.accounts.acting(&ada()).account(&holder.id).enable()).unwrap();
    assert_eq!(holder.verdict(&world, Path::Session), Err(Rejection::Revoked));
}

#[test]
fn a_token_cannot_end_itself() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let principal = world.authenticate(&holder.token).unwrap();
    assert!(matches!(wait(world.accounts.end_session(&principal)), Err(Error::NotASession)));
    assert_eq!(holder.verdict(&world, Path::Token), Ok(()));
}

#[test]
fn an_administrator_finds_tokens_only_and_no_session_or_secret_among_them() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let listed = wait(world.accounts.acting(&ada()).account(&holder.id).tokens(None, 10)).unwrap().items;
    assert_eq!(listed.len(), 1);
    assert!(matches!(listed[0].credential.token().class, Class::Token(_)));
    for id in [holder.session_id, holder.secret_id] {
        let revoked = wait(world.accounts.acting(&ada()).token(&holder.id, &id).revoke());
        assert!(matches!(revoked, Err(Error::TokenMissing)), "{revoked:?}");
    }
    let other = world.holder("Alation Sync");
    let revoked = wait(world.accounts.acting(&ada()).token(&other.id, &holder.token_id).revoke());
    assert!(matches!(revoked, Err(Error::TokenMissing)), "a token of another account is as absent as none");
}

/// Nothing but the size of the store rests on the sweep.
#[test]
fn a_sweep_removes_sessions_whose_time_is_over_ended_or_not_and_nothing_else() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        let ended = open(world, &holder, &Narrowing::default()).unwrap();
        wait(world.accounts.end_session(&world.authenticate(ended.secret.expose()).unwrap())).unwrap();
        let sweep = || wait(world.accounts.upkeep(UpkeepBounds::default())).unwrap().swept.sessions_removed;
        world.clock.advance(Duration::DAY - Duration::SECOND);
        assert_eq!(sweep(), 0);
        world.clock.advance(Duration::SECOND);
        let later = open(world, &holder, &Narrowing::default()).unwrap();
        assert_eq!((sweep(), sweep()), (2, 0));
        for gone in [holder.session_id, ended.token.id] {
            assert!(wait(world.store.credential(&gone)).unwrap().is_none());
        }
        assert_eq!(world.verdict(later.secret.expose()), Ok(()));
        let swept =
            wait(world.accounts.acting(&ada()).audit(&Query::default().for_action(Action::SessionExpired))).unwrap();
        assert_eq!(swept.events.len(), 2);
    });
}

fn open(world: &World, holder: &Holder, narrowing: &Narrowing) -> Result<OpenedSession<Permission>, ExchangeError> {
    wait(world.accounts.open_session(holder.id.as_str(), &holder.secret, narrowing, Some(OFFICE)))
}

fn scopes(name: &str) -> Scopes {
    Scopes::only([name]).unwrap()
}

fn list(network: &str) -> Allowlist {
    Allowlist::parse_all([network]).unwrap()
}
