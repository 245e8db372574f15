//! Each boundary of an assessment, one second before, at, and after it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use service_accounts_lifecycle::{
    Environment, LifecycleFinding, LifecyclePolicy, Lifetime, Span, TokenFacts, TokenState,
};
use time::macros::utc_datetime;
use time::{Duration, UtcDateTime};

const ISSUED: UtcDateTime = utc_datetime!(2024-01-01 0:00);
const YEAR: Duration = Duration::days(365);

/// Production, with what is not under test put far away.
fn policy() -> LifecyclePolicy {
    let never = Span::seconds(u32::MAX).unwrap();
    LifecyclePolicy::default().with_idle_after(never).with_look_every(never).with_review_every(never)
}

fn codes(policy: &LifecyclePolicy, facts: TokenFacts, now: UtcDateTime) -> Vec<&'static str> {
    policy.assess(&Environment::production(), &facts, now).iter().map(LifecycleFinding::code).collect()
}

/// Asks one second before an instant, at it, and one second after.
fn around(policy: &LifecyclePolicy, facts: TokenFacts, at: UtcDateTime) -> [Vec<&'static str>; 3] {
    [-1, 0, 1].map(|second| codes(policy, facts, at + Duration::seconds(second)))
}

fn year() -> TokenFacts {
    TokenFacts::new(ISSUED, ISSUED + YEAR)
}

#[test]
fn rotation_is_due_thirty_days_before_expiry() {
    let window = ISSUED + Duration::days(335);
    assert_eq!(around(&policy(), year(), window), [vec![], vec!["rotation-due"], vec!["rotation-due"]]);
    assert_eq!(around(&policy(), year().with_successor(), window), [const { Vec::<&str>::new() }; 3]);
}

#[test]
fn an_expired_token_is_only_expired() {
    let expiry = ISSUED + YEAR;
    assert_eq!(around(&policy(), year(), expiry), [vec!["rotation-due"], vec!["expired"], vec!["expired"]]);
    let late = LifecyclePolicy::default();
    assert_eq!(codes(&late, year(), expiry + YEAR), ["expired"]);
}

#[test]
fn a_token_unused_for_ninety_days_is_idle() {
    let policy = policy().with_idle_after(Span::days(90).unwrap());
    let idle = [vec![], vec!["idle"], vec!["idle"]];
    assert_eq!(around(&policy, year(), ISSUED + Duration::days(90)), idle, "never used");
    let used = year().with_last_use(ISSUED + Duration::days(100));
    assert_eq!(around(&policy, used, ISSUED + Duration::days(190)), idle);
    assert_eq!(codes(&policy, used, ISSUED + Duration::days(95)), const { Vec::<&str>::new() }, "the clock went back");
}

#[test]
fn a_look_is_due_each_month_and_a_review_each_quarter() {
    let policy = policy().with_look_every(Span::days(30).unwrap()).with_review_every(Span::days(90).unwrap());
    let month = ISSUED + Duration::days(30);
    assert_eq!(around(&policy, year(), month), [vec![], vec!["look-due"], vec!["look-due"]]);
    let looked = year().with_last_look(ISSUED + Duration::days(70));
    let quarter = ISSUED + Duration::days(90);
    assert_eq!(around(&policy, looked, quarter), [vec![], vec!["review-due"], vec!["review-due"]]);
    let reviewed = looked.with_last_review(quarter);
    assert_eq!(codes(&policy, reviewed, quarter), const { Vec::<&str>::new() });
}

#[test]
fn a_retiring_token_is_over_at_its_deadline_but_never_after_its_expiry() {
    let deadline = ISSUED + Duration::days(3);
    let retiring = |until| year().with_state(TokenState::Retiring { until });
    assert_eq!(
        around(&policy(), retiring(deadline), deadline),
        [vec![], vec!["retirement-over"], vec!["retirement-over"]]
    );
    let expiry = ISSUED + YEAR;
    for until in [expiry, expiry + Duration::SECOND] {
        assert_eq!(around(&policy(), retiring(until), expiry), [vec![], vec!["expired"], vec!["expired"]]);
    }
    assert_eq!(codes(&policy(), retiring(expiry - Duration::SECOND), expiry), ["retirement-over"]);
}

#[test]
fn every_attempt_on_a_revoked_token_restarts_the_week() {
    let revoked = year().with_state(TokenState::Revoked { at: ISSUED });
    let week = Duration::days(7);
    assert_eq!(around(&policy(), revoked, ISSUED + week), [vec![], vec!["observation-over"], vec!["observation-over"]]);
    let last_attempt = ISSUED + Duration::days(5);
    let tried = revoked.with_last_attempt(last_attempt);
    assert_eq!(
        around(&policy(), tried, last_attempt + week),
        [vec!["tried-after-revocation"], vec!["observation-over"], vec!["observation-over"]]
    );
}

#[test]
fn an_attempt_counts_from_the_second_of_the_revocation() {
    let revoked = year().with_state(TokenState::Revoked { at: ISSUED });
    let [before, at, after] = [-1, 0, 1]
        .map(|second| codes(&policy(), revoked.with_last_attempt(ISSUED + Duration::seconds(second)), ISSUED));
    assert_eq!((before, at, after), (vec![], vec!["tried-after-revocation"], vec!["tried-after-revocation"]));
}

