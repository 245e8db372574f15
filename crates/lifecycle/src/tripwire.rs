//! Who still tries a revoked token, and why.
//!
//! A revoked token that is tried is evidence: either something was not redeployed, or somebody has the
//! secret who should not. Every attempt restarts the observation, so a token is deleted only after a
//! whole quiet week. What tells the two apart is where the attempts come from: a stale deploy comes
//! from where the token was used before.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use time::UtcDateTime;

use crate::moment::Moment;
use crate::span::Span;

/// How many addresses are kept apart; attempts from further ones are only counted, so they cannot fill the memory.
const MOST_ADDRESSES: usize = 64;

/// The attempts on one revoked token, by address; `A` is the host's type of address.
///
/// ```
/// use service_accounts_lifecycle::{Span, Suspicion, Tripwire};
/// use time::{Duration, UtcDateTime};
///
/// let (revoked_at, week) = (UtcDateTime::UNIX_EPOCH, Span::days(7).unwrap());
/// let mut tripwire = Tripwire::new(revoked_at, ["10.0.0.1"]);
/// assert!(tripwire.is_safe_to_delete(week, revoked_at + Duration::days(7)));
///
/// tripwire.note("203.0.113.9", revoked_at + Duration::days(6));
/// assert!(!tripwire.is_safe_to_delete(week, revoked_at + Duration::days(7)));
/// assert_eq!(tripwire.assess().unwrap().suspicion, Suspicion::LikelyTheft);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tripwire<A> {
    revoked_at: Moment,
    familiar: BTreeSet<A>,
    attempts: BTreeMap<A, AddressAttempts>,
    from_elsewhere: u64,
    last_attempt: Moment,
}

/// The attempts from one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressAttempts {
    /// How many there were.
    pub count: u64,
    /// When it was tried first.
    pub first: UtcDateTime,
    /// When it was tried last.
    pub last: UtcDateTime,
}

/// What the attempts look like, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TripwireAssessment {
    /// What they look like.
    pub suspicion: Suspicion,
    /// Why; there is always a reason.
    pub reasons: Vec<SuspicionReason>,
}

/// What attempts on a revoked token look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suspicion {
    /// A client that was not redeployed.
    StaleDeploy,
    /// The token's past does not tell; treat it as theft until somebody has looked.
    Undecided,
    /// Somebody has the secret who should not.
    LikelyTheft,
}

/// What speaks for a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SuspicionReason {
    /// Attempts came from addresses that used the token before it was revoked.
    FamiliarAddresses {
        /// How many addresses.
        addresses: usize,
    },
    /// Attempts came from addresses that never used the token while it worked.
    UnfamiliarAddresses {
        /// How many addresses.
        addresses: usize,
    },
    /// There were more addresses than are told apart.
    TooManyAddresses {
        /// How many attempts came from the others.
        attempts: u64,
    },
    /// No address is known from the time when the token worked.
    NoHistory,
}

impl<A: Ord> Tripwire<A> {
    /// Begins to observe a token, knowing the addresses from which it was used while it worked.
    pub fn new(revoked_at: UtcDateTime, familiar: impl IntoIterator<Item = A>) -> Self {
        Self {
            revoked_at: Moment::of(revoked_at),
            familiar: familiar.into_iter().collect(),
            attempts: BTreeMap::new(),
            from_elsewhere: 0,
            last_attempt: Moment::NEVER,
        }
    }

    /// Takes note of an attempt; one from before the revocation was no attempt on a revoked token.
    pub fn note(&mut self, address: A, at: UtcDateTime) {
        if Moment::of(at) < self.revoked_at {
            return;
        }
        self.last_attempt = self.last_attempt.max(Moment::of(at));
        let is_full = self.attempts.len() >= MOST_ADDRESSES;
        match self.attempts.get_mut(&address) {
            Some(attempts) => attempts.add(at),
            None if is_full => self.from_elsewhere = self.from_elsewhere.saturating_add(1),
            None => {
                self.attempts.insert(address, AddressAttempts { count: 1, first: at, last: at });
            }
        }
    }

    /// The attempts by address.
    pub fn attempts(&self) -> impl Iterator<Item = (&A, &AddressAttempts)> {
        self.attempts.iter()
    }

    /// The last attempt of all, if there was one.
    #[must_use]
    pub fn last_attempt(&self) -> Option<UtcDateTime> {
        self.last_attempt.to_utc_if_happened()
    }

    /// When the observation ends, if there is no further attempt.
    #[must_use]
    pub fn observed_until(&self, observation: Span) -> UtcDateTime {
        self.end(observation).to_utc()
    }

    /// Whether the token has been quiet for a whole observation.
    #[must_use]
    pub fn is_safe_to_delete(&self, observation: Span, now: UtcDateTime) -> bool {
        Moment::of(now) >= self.end(observation)
    }

