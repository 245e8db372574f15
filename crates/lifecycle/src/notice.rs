//! Announcing an expiry before it comes.
//!
//! A notice is an instant, not a state: it is due between two runs of a worker exactly once, so the worker keeps the
//! instant up to which it has announced, and needs no record for each notice.

use alloc::vec::Vec;

use time::UtcDateTime;

use crate::facts::{Phase, TokenFacts};
use crate::moment::Moment;
use crate::policy::LifecyclePolicy;
use crate::span::Span;

/// An expiry that is to be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExpiryNotice {
    /// How long before the expiry it is due.
    pub before: Span,
    /// When it is due.
    pub at: UtcDateTime,
    /// The first instant without access.
    pub expires_at: UtcDateTime,
}

/// The expiries for which one notice is due: a store with an index of expiries finds the tokens by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NoticeWindow {
    /// How long before the expiry the notice is due.
    pub before: Span,
    /// Expiries later than this.
    pub after: UtcDateTime,
    /// Expiries at or before this.
    pub until: UtcDateTime,
}

impl LifecyclePolicy {
    /// The notices of one token that are due after an instant and until another, in order.
    ///
    /// A token that is revoked, retiring or has a successor gets none: somebody has acted. A notice that would be due
    /// at the token's birth or before is dropped, so a token of 30 days is announced 7 days and 1 day before, and
    /// one of 12 hours not at all. A worker that slept sends the last of what it gets.
    ///
    /// ```
    /// use service_accounts_lifecycle::{LifecyclePolicy, TokenFacts};
    /// use time::{Duration, UtcDateTime};
    ///
    /// let (policy, issued_at) = (LifecyclePolicy::default(), UtcDateTime::UNIX_EPOCH);
    /// let facts = TokenFacts::new(issued_at, issued_at + Duration::days(90));
    /// let due = |from, to| policy.notices_due(&facts, issued_at + Duration::days(from), issued_at + Duration::days(to));
    /// assert_eq!(due(0, 30).len(), 1, "60 days before");
    /// assert_eq!(due(30, 59), []);
    /// assert_eq!(due(30, 90).last().unwrap().before.to_string(), "1d");
    /// ```
    #[must_use]
    pub fn notices_due(&self, facts: &TokenFacts, after: UtcDateTime, until: UtcDateTime) -> Vec<ExpiryNotice> {
        if facts.phase != Phase::Active || facts.has_successor {
            return Vec::new();
        }
        let (after, until) = (Moment::of(after).max(facts.issued_at), Moment::of(until));
        let notice = |before: &Span| {
            let at = facts.expires_at.minus_seconds(before.as_seconds());
            let is_due = after < at && at <= until;
            is_due.then(|| ExpiryNotice { before: *before, at: at.to_utc(), expires_at: facts.expires_at.to_utc() })
        };
        self.notices().iter().filter_map(notice).collect()
    }

    /// Which expiries have a notice that is due after an instant and until another, one window for each notice.
    #[must_use]
    pub fn notice_windows(&self, after: UtcDateTime, until: UtcDateTime) -> Vec<NoticeWindow> {
        let shifted = |instant, before| Moment::of(instant).plus(before).to_utc();
        let window =
            |&before: &Span| NoticeWindow { before, after: shifted(after, before), until: shifted(until, before) };
        self.notices().iter().map(window).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::TokenState;
    use time::Duration;
    use time::macros::utc_datetime;

    const ISSUED: UtcDateTime = utc_datetime!(2025-01-01 0:00);
    const YEAR: Duration = Duration::days(365);

    fn year() -> TokenFacts {
        TokenFacts::new(ISSUED, ISSUED + YEAR)
    }

    fn days(facts: &TokenFacts, after: UtcDateTime, until: UtcDateTime) -> Vec<i64> {
        let due = LifecyclePolicy::default().notices_due(facts, after, until);
        assert!(due.iter().all(|notice| notice.at + notice.before.as_duration() == notice.expires_at));
        due.iter().map(|notice| notice.before.as_duration().whole_days()).collect()
    }

    #[test]
    fn each_notice_is_due_once_however_a_worker_runs() {
        assert_eq!(days(&year(), ISSUED, ISSUED + YEAR), [60, 30, 7, 1]);
        for step in [Duration::HOUR, Duration::days(1), Duration::days(11)] {
            let mut seen = Vec::new();
            let mut last = ISSUED;
            while last < ISSUED + YEAR {
                seen.extend(days(&year(), last, last + step));
                last += step;
            }
            assert_eq!(seen, [60, 30, 7, 1], "{step}");
        }
    }

    #[test]
    fn a_notice_is_due_from_its_second_on() {
        let at = ISSUED + YEAR - Duration::days(7);
        let until = |offset| days(&year(), at - Duration::MINUTE, at + offset * Duration::SECOND);
        assert_eq!([-1, 0, 1].map(until), [alloc::vec![], alloc::vec![7], alloc::vec![7]]);
        let after = |offset| days(&year(), at + offset * Duration::SECOND, at + Duration::MINUTE);
        assert_eq!([-1, 0, 1].map(after), [alloc::vec![7], alloc::vec![], alloc::vec![]]);
    }

    #[test]
    fn a_life_shorter_than_a_notice_has_none_of_it() {
        let lives = [(30, alloc::vec![7, 1]), (7, alloc::vec![1]), (1, alloc::vec![])];
        for (life, expected) in lives {
            let facts = TokenFacts::new(ISSUED, ISSUED + Duration::days(life));
            assert_eq!(days(&facts, ISSUED - YEAR, ISSUED + YEAR), expected, "{life} days");
        }
    }

    #[test]
    fn who_has_acted_is_not_told() {
        let states = [
            TokenState::Retiring { until: ISSUED + YEAR },
            TokenState::Revoked { at: ISSUED },
            TokenState::Deletable { revoked_at: ISSUED, since: ISSUED },
            TokenState::Deleted { at: ISSUED },
        ];
        for state in states {
            assert_eq!(days(&year().with_state(state), ISSUED, ISSUED + YEAR), [0; 0], "{state:?}");
        }
        assert_eq!(days(&year().with_successor(), ISSUED, ISSUED + YEAR), [0; 0]);
    }

    #[test]
    fn a_window_holds_exactly_the_expiries_whose_notice_is_due() {
        let policy = LifecyclePolicy::default();
        let (after, until) = (ISSUED + Duration::days(300), ISSUED + Duration::days(301));
        let windows = policy.notice_windows(after, until);
        assert_eq!(windows.iter().map(|window| window.before).collect::<Vec<_>>(), policy.notices());
        for day in 298..=366 {
            for second in [-1, 0, 1] {
                let expires_at = ISSUED + Duration::days(day) + second * Duration::SECOND;
                let due = policy.notices_due(&TokenFacts::new(ISSUED, expires_at), after, until);
                let in_window = windows.iter().filter(|window| window.after < expires_at && expires_at <= window.until);
                assert_eq!(
                    due.iter().map(|n| n.before).collect::<Vec<_>>(),
                    in_window.map(|w| w.before).collect::<Vec<_>>()
                );
            }
        }
    }
}
