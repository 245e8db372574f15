//! What is remembered of a good credential, and what is judged without a wait, weakens nothing.

use service_accounts::{
    AccessEvents, AuthenticateError, Narrowing, NewAccount, Rejection,
    access::{Allowlist, presets::data_quality},
    audit::{Action, Query},
    lifecycle::Environment,
    naming::Realm,
    store::BoxStore,
};
use time::Duration;

use crate::support::{
    Call, Fault, Holder, OFFICE, Permission, When, World, ada, keyring, on_every_store, pepper, wait, wanted,
};

/// What is answered without a wait.
fn at_once(world: &World, text: &str) -> Option<Result<(), Rejection>> {
    world.accounts.authenticate_at_once(text, Some(OFFICE)).map(|judged| match judged {
        Ok(_) => Ok(()),
        Err(AuthenticateError::Rejected(rejection)) => Err(rejection),
        Err(AuthenticateError::Unavailable(error)) => panic!("{error}"),
    })
}

/// A credential that has been let in often enough for everything about it to be remembered.
fn known(world: &World) -> Holder {
    let holder = world.holder("Pipeline Automation");
    for text in [&holder.token, &holder.session] {
        for _ in 0..3 {
            assert_eq!(at_once(world, text), Some(Ok(())));
            assert_eq!(world.verdict(text), Ok(()));
        }
    }
    holder
}

#[test]
fn a_good_request_and_one_that_names_nothing_are_answered_without_a_wait() {
    on_every_store(|world| {
        let holder = known(world);
        assert_eq!(at_once(world, "acme_sat_nonsense"), Some(Err(Rejection::Malformed)));
        assert_eq!(at_once(world, &holder.secret), Some(Err(Rejection::WrongKind)));
        let stranger = World::new().holder("Pipeline Automation").token;
        let forged =
            World::on(BoxStore::new(service_accounts::store::MemoryStore::new()), keyring(), |builder| builder);
        assert_eq!(at_once(&forged, &stranger), Some(Err(Rejection::Unknown)));
    });
}

#[test]
fn a_known_token_is_refused_from_its_end_on() {
    let world = World::new();
    let token = world.create("Pipeline Automation").first_token.unwrap();
    let (text, end) = (token.secret.expose(), token.token.expires_at.unwrap());
    assert_eq!(at_once(&world, text), Some(Ok(())));
    world.clock.set(end - Duration::SECOND);
    assert_eq!(at_once(&world, text), Some(Ok(())));
    for after in [Duration::ZERO, Duration::SECOND] {
        world.clock.set(end + after);
        assert!(world.at_the_door(text, None).is_err(), "{after}");
        assert_eq!(world.verdict(text), Err(Rejection::Expired), "{after}");
    }
}

#[test]
fn a_known_token_is_told_to_rotate_from_the_second_on_at_which_its_window_opens() {
    let world = World::new();
    let token = world.create("Pipeline Automation").first_token.unwrap();
    let (text, opens) = (token.secret.expose(), world.accounts.rotate_after(&token.token).unwrap());
    let told = |at| {
        world.clock.set(at);
        world.at_the_door(text, None).unwrap().rotate_after()
    };
    assert_eq!([opens - Duration::DAY, opens - Duration::SECOND].map(told), [None, None]);
    assert_eq!([opens, opens + Duration::SECOND].map(told), [Some(opens), Some(opens)]);
    assert_eq!(told(opens - Duration::SECOND), None, "a clock that was put back");
}

#[test]
fn what_ends_a_known_credential_ends_it_for_the_next_request() {
    on_every_store(|world| {
        let holder = known(world);
        wait(world.accounts.acting(&ada()).token(&holder.id, &holder.token_id).revoke()).unwrap();
        assert_eq!(at_once(world, &holder.token), None, "a refusal of a good secret is written down first");
        assert_eq!(world.verdict(&holder.token), Err(Rejection::Revoked));
        assert_eq!(at_once(world, &holder.session), Some(Ok(())));
        wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
        assert_eq!(at_once(world, &holder.session), None);
        assert_eq!(world.verdict(&holder.session), Err(Rejection::AccountDisabled));
    });
}

#[test]
fn a_catalogue_that_takes_a_permission_away_takes_it_from_a_known_token() {
    on_every_store(|world| {
        let holder = known(world);
        let may = || world.at_the_door(&holder.token, None).unwrap().grants().permissions();
        assert!(may().contains(Permission::ResultsRead));
        let nothing =
            data_quality::catalogue().roles().fold(service_accounts::access::Catalogue::builder(), |builder, role| {
                builder.role(role.name().as_str(), "nothing any more", [])
            });
        wait(world.accounts.acting(&ada()).replace_catalogue(nothing.build().unwrap())).unwrap();
        for _ in 0..3 {
            assert!(may().is_empty());
        }
    });
}

