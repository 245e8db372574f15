//! Dates: sharp, kept, and within the calendar.

use service_accounts::{
    Error, NewAccount, NewToken, Rejection,
    lifecycle::{Environment, LifetimeError},
    store::Store,
};
use time::{Duration, UtcDateTime};

use crate::support::{World, ada, durable, is_unavailable, keyring, on_every_store, reopen, token, wait, wanted};

/// authentik CVE-2025-64708: expiry relied on a sweeper.
/// tower-sessions#82 and #174: expired sessions were returned, and expiry was not stored.
#[test]
fn an_expired_credential_is_refused_on_read_though_nobody_sweeps() {
    on_every_store(|world| {
        let holder = world.holder("Pipeline Automation");
        for (credential, life) in [(&holder.session, Duration::HOUR * 24), (&holder.token, Duration::days(365))] {
            let end = UtcDateTime::from_unix_timestamp(crate::support::START).unwrap() + life;
            for (offset, verdict) in [(-1, Ok(())), (0, Err(Rejection::Expired)), (1, Err(Rejection::Expired))] {
                world.clock.set(end + Duration::seconds(offset));
                assert_eq!(world.verdict(credential), verdict, "{offset} s from the end of {life}");
            }
        }
    });
}

/// tower-sessions#174: what was stored had lost its expiry.
#[test]
fn every_date_reads_back_as_it_was_written() {
    on_every_store(|world| {
        let end = UtcDateTime::from_unix_timestamp(253_402_300_799).unwrap();
        let created = world.create_with("Pipeline Automation", |wanted| NewAccount { expires_at: Some(end), ..wanted });
        let minted = created.first_token.unwrap().token;
        let found = wait(world.store.credential(&minted.id)).unwrap().unwrap();
        assert_eq!((found.token(), &**found.account()), (&minted, &*created.account));
        assert_eq!(found.account().expires_at, Some(end));
        assert_eq!(found.token().expires_at, Some(world.clock.now() + Duration::days(365)));

        let secret = wait(world.store.credential(&created.client_secret.as_ref().unwrap().id())).unwrap().unwrap();
        assert_eq!(secret.token().expires_at, None, "a client secret ends when it is regenerated");
    });
}

/// jsonwebtoken CVE-2026-25537: a malformed expiry meant none at all.
#[test]
fn a_damaged_record_is_an_outage_and_never_a_credential_without_limits() {
    for (sound, damaged) in [
        (r#""expires_at":17"#, r#""expires_at":"7"#),
        (r#""expires_at":17"#, r#""expires_xx":17"#),
        (r#""state":"active""#, r#""state":"atcive""#),
        (r#""status":"enabled""#, r#""status":"ennbled""#),
    ] {
        let (home, store) = durable();
        let world = World::on(store, keyring(), |builder| builder);
        let holder = world.holder("Pipeline Automation");
        drop(world);
        home.damage(sound, damaged);
        let world = World::on(reopen(&home), keyring(), |builder| builder);
        let judged = world.authenticate(&holder.token);
        assert!(matches!(judged, Err(service_accounts::AuthenticateError::Unavailable(_))), "{damaged}: {judged:?}");
        let minted = wait(world.accounts.acting(&ada()).account(&holder.id).mint(&token("another")));
        assert!(minted.is_ok() || is_unavailable(&minted), "{damaged}: {minted:?}");
    }
}

/// kafka#17026, Payara#5032: expiry arithmetic overflowed.
#[test]
fn a_life_beyond_the_calendar_is_refused_and_nothing_panics() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let last_day = UtcDateTime::MAX.truncate_to_second() - Duration::DAY;
    for now in [UtcDateTime::MAX.truncate_to_second(), last_day] {
        world.clock.set(now);
        let created = wait(world.accounts.acting(&ada()).create(wanted("Alation Sync")));
        let Err(Error::FirstToken(error)) = created else { panic!("{created:?}") };
        assert!(matches!(*error, Error::Lifetime(LifetimeError::OutOfRange)), "{error:?}");
        assert_eq!(world.verdict(&holder.token), Err(Rejection::Expired));
    }
    world.clock.set(UtcDateTime::MIN);
    let created = world.create("Finance Metrics");
    assert_eq!(world.verdict(created.first_token.unwrap().secret.expose()), Ok(()));
    assert_eq!(world.verdict(&holder.session), Ok(()), "a clock that goes back ends nothing");
}

#[test]
fn lifetimes_at_the_ends_of_the_number_line_are_refused() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    for lifetime in [Duration::MIN, Duration::MAX, Duration::ZERO, Duration::NANOSECOND, -Duration::SECOND] {
        let wanted = NewToken { lifetime: Some(lifetime), ..token("another") };
        let minted = wait(world.accounts.acting(&ada()).account(&holder.id).mint(&wanted));
        assert!(matches!(minted, Err(Error::Lifetime(_))), "{lifetime}: {minted:?}");
    }
}

#[test]
fn each_environment_bounds_the_lives_of_its_tokens() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let lives = [
        (Environment::production(), 365),
        (Environment::staging(), 180),
        (Environment::development(), 90),
        (Environment::testing(), 30),
    ];
    for (environment, days) in lives {
        let mint = |name: &str, lifetime| {
            let wanted = NewToken { environment: Some(environment.clone()), lifetime, ..token(name) };
            wait(world.accounts.acting(&ada()).account(&holder.id).mint(&wanted))
        };
        let longest = mint(&format!("{environment}-default"), None).unwrap();
        assert_eq!(longest.token.expires_at, Some(world.clock.now() + Duration::days(days)));
        assert!(mint(&format!("{environment}-longest"), Some(Duration::days(days))).is_ok());
        let too_long = mint(&format!("{environment}-longer"), Some(Duration::days(days) + Duration::SECOND));
        assert!(matches!(too_long, Err(Error::Lifetime(LifetimeError::TooLong { .. }))), "{too_long:?}");
    }
}

/// 29 February: a leap day is a day like any other.
#[test]
fn a_life_across_a_leap_day_is_as_long_as_any() {
    let world = World::new();
    world.clock.set(UtcDateTime::from_unix_timestamp(1_709_164_800).unwrap());
    let minted = world.create("Pipeline Automation").first_token.unwrap().token;
    assert_eq!(minted.expires_at.unwrap() - minted.created_at, Duration::days(365));
}
