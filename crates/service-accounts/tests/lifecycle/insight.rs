//! What an account was seen to do, and what less would have done.

use std::net::IpAddr;

use service_accounts::{
    AccountUpdate, Actor, DryRun, Error, NewAccount, NewToken,
    access::{Allowlist, Denial, Grants, PermissionSet, ReplayDenial, RoleName, Scopes, Teams},
    lifecycle::{ExchangeAdvice, Suspicion},
    naming::{DisplayName, NameAdviceCode, TokenName},
    store::{Justification, Owner, Purpose},
};
use service_accounts_store::conformance::Call;
use time::Duration;

use crate::world::{Holder, OFFICE, Permission, World, ada, by_key, on_every_store, text_of, wait};

const ABROAD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

/// A holder that was made an administrator.
fn admin(world: &World) -> Holder {
    let holder = world.holder("Pipeline Automation");
    let update = AccountUpdate {
        role: RoleName::parse("Admin").ok(),
        justification: Justification::parse("it runs the platform").ok(),
        ..AccountUpdate::default()
    };
    wait(world.accounts.acting(&ada()).account(&holder.account).update(update)).unwrap();
    holder
}

/// So many requests from an address, each of which asks for these permissions.
fn requests(world: &World, text: &str, from: IpAddr, count: usize, permissions: &[Permission]) {
    for _ in 0..count {
        let principal = wait(world.accounts.authenticate(text, Some(from))).unwrap();
        for permission in permissions {
            world.accounts.authorize(&principal, *permission, None).unwrap();
        }
    }
}

fn dry_run(world: &World, holder: &Holder, tried: &DryRun) -> service_accounts::DryRunResult<Permission> {
    wait(world.accounts.acting(&ada()).account(&holder.account).dry_run(tried)).unwrap()
}

#[test]
fn advice_names_what_was_never_used_and_what_would_be_enough() {
    on_every_store(|world| {
        let holder = admin(world);
        requests(world, &holder.text, OFFICE, 3, &[Permission::ResultsRead, Permission::ResourcesWrite]);
        let advice = wait(world.accounts.acting(&ada()).account(&holder.account).advice()).unwrap();
        let rights = advice.rights.unwrap();
        assert_eq!(rights.least_role, RoleName::parse("Editor").ok());
        assert_eq!(rights.exact_scopes, Scopes::only(["resources:write", "results:read"]).ok());
        assert!(rights.unused.contains(Permission::UsersView) && !rights.unused.contains(Permission::ResultsRead));
        assert_eq!(advice.allowlist, Allowlist::parse_all(["192.0.2.7"]).ok());
        assert_eq!((advice.since, advice.is_cut, advice.exchange), (Some(world.now()), false, None));
    });
}

/// Access events are trimmed or older than the period, but what live tokens were seen to do is still known.
#[test]
fn what_was_used_long_ago_by_a_token_that_lives_still_counts_as_used() {
    let world = World::new();
    let holder = admin(&world);
    requests(&world, &holder.text, OFFICE, 1, &[Permission::UsersView]);
    wait(world.accounts.flush()).unwrap();
    world.advance(Duration::days(200));
    let advice = wait(world.accounts.acting(&ada()).account(&holder.account).advice()).unwrap();
    assert!(!advice.rights.unwrap().unused.contains(Permission::UsersView));
    assert_eq!(advice.allowlist, Allowlist::parse_all(["192.0.2.7"]).ok());
}

#[test]
fn a_client_that_opens_a_session_for_each_request_is_told_to_keep_it() {
    let world = World::new();
    let created = world.create("Pipeline Automation");
    let (id, secret) = (created.account.id.as_str(), created.client_secret.unwrap());
    for _ in 0..30 {
        let opened =
            wait(world.accounts.open_session(id, secret.expose(), &service_accounts::Narrowing::default(), None));
        requests(&world, opened.unwrap().secret.expose(), OFFICE, 1, &[]);
    }
    let advice = wait(world.accounts.acting(&ada()).account(&created.account.id).advice()).unwrap();
    assert_eq!(advice.exchange, Some(ExchangeAdvice::KeepSession));
}