#[test]
fn a_released_token_is_deletable_and_a_deleted_one_is_nothing() {
    let released = TokenState::Deletable { revoked_at: ISSUED, since: ISSUED + YEAR };
    let findings = policy().assess(&Environment::production(), &year().with_state(released), ISSUED);
    assert_eq!(findings, [LifecycleFinding::Deletable { since: ISSUED + YEAR }]);
    let deleted = year().with_state(TokenState::Deleted { at: ISSUED });
    assert!(codes(&LifecyclePolicy::default(), deleted, ISSUED + YEAR).is_empty());
}

#[test]
fn a_life_longer_than_the_policy_allows_is_reported_with_the_day_it_should_have_ended() {
    let tighter = policy().with_environment(Environment::production(), Lifetime::up_to(Span::days(364).unwrap()));
    let finding = tighter.assess(&Environment::production(), &year(), ISSUED);
    let maximum = Span::days(364).unwrap();
    assert_eq!(finding, [LifecycleFinding::LifetimeTooLong { maximum, allowed_until: ISSUED + Duration::days(364) }]);
    for (life, found) in [(363, 0), (364, 0), (365, 1)] {
        let facts = TokenFacts::new(ISSUED, ISSUED + Duration::days(life));
        assert_eq!(codes(&tighter, facts, ISSUED).len(), found, "{life} days");
        let retiring = facts.with_state(TokenState::Retiring { until: ISSUED + Duration::DAY });
        assert_eq!(codes(&tighter, retiring, ISSUED).len(), found, "{life} days, retiring");
        let revoked = facts.with_state(TokenState::Revoked { at: ISSUED });
        assert!(codes(&tighter, revoked, ISSUED).is_empty(), "a revoked token breaks no limit");
    }
}

#[test]
fn a_token_of_an_unknown_environment_is_reported_and_still_expires() {
    let elsewhere = Environment::parse("elsewhere").unwrap();
    let found = |now| policy().assess(&elsewhere, &year(), now);
    assert_eq!(found(ISSUED), [LifecycleFinding::EnvironmentUnknown]);
    assert_eq!(
        found(ISSUED + YEAR),
        [LifecycleFinding::EnvironmentUnknown, LifecycleFinding::Expired { at: ISSUED + YEAR, last_use: None }]
    );
}

#[test]
fn findings_carry_the_dates_that_prove_them() {
    let used = ISSUED + Duration::days(10);
    let facts = year().with_last_use(used).with_last_look(used).with_last_review(used);
    let now = ISSUED + Duration::days(340);
    let findings = LifecyclePolicy::default().assess(&Environment::production(), &facts, now);
    assert_eq!(
        findings,
        [
            LifecycleFinding::RotationDue { since: ISSUED + Duration::days(335), expires_at: ISSUED + YEAR },
            LifecycleFinding::Idle { since: used + Duration::days(90), last_use: Some(used) },
            LifecycleFinding::LookDue { since: used + Duration::days(30), last_look: Some(used) },
            LifecycleFinding::ReviewDue { since: used + Duration::days(90), last_review: Some(used) },
        ]
    );
    assert_eq!(findings[0].since(), Some(ISSUED + Duration::days(335)));
}

/// At the instant itself its answer is given already, and what comes next is something else.
#[test]
fn the_next_date_lies_after_now() {
    let (quarter, window, expiry) = (ISSUED + Duration::days(90), ISSUED + Duration::days(335), ISSUED + YEAR);
    let ninety = Span::days(90).unwrap();
    let table = [
        (policy(), year(), window, Some(expiry)),
        (policy(), year(), expiry, None),
        (policy().with_idle_after(ninety), year(), quarter, Some(window)),
        (policy().with_look_every(ninety), year(), quarter, Some(window)),
        (policy().with_review_every(ninety), year(), quarter, Some(window)),
        (policy(), year().with_state(TokenState::Retiring { until: quarter }), quarter, None),
        (policy().with_observation(ninety), year().with_state(TokenState::Revoked { at: ISSUED }), quarter, None),
    ];
    for (policy, facts, at, then) in table {
        let next = |second| policy.next_due(&Environment::production(), &facts, at + Duration::seconds(second));
        assert_eq!([-1, 0, 1].map(next), [Some(at), then, then]);
    }
}

#[test]
fn a_leap_day_and_the_last_second_of_the_calendar_are_days_like_others() {
    let leap = utc_datetime!(2024-02-29 0:00);
    let facts = TokenFacts::new(leap - Duration::days(3), leap);
    assert_eq!(around(&policy(), facts, leap)[1], ["expired"]);
    let last = utc_datetime!(9999-12-31 23:59:59);
    let facts = TokenFacts::new(last - Duration::DAY, last);
    assert_eq!(codes(&policy(), facts, last - Duration::SECOND), ["rotation-due"]);
    assert_eq!(codes(&policy(), facts, last), ["expired"]);
    assert_eq!(policy().next_due(&Environment::production(), &facts, last), None);
}

#[test]
fn a_clock_that_jumps_back_finds_nothing_wrong_with_a_fresh_token() {
    let policy = LifecyclePolicy::default();
    for now in [ISSUED - Duration::SECOND, ISSUED - YEAR, UtcDateTime::MIN] {
        assert!(codes(&policy, year().with_last_use(ISSUED), now).is_empty());
    }
}

#[test]
fn nothing_found_is_nothing_allocated() {
    let facts = [year(), year().with_state(TokenState::Revoked { at: ISSUED }), year().with_successor()];
    for facts in facts {
        assert_eq!(policy().assess(&Environment::production(), &facts, ISSUED).capacity(), 0);
    }
}