    /// What the attempts look like, if there were any.
    #[must_use]
    pub fn assess(&self) -> Option<TripwireAssessment> {
        let familiar = self.attempts.keys().filter(|address| self.familiar.contains(address)).count();
        let unfamiliar = self.attempts.len() - familiar;
        if self.attempts.is_empty() {
            return None;
        }
        let suspicion = match (self.familiar.is_empty(), unfamiliar, self.from_elsewhere) {
            (true, _, 0) => Suspicion::Undecided,
            (false, 0, 0) => Suspicion::StaleDeploy,
            _ => Suspicion::LikelyTheft,
        };
        let reasons = [
            self.familiar.is_empty().then_some(SuspicionReason::NoHistory),
            (familiar > 0).then_some(SuspicionReason::FamiliarAddresses { addresses: familiar }),
            (unfamiliar > 0).then_some(SuspicionReason::UnfamiliarAddresses { addresses: unfamiliar }),
            (self.from_elsewhere > 0).then_some(SuspicionReason::TooManyAddresses { attempts: self.from_elsewhere }),
        ];
        Some(TripwireAssessment { suspicion, reasons: reasons.into_iter().flatten().collect() })
    }

    fn end(&self, observation: Span) -> Moment {
        self.last_attempt.max(self.revoked_at).plus(observation)
    }
}

impl AddressAttempts {
    fn add(&mut self, at: UtcDateTime) {
        self.count = self.count.saturating_add(1);
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use time::Duration;
    use time::macros::utc_datetime;

    const REVOKED: UtcDateTime = utc_datetime!(2025-01-01 0:00);
    const SECOND: Duration = Duration::SECOND;

    fn week() -> Span {
        Span::of_days(7)
    }

    #[test]
    fn a_token_is_safe_to_delete_after_a_quiet_week() {
        let end = REVOKED + Duration::days(7);
        let quiet = Tripwire::new(REVOKED, [1]);
        assert_eq!(
            [-1, 0, 1].map(|offset| quiet.is_safe_to_delete(week(), end + offset * SECOND)),
            [false, true, true]
        );
        assert_eq!((quiet.observed_until(week()), quiet.assess(), quiet.last_attempt()), (end, None, None));
    }

    #[test]
    fn every_attempt_restarts_the_week_but_a_late_report_does_not_shorten_it() {
        let mut tripwire = Tripwire::new(REVOKED, [1]);
        for day in [3, 5, 4] {
            tripwire.note(1, REVOKED + Duration::days(day));
        }
        assert_eq!(tripwire.observed_until(week()), REVOKED + Duration::days(12));
        assert_eq!(tripwire.last_attempt(), Some(REVOKED + Duration::days(5)));
        let (first, last) = (REVOKED + Duration::days(3), REVOKED + Duration::days(5));
        assert_eq!(tripwire.attempts().collect::<Vec<_>>(), [(&1, &AddressAttempts { count: 3, first, last })]);
    }

    #[test]
    fn a_use_from_before_the_revocation_is_no_attempt() {
        let attempts_at = |offset| {
            let mut tripwire = Tripwire::new(REVOKED, [1]);
            tripwire.note(1, REVOKED + offset * SECOND);
            tripwire.attempts().count()
        };
        assert_eq!([-1, 0, 1].map(attempts_at), [0, 1, 1]);
    }

    #[test]
    fn where_the_attempts_come_from_tells_a_stale_deploy_from_likely_theft() {
        use {Suspicion as S, SuspicionReason as R};
        let (familiar, unfamiliar) = (R::FamiliarAddresses { addresses: 1 }, R::UnfamiliarAddresses { addresses: 1 });
        let table = [
            (vec![1], vec![1], S::StaleDeploy, vec![familiar]),
            (vec![1], vec![2], S::LikelyTheft, vec![unfamiliar]),
            (vec![1], vec![1, 2], S::LikelyTheft, vec![familiar, unfamiliar]),
            (vec![], vec![1], S::Undecided, vec![R::NoHistory, unfamiliar]),
        ];
        for (known, from, suspicion, reasons) in table {
            let mut tripwire = Tripwire::new(REVOKED, known);
            from.into_iter().for_each(|address| tripwire.note(address, REVOKED));
            assert_eq!(tripwire.assess(), Some(TripwireAssessment { suspicion, reasons }));
        }
    }

    #[test]
    fn whoever_knocks_from_everywhere_is_counted_and_not_kept() {
        let mut tripwire = Tripwire::new(REVOKED, 0..1_000);
        (0..66).for_each(|address| tripwire.note(address, REVOKED));
        tripwire.note(0, REVOKED);
        assert_eq!(tripwire.attempts().count(), 64);
        let judgement = tripwire.assess().unwrap();
        assert_eq!(judgement.suspicion, Suspicion::LikelyTheft);
        assert!(judgement.reasons.contains(&SuspicionReason::TooManyAddresses { attempts: 2 }));
    }
}