#[test]
fn a_dry_run_counts_what_would_have_been_denied_and_why_and_writes_nothing() {
    on_every_store(|world| {
        let holder = admin(world);
        requests(world, &holder.text, OFFICE, 10, &[Permission::ResultsRead]);
        requests(world, &holder.text, OFFICE, 4, &[Permission::ResourcesWrite]);
        requests(world, &holder.text, ABROAD, 3, &[Permission::ResultsRead]);
        requests(world, &holder.text, ABROAD, 2, &[]);
        let tried = DryRun {
            role: RoleName::parse("Member").ok(),
            allowlist: Allowlist::parse_all(["192.0.2.0/24"]).ok(),
            ..DryRun::default()
        };
        let before = world.stored(&holder.token).token().clone();
        wait(world.accounts.flush()).unwrap();
        let calls = world.store.calls_of(|| {
            let replay = dry_run(world, &holder, &tried).replay;
            let role = ReplayDenial::Rights(Denial::NotInRole);
            let mut denied = replay.denied.clone();
            denied.sort_by_key(|(_, count)| *count);
            assert_eq!((replay.requests, denied), (19, vec![(role, 4), (ReplayDenial::Network, 5)]));
            assert_eq!(replay.examples[0].0.count, 4);
        });
        assert!(calls.iter().all(|call| !matches!(call, Call::Commit | Call::Append | Call::Touch)), "{calls:?}");
        assert_eq!(*world.stored(&holder.token).token(), before);
        assert_eq!(dry_run(world, &holder, &DryRun::default()).replay.denied, [], "as it is, nothing is denied");
    });
}

#[test]
fn a_dry_run_sees_what_still_waits_in_memory_and_looks_back_as_far_as_it_is_told() {
    let world = World::new();
    let holder = admin(&world);
    requests(&world, &holder.text, OFFICE, 7, &[Permission::ResultsRead]);
    assert_eq!(dry_run(&world, &holder, &DryRun::default()).replay.requests, 7);
    for (offset, expected) in [(-1, 7), (0, 7), (1, 0)] {
        let then = world.now();
        world.advance(Duration::days(10) + Duration::seconds(offset));
        let tried = DryRun { days: Some(10), ..DryRun::default() };
        assert_eq!(dry_run(&world, &holder, &tried).replay.requests, expected, "{offset}");
        world.set(then);
    }
}

#[test]
fn a_dry_run_of_names_that_do_not_exist_says_so() {
    let world = World::new();
    let holder = admin(&world);
    let tried = DryRun { role: RoleName::parse("Adnin").ok(), ..DryRun::default() };
    let refused = wait(world.accounts.acting(&ada()).account(&holder.account).dry_run(&tried));
    assert!(matches!(refused, Err(Error::Grant(_))));
}

#[test]
fn attempts_on_a_revoked_token_are_judged_by_where_it_was_used_before() {
    on_every_store(|world| {
        for (name, from, expected) in
            [("Stale Deploy", OFFICE, Suspicion::StaleDeploy), ("Stolen Token", ABROAD, Suspicion::LikelyTheft)]
        {
            let holder = world.holder(name);
            let observation =
                || wait(world.accounts.acting(&ada()).token(&holder.account, &holder.token).observation()).unwrap();
            requests(world, &holder.text, OFFICE, 1, &[]);
            assert_eq!((observation().verdict, observation().observed_until), (None, None), "it works");
            holder.revoke(world);
            let (revoked_at, week) = (world.now(), Duration::days(7));
            assert_eq!((observation().verdict, observation().observed_until), (None, Some(revoked_at + week)));
            world.advance(Duration::days(2));
            (0..3).for_each(|_| drop(wait(world.accounts.authenticate(&holder.text, Some(from)))));
            let seen = observation();
            assert_eq!((seen.verdict.unwrap().suspicion, seen.attempts), (expected, 3));
            assert_eq!(seen.observed_until, Some(world.now() + week));
            for (offset, is_safe) in [(-1, false), (0, true), (1, true)] {
                world.set(revoked_at + Duration::days(2) + week + Duration::seconds(offset));
                assert_eq!(observation().is_safe_to_delete, is_safe, "{offset}");
            }
            world.set(revoked_at);
        }
    });
}

