//! How long anything may be asked to last: one second less, exactly, and one second more.

use service_accounts::{
    AccountUpdate, Expiry, Narrowing, NewAccount, NewToken, RotateToken, TokenPolicy,
    lifecycle::{Enforcement, Environment, RequestCriteria, RequestKind, Span, TokenRule},
    naming::{DisplayName, TokenName},
    store::{Owner, Purpose},
};
use time::Duration;

use crate::world::{Holder, OFFICE, World, ada, by_key, wait};

/// Whether it is granted one second before, at, and one second after a length.
fn granted(length: Duration, asks: impl Fn(&World, Duration) -> bool) -> [bool; 3] {
    [-1, 0, 1].map(|offset| asks(&World::new(), length + Duration::seconds(offset)))
}

fn mints(world: &World, environment: &Environment, lifetime: Duration) -> bool {
    let holder = world.holder("Pipeline Automation");
    let wanted = NewToken {
        environment: Some(environment.clone()),
        lifetime: Some(lifetime),
        ..NewToken::new(TokenName::parse("second").unwrap())
    };
    wait(world.accounts.acting(&ada()).account(&holder.account).mint(&wanted)).is_ok()
}

const AT_MOST: [bool; 3] = [true, true, false];
const AT_LEAST: [bool; 3] = [false, true, true];

#[test]
fn a_token_lives_as_long_as_its_environment_allows_and_not_a_second_longer() {
    for (environment, days) in [
        (Environment::production(), 365),
        (Environment::staging(), 180),
        (Environment::development(), 90),
        (Environment::testing(), 30),
    ] {
        let granted = granted(Duration::days(days), |world, life| mints(world, &environment, life));
        assert_eq!(granted, AT_MOST, "{environment}");
    }
    let shortest = granted(Duration::days(7), |world, life| mints(world, &Environment::testing(), life));
    assert_eq!(shortest, AT_LEAST);
}

#[test]
fn a_successor_lives_as_long_as_any_token_and_longer_than_the_overlap() {
    let rotates = |world: &World, life| {
        let holder = world.holder("Pipeline Automation");
        holder.rotate(world, &RotateToken { lifetime: Some(life), ..by_key("k") }).is_ok()
    };
    assert_eq!(granted(Duration::days(365), rotates), AT_MOST);
    // What ends with the overlap would leave the client with nothing.
    assert_eq!(granted(Duration::days(7), rotates), [false, false, true]);
}

#[test]
fn a_policy_of_a_maximum_lifetime_allows_it_to_the_second() {
    let rule = TokenRule::MaximumLifetime { maximum: Span::days(90).unwrap() };
    let criteria = RequestCriteria { kinds: vec![RequestKind::Token], ..RequestCriteria::default() };
    let policy = TokenPolicy::new("short", criteria).with_rule(rule, Enforcement::Hard).enabled();
    let under = |world: &World| drop(wait(world.accounts.acting(&ada()).policies().put(&policy, None)).unwrap());
    let minted = granted(Duration::days(90), |world, life| {
        let holder = world.holder("Pipeline Automation");
        under(world);
        let name = TokenName::parse("second").unwrap();
        let wanted = NewToken { lifetime: Some(life), ..NewToken::new(name) };
        wait(world.accounts.acting(&ada()).account(&holder.account).mint(&wanted)).is_ok()
    });
    let rotated = granted(Duration::days(90), |world, life| {
        let holder = world.holder("Pipeline Automation");
        under(world);
        holder.rotate(world, &RotateToken { lifetime: Some(life), ..by_key("k") }).is_ok()
    });
    assert_eq!((minted, rotated), (AT_MOST, AT_MOST));
}

#[test]
fn an_account_is_given_an_end_that_is_still_to_come() {
    let created = granted(Duration::ZERO, |world, from_now| {
        let (name, owner) = (DisplayName::parse("Alation Sync").unwrap(), Owner::parse("data").unwrap());
        let purpose = Purpose::parse("nightly load").unwrap();
        let wanted = NewAccount::new(name, purpose, owner, Environment::production());
        let wanted = NewAccount { expires_at: Some(world.now() + from_now), ..wanted };
        wait(world.accounts.acting(&ada()).create(wanted)).is_ok()
    });
    let updated = granted(Duration::ZERO, |world, from_now| {
        let holder = world.holder("Pipeline Automation");
        let update = AccountUpdate { expires_at: Some(Expiry::At(world.now() + from_now)), ..AccountUpdate::default() };
        wait(world.accounts.acting(&ada()).account(&holder.account).update(update)).is_ok()
    });
    assert_eq!((created, updated), ([false, false, true], [false, false, true]));
}

#[test]
fn a_session_is_open_for_a_day_at_most_and_never_longer_than_its_account() {
    let ends = |world: &World, life: Duration, account: Option<Duration>| {
        let holder = world.holder("Pipeline Automation");
        let Holder { account: id, .. } = &holder;
        if let Some(end) = account {
            let update = AccountUpdate { expires_at: Some(Expiry::At(world.now() + end)), ..AccountUpdate::default() };
            wait(world.accounts.acting(&ada()).account(id).update(update)).unwrap();
        }
        let secret = wait(world.accounts.acting(&ada()).account(id).regenerate_secret()).unwrap().secret;
        let narrowing = Narrowing { lifetime: Some(life), ..Narrowing::default() };
        let opened = wait(world.accounts.open_session(id.as_str(), secret.expose(), &narrowing, Some(OFFICE)));
        opened.ok().map(|opened| opened.expires_at - world.now())
    };
    let day = Duration::hours(24);
    assert_eq!(granted(day, |world, life| ends(world, life, None) == Some(life)), AT_MOST);
    assert_eq!(granted(Duration::ZERO, |world, life| ends(world, life, None).is_some()), [false, false, true]);
    // Its account ends after an hour, so the session does.
    let bounded = |world: &World, life: Duration| ends(world, life, Some(Duration::HOUR)).unwrap() == life;
    assert_eq!(granted(Duration::HOUR, bounded), AT_MOST);
}