#[test]
fn what_one_host_found_out_is_nothing_to_another_on_the_same_records() {
    let world = World::built(|builder| builder.environment(Environment::production()));
    let holder = known(&world);
    let on = |choose: fn(service_accounts::Builder<_, _>) -> service_accounts::Builder<_, _>| {
        World::on(world.store.inner().clone(), keyring(), choose)
    };
    let tenant = on(|builder| builder.realm(Realm::parse("tenant-b").unwrap()));
    let staging = on(|builder| builder.environment(Environment::staging()));
    for _ in 0..2 {
        assert_eq!(tenant.verdict(&holder.token), Err(Rejection::WrongRealm));
        assert_eq!(staging.verdict(&holder.token), Err(Rejection::WrongEnvironment));
        assert_eq!(at_once(&world, &holder.token), Some(Ok(())));
    }
}

#[test]
fn the_secret_and_the_networks_are_asked_every_time() {
    let world = World::new();
    let holder = known(&world);
    let elsewhere = World::on(
        world.store.inner().clone(),
        service_accounts::token::Keyring::new(service_accounts::token::PepperId::parse("k1").unwrap(), pepper(2)),
        |builder| builder,
    );
    assert_eq!(at_once(&elsewhere, &holder.token), Some(Err(Rejection::WrongSecret)), "another pepper of the same id");
    // Where accesses are counted, an address without a row is asked about in any case.
    for events in [AccessEvents::Coalesced, AccessEvents::Off] {
        let world = World::built(|builder| builder.access_events(events));
        let office = Allowlist::parse_all(["192.0.2.0/24"]).unwrap();
        let bound = NewAccount { allowlist: office, ..wanted("Alation Sync") };
        let created = wait(world.accounts.acting(&ada()).create(bound)).unwrap();
        let text = created.first_token.unwrap().secret.expose().to_owned();
        for _ in 0..3 {
            assert_eq!(at_once(&world, &text), Some(Ok(())));
            assert_eq!(world.verdict_from(&text, "198.51.100.1".parse().ok()), Err(Rejection::AddressNotAllowed));
        }
    }
}

/// Its account is bound to none.
#[test]
fn the_networks_of_a_session_are_asked_every_time() {
    for events in [AccessEvents::Coalesced, AccessEvents::Off] {
        let world = World::built(|builder| builder.access_events(events));
        let created = world.create("Alation Sync");
        let allowlist = Allowlist::parse_all(["192.0.2.7/32"]).unwrap();
        let (narrowing, secret) = (Narrowing { allowlist, ..Narrowing::default() }, created.client_secret.unwrap());
        let opened = world.accounts.open_session(created.account.id.as_str(), secret.expose(), &narrowing, None);
        let session = wait(opened).unwrap().secret;
        for _ in 0..3 {
            assert_eq!(world.verdict_from(session.expose(), "192.0.2.7".parse().ok()), Ok(()));
            let elsewhere = world.verdict_from(session.expose(), "192.0.2.8".parse().ok());
            assert_eq!(elsewhere, Err(Rejection::AddressNotAllowed));
        }
    }
}

#[test]
fn where_a_request_would_wait_nothing_has_happened_yet() {
    let world = World::built(|builder| builder.access_events(AccessEvents::Strict));
    let holder = world.holder("Pipeline Automation");
    let calls = world.store.calls_of(|| assert_eq!(at_once(&world, &holder.token), None));
    assert_eq!(calls, [], "a strict trail is written before the request goes on");

    let world = World::new();
    let holder = known(&world);
    world.store.fail(When::Each(Call::Credential), Fault::Hangs);
    assert_eq!(at_once(&world, &holder.token), None);
    world.store.fail(When::Each(Call::Credential), Fault::Refused);
    let answer = world.accounts.authenticate_at_once(&holder.token, None);
    assert!(matches!(answer, Some(Err(AuthenticateError::Unavailable(_)))), "{answer:?}");
}

#[test]
fn uses_and_accesses_are_counted_alike_on_both_ways() {
    for is_at_once in [true, false] {
        let world = World::new();
        let token = world.create("Pipeline Automation").first_token.unwrap();
        for _ in 0..5 {
            if is_at_once {
                assert_eq!(at_once(&world, token.secret.expose()), Some(Ok(())));
            } else {
                assert_eq!(world.verdict(token.secret.expose()), Ok(()));
            }
        }
        wait(world.accounts.flush()).unwrap();
        let query = Query::default().for_action(Action::AccessGranted);
        let events = wait(world.accounts.acting(&ada()).audit(&query)).unwrap().events;
        assert_eq!(events.iter().map(|recorded| recorded.event.count()).collect::<Vec<_>>(), [5], "{is_at_once}");
    }
}
