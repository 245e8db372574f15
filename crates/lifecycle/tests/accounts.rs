//! Accounts: inactivity, ends and client secrets, around every boundary.

use proptest::prelude::*;
use service_accounts_lifecycle::{AccountAdvice, AccountFacts, AccountFinding, LifecyclePolicy, Severity, Span};
use time::macros::utc_datetime;
use time::{Duration, UtcDateTime};

const MADE: UtcDateTime = utc_datetime!(2025-01-01 0:00);
const SECOND: Duration = Duration::SECOND;

fn policy() -> LifecyclePolicy {
    let days = |days| Span::days(days).into_iter();
    let policy = days(90).fold(LifecyclePolicy::default(), LifecyclePolicy::with_inactive_after);
    days(60).fold(policy, LifecyclePolicy::with_secret_every)
}

fn day(day: i64) -> UtcDateTime {
    MADE + Duration::days(day)
}

/// The codes one second before an instant, at it, and one second after.
fn around(facts: &AccountFacts, at: UtcDateTime) -> [Vec<&'static str>; 3] {
    [-1, 0, 1].map(|offset| codes(facts, at + offset * SECOND))
}

fn codes(facts: &AccountFacts, now: UtcDateTime) -> Vec<&'static str> {
    policy().assess_account(facts, now).iter().map(AccountFinding::code).collect()
}

fn from_then_on(code: &'static str) -> [Vec<&'static str>; 3] {
    [vec![], vec![code], vec![code]]
}

#[test]
fn an_account_is_inactive_from_the_day_its_last_use_is_too_old() {
    let unused = AccountFacts::new(MADE);
    assert_eq!(around(&unused, day(90)), from_then_on("account-inactive"));
    assert_eq!(around(&unused.with_last_use(day(5)), day(95)), from_then_on("account-inactive"));
    assert_eq!(
        around(&unused.with_last_use(day(5)).with_enabled(day(100)), day(190)),
        from_then_on("account-inactive")
    );
    let found = policy().assess_account(&unused.with_last_use(day(5)), day(95));
    assert_eq!(found, [AccountFinding::Inactive { since: day(95), last_use: Some(day(5)) }]);
    let never = policy().assess_account(&unused, day(90));
    assert_eq!(never, [AccountFinding::Inactive { since: day(90), last_use: None }]);
}

#[test]
fn a_client_secret_is_due_by_its_own_age() {
    let used = AccountFacts::new(MADE).with_last_use(day(60));
    assert_eq!(around(&used.with_secret(MADE), day(60)), from_then_on("secret-due"));
    assert_eq!(codes(&used, day(60)), [""; 0], "an account without a secret has none to regenerate");
    let found = policy().assess_account(&used.with_secret(MADE), day(61));
    assert_eq!(found, [AccountFinding::SecretDue { since: day(60), made_at: MADE }]);
}

#[test]
fn an_exposed_secret_is_said_until_it_is_regenerated() {
    let exposed = AccountFacts::new(MADE).with_secret(day(1)).with_secret_exposed(day(10));
    assert_eq!(codes(&exposed, day(10)), ["secret-exposed"]);
    assert_eq!(
        codes(&exposed.with_secret(day(10)), day(10)),
        ["secret-exposed"],
        "made before it was found, or with it"
    );
    assert_eq!(codes(&exposed.with_secret(day(10) + SECOND), day(11)), [""; 0]);
    assert_eq!(codes(&AccountFacts::new(MADE).with_secret_exposed(day(1)), day(2)), [""; 0]);
}

#[test]
fn an_expired_account_is_said_to_be_expired_and_nothing_else() {
    let facts = AccountFacts::new(MADE).with_secret(MADE).with_expiry(day(200));
    assert_eq!(codes(&facts, day(200) - SECOND), ["account-inactive", "secret-due"]);
    assert_eq!(codes(&facts, day(200)), ["account-expired"]);
    assert_eq!(codes(&facts.disabled(), day(200)), ["account-expired"]);
    assert_eq!(policy().next_account_due(&facts, day(200)), None);
}

#[test]
fn a_disabled_account_lacks_nothing() {
    let facts = AccountFacts::new(MADE).with_secret(MADE).with_secret_exposed(day(1)).disabled();
    assert_eq!(codes(&facts, day(400)), [""; 0]);
    assert_eq!(policy().next_account_due(&facts, MADE), None);
    assert_eq!(policy().next_account_due(&facts.with_expiry(day(3)), MADE), Some(day(3)));
}

#[test]
fn every_finding_says_what_it_is_how_bad_and_what_to_do() {
    let table = [
        (AccountFinding::Expired { at: MADE }, "account-expired", Severity::Notice, AccountAdvice::DeleteOrExtend),
        (
            AccountFinding::Inactive { since: MADE, last_use: None },
            "account-inactive",
            Severity::Warning,
            AccountAdvice::Disable,
        ),
        (
            AccountFinding::SecretExposed { at: MADE },
            "secret-exposed",
            Severity::Critical,
            AccountAdvice::RegenerateSecret,
        ),
        (
            AccountFinding::SecretDue { since: MADE, made_at: MADE },
            "secret-due",
            Severity::Warning,
            AccountAdvice::RegenerateSecret,
        ),
    ];
    for (finding, code, severity, advice) in table {
        assert_eq!((finding.code(), finding.severity(), finding.advice()), (code, severity, advice));
        assert!(finding.to_string().contains("account"), "{code}");
    }
}

fn facts() -> impl Strategy<Value = AccountFacts> {
    let instant = || prop::option::of((0_i64..400).prop_map(day));
    (instant(), instant(), instant(), instant(), instant(), any::<bool>()).prop_map(
        |(used, enabled, expiry, secret, exposed, is_disabled)| {
            let facts = used.map_or(AccountFacts::new(MADE), |at| AccountFacts::new(MADE).with_last_use(at));
            let facts = enabled.map_or(facts, |at| facts.with_enabled(at));
            let facts = expiry.map_or(facts, |at| facts.with_expiry(at));
            let facts = secret.map_or(facts, |at| facts.with_secret(at));
            let facts = exposed.map_or(facts, |at| facts.with_secret_exposed(at));
            if is_disabled { facts.disabled() } else { facts }
        },
    )
}

proptest! {
    /// A store that looks again at the next date misses nothing, and looks at none in vain.
    #[test]
    fn no_answer_changes_before_its_date(facts in facts(), now in (0_i64..600).prop_map(day), wait in 0_i64..600) {
        let (policy, then) = (policy(), now + Duration::days(wait));
        let next = policy.next_account_due(&facts, now);
        let today = policy.assess_account(&facts, now);
        prop_assert!(next.is_some_and(|next| then >= next) || policy.assess_account(&facts, then) == today);
        prop_assert!(next.is_none_or(|next| next > now && policy.assess_account(&facts, next) != today));
    }
}