fn advice_on(world: &World, actor: &Actor<Permission>, name: &str, teams: Teams) -> Vec<NameAdviceCode> {
    let (purpose, owner) = (Purpose::parse("nightly load").unwrap(), Owner::parse("Data Platform").unwrap());
    let environment = service_accounts::lifecycle::Environment::production();
    let wanted =
        NewAccount { teams, ..NewAccount::new(DisplayName::parse(name).unwrap(), purpose, owner, environment) };
    let created = wait(world.accounts.acting(actor).create(wanted)).unwrap();
    created.advice.iter().map(|advice| advice.code).collect()
}

/// The second name begins with U+0420, a Cyrillic letter.
#[test]
fn a_name_that_people_cannot_tell_from_another_is_advised_against() {
    on_every_store(|world| {
        let ada = ada();
        assert_eq!(advice_on(world, &ada, "Pipeline Automation", Teams::none()), []);
        let alike = advice_on(world, &ada, "Рipeline Automation", Teams::none());
        assert!(alike.contains(&NameAdviceCode::LooksAlike), "{alike:?}");
    });
}

#[test]
fn no_name_is_told_to_somebody_who_may_not_see_its_account() {
    let world = World::new();
    let all = [Permission::ServiceAccountsManage, Permission::ResultsRead, Permission::DatastoresView];
    let member: PermissionSet<_> = all.into_iter().collect();
    let [data, web] = ["data", "web"].map(|team| Teams::only([team]).unwrap());
    let [of_data, of_web] =
        [("eve", &data), ("bob", &web)].map(|(name, teams)| Actor::host_with(name, Grants::new(member, teams.clone())));
    advice_on(&world, &of_data, "Pipeline Automation", data.clone());
    assert!(!advice_on(&world, &of_web, "Рipeline Automation", web).contains(&NameAdviceCode::LooksAlike));
    assert!(advice_on(&world, &of_data, "Pipeline Automatiоn", data).contains(&NameAdviceCode::LooksAlike));
}

#[test]
fn a_minted_token_comes_with_advice_on_its_name_and_a_successor_with_none() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let mint = |name: &str| {
        let wanted = NewToken::new(TokenName::parse(name).unwrap());
        wait(world.accounts.acting(&ada()).account(&holder.account).mint(&wanted)).unwrap()
    };
    assert_eq!(mint("temp").advice[0].code, NameAdviceCode::Vague);
    assert!(mint("production-integration-2026").advice.is_empty());
    let rotated = holder.rotate(&world, &by_key("k")).unwrap();
    assert_eq!(world.verdict(&text_of(&rotated)), Ok(()));
}

/// What nobody looked at may be what is in use, so the advice must not read as if it were the whole.
#[test]
fn advice_on_an_account_of_more_tokens_than_are_looked_at_says_that_it_is_cut() {
    let world = World::new();
    let holder = world.holder("Busy Sync");
    let ada = ada();
    let is_cut = || wait(world.accounts.acting(&ada).account(&holder.account).advice()).unwrap().is_cut;
    for number in 2..=201 {
        assert!(!is_cut(), "{number}");
        let wanted = NewToken::new(format!("nightly-{number}").parse().unwrap());
        wait(world.accounts.acting(&ada).account(&holder.account).mint(&wanted)).unwrap();
    }
    assert!(is_cut());
}
