//! The contract the stores rest on: a token need not be looked at before its `next_due`.

#[path = "support/random.rs"]
mod random;

use proptest::prelude::*;
use random::{environment, facts, instant, policy, seconds_around};
use service_accounts_lifecycle::{LifecyclePolicy, TokenFacts};
use time::{Duration, UtcDateTime};

/// Every second the naive way: the first one, among those near, with another answer.
fn first_change_by_trial(
    policy: &LifecyclePolicy,
    facts: &TokenFacts,
    now: UtcDateTime,
    until: i64,
) -> Option<UtcDateTime> {
    let schedule = policy.schedule(&environment());
    let today = schedule.assess(facts, now);
    (now.unix_timestamp() + 1..=until)
        .filter_map(|second| UtcDateTime::from_unix_timestamp(second).ok())
        .find(|&then| schedule.assess(facts, then) != today)
}

proptest! {
    /// Nothing is forgotten between now and the next due date, and the date is never a false alarm.
    #[test]
    fn the_answer_is_constant_until_next_due_and_changes_there(
        policy in policy(), facts in facts(), now in instant(), others in prop::collection::vec(instant(), 16),
    ) {
        let schedule = policy.schedule(&environment());
        let today = schedule.assess(&facts, now);
        let next = schedule.next_due(&facts, now);
        if let Some(next) = next {
            prop_assert!(next > now);
            prop_assert_ne!(schedule.assess(&facts, next), today.clone());
            prop_assert_eq!(schedule.assess(&facts, next - Duration::SECOND), today.clone());
        }
        for then in others.into_iter().flat_map(seconds_around) {
            if then >= now && next.is_none_or(|next| then < next) {
                prop_assert_eq!(schedule.assess(&facts, then), today.clone(), "at {}", then);
            }
        }
    }

    /// The same, against a search through each second of the first minutes.
    #[test]
    fn next_due_is_what_a_search_second_by_second_finds(policy in policy(), facts in facts(), now in -50_i64..50) {
        let now = UtcDateTime::UNIX_EPOCH + Duration::seconds(now);
        let (next, horizon) = (policy.next_due(&environment(), &facts, now), 600);
        let near = next.filter(|next| next.unix_timestamp() <= horizon);
        prop_assert_eq!(near, first_change_by_trial(&policy, &facts, now, horizon));
    }

    /// A sweep that visits what is due misses no token of which there is something to say.
    #[test]
    fn a_token_with_a_finding_is_due(
        policy in policy(), facts in facts(), issued_at in instant(), expires_at in instant(), now in instant(),
    ) {
        let schedule = policy.schedule(&environment());
        for facts in [facts, TokenFacts::new(issued_at, expires_at)] {
            let due = schedule.due(&facts);
            if let Some(due) = due {
                prop_assert!(!schedule.assess(&facts, due).is_empty(), "due without a finding");
            }
            if due.is_none() {
                prop_assert!(schedule.assess(&facts, now).is_empty(), "a finding, but never due");
            }
        }
        let fresh = TokenFacts::new(issued_at, expires_at);
        if now >= issued_at && schedule.due(&fresh).is_none_or(|due| now < due) {
            prop_assert!(schedule.assess(&fresh, now).is_empty(), "a finding before the token is due");
        }
    }

    /// Fractions of a second never move a deadline.
    #[test]
    fn a_fraction_of_a_second_changes_no_answer(policy in policy(), facts in facts(), now in instant()) {
        let late = now + Duration::nanoseconds(999_999_999).min(UtcDateTime::MAX - now);
        let schedule = policy.schedule(&environment());
        prop_assert_eq!(schedule.assess(&facts, now), schedule.assess(&facts, late));
        prop_assert_eq!(schedule.next_due(&facts, now), schedule.next_due(&facts, late));
    }
}
