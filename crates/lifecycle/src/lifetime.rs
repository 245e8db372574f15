//! How long a token may live.

use time::{Duration, UtcDateTime};

use crate::moment::calendar;
use crate::span::Span;

/// The shortest and the longest life a token may be given in an environment.
///
/// ```
/// use service_accounts_lifecycle::{Lifetime, Span};
///
/// let testing = Lifetime::between(Span::days(7).unwrap(), Span::days(30).unwrap())?;
/// assert_eq!(testing.maximum(), Span::days(30).unwrap());
/// # Ok::<(), service_accounts_lifecycle::LifetimeRangeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "crate::serial::LifetimeDocument", into = "crate::serial::LifetimeDocument")
)]
pub struct Lifetime {
    minimum: Option<Span>,
    maximum: Span,
}

impl Lifetime {
    /// Any life up to `maximum`.
    #[must_use]
    pub const fn up_to(maximum: Span) -> Self {
        Self { minimum: None, maximum }
    }

    /// Any life from `minimum` up to `maximum`, both included.
    ///
    /// # Errors
    ///
    /// A minimum above the maximum would refuse every life.
    pub fn between(minimum: Span, maximum: Span) -> Result<Self, LifetimeRangeError> {
        if minimum > maximum {
            return Err(LifetimeRangeError);
        }
        Ok(Self { minimum: Some(minimum), maximum })
    }

    /// The shortest life, if there is a limit.
    #[must_use]
    pub const fn minimum(&self) -> Option<Span> {
        self.minimum
    }

    /// The longest life, which is also the one given when nothing is asked for.
    #[must_use]
    pub const fn maximum(&self) -> Span {
        self.maximum
    }

    /// When a token made `now` expires: after the life `requested`, or after the maximum.
    ///
    /// The answer is a whole second; fractions of `now` and of the life are dropped, never added.
    ///
    /// # Errors
    ///
    /// Refuses a life that is zero or negative, outside the limits, or beyond the end of the calendar.
    pub fn expiry(&self, now: UtcDateTime, requested: Option<Duration>) -> Result<UtcDateTime, LifetimeError> {
        let seconds = match requested {
            None => self.maximum.as_seconds(),
            Some(life) => self.checked_seconds(life)?,
        };
        let end = now.unix_timestamp().checked_add(seconds).ok_or(LifetimeError::OutOfRange)?;
        calendar(end).ok_or(LifetimeError::OutOfRange)
    }

    fn checked_seconds(&self, life: Duration) -> Result<i64, LifetimeError> {
        let seconds = life.whole_seconds();
        if seconds <= 0 {
            return Err(LifetimeError::NotPositive);
        }
        if life > self.maximum.as_duration() {
            return Err(LifetimeError::TooLong { maximum: self.maximum });
        }
        match self.minimum {
            Some(minimum) if seconds < minimum.as_seconds() => Err(LifetimeError::TooShort { minimum }),
            _ => Ok(seconds),
        }
    }
}

/// Whether a life has ended: the last instant that still counts is the one before `expires_at`.
///
/// ```
/// use service_accounts_lifecycle::is_expired;
/// use time::{Duration, UtcDateTime};
///
/// let expires_at = UtcDateTime::UNIX_EPOCH;
/// assert!(!is_expired(expires_at, expires_at - Duration::NANOSECOND));
/// assert!(is_expired(expires_at, expires_at));
/// ```
///
/// Expiry is compared on each read and is no state: somebody would have to write the state, and the end would depend on
/// a sweep. Given up: finding expired tokens by their state.
#[must_use]
pub fn is_expired(expires_at: UtcDateTime, now: UtcDateTime) -> bool {
    now >= expires_at
}

/// The minimum life is longer than the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the minimum lifetime is longer than the maximum")]
pub struct LifetimeRangeError;

/// Why a token is not given the life that was asked for.
///
/// Exhaustive on purpose: a new reason must break the callers that have to answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifetimeError {
    /// The policy has no lifetime for the environment.
    #[error("the policy has no lifetime for this environment")]
    UnknownEnvironment,
    /// The life has not one whole second.
    #[error("the lifetime is not at least one second")]
    NotPositive,
    /// The life is below the environment's minimum.
    #[error("the lifetime is shorter than the minimum of {minimum}")]
    TooShort {
        /// The shortest life allowed.
        minimum: Span,
    },
    /// The life is above the environment's maximum.
    #[error("the lifetime is longer than the maximum of {maximum}")]
    TooLong {
        /// The longest life allowed.
        maximum: Span,
    },
    /// The life would end after the last year the calendar has.
    #[error("the lifetime ends beyond the last year of the calendar")]
    OutOfRange,
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::utc_datetime;

    const NOW: UtcDateTime = utc_datetime!(2025-03-01 12:00:00.5);

    fn testing() -> Lifetime {
        Lifetime::between(Span::of_days(7), Span::of_days(30)).unwrap()
    }

    #[test]
    fn without_a_request_a_token_lives_as_long_as_it_may() {
        assert_eq!(testing().expiry(NOW, None), Ok(utc_datetime!(2025-03-31 12:00:00)));
    }

    #[test]
    fn limits_are_included_and_one_step_beyond_is_refused() {
        let (second, week, month) = (Duration::SECOND, Duration::days(7), Duration::days(30));
        let table = [
            (week - second, Err(LifetimeError::TooShort { minimum: Span::of_days(7) })),
            (week, Ok(utc_datetime!(2025-03-08 12:00:00))),
            (week + second / 2, Ok(utc_datetime!(2025-03-08 12:00:00))),
            (week + second, Ok(utc_datetime!(2025-03-08 12:00:01))),
            (month - second, Ok(utc_datetime!(2025-03-31 11:59:59))),
            (month, Ok(utc_datetime!(2025-03-31 12:00:00))),
            (month + Duration::NANOSECOND, Err(LifetimeError::TooLong { maximum: Span::of_days(30) })),
            (month + second, Err(LifetimeError::TooLong { maximum: Span::of_days(30) })),
        ];
        for (requested, expected) in table {
            assert_eq!(testing().expiry(NOW, Some(requested)), expected, "{requested:?}");
        }
    }

    #[test]
    fn a_life_without_a_whole_second_is_refused() {
        let lifetime = Lifetime::up_to(Span::of_days(30));
        for requested in [Duration::ZERO, Duration::SECOND - Duration::NANOSECOND, -Duration::SECOND, Duration::MIN] {
            assert_eq!(lifetime.expiry(NOW, Some(requested)), Err(LifetimeError::NotPositive));
        }
        assert_eq!(lifetime.expiry(NOW, Some(Duration::SECOND)), Ok(utc_datetime!(2025-03-01 12:00:01)));
        assert_eq!(lifetime.minimum(), None);
    }

    #[test]
    fn a_life_beyond_the_calendar_is_refused() {
        let day = Lifetime::up_to(Span::of_days(1));
        let last = utc_datetime!(9999-12-31 23:59:59);
        assert_eq!(day.expiry(last, None), Err(LifetimeError::OutOfRange));
        assert_eq!(day.expiry(last, Some(Duration::SECOND)), Err(LifetimeError::OutOfRange));
        assert_eq!(day.expiry(last - Duration::DAY, None), Ok(last));
        assert_eq!(day.expiry(last, Some(Duration::MAX)), Err(LifetimeError::TooLong { maximum: Span::of_days(1) }));
    }

    #[test]
    fn a_day_is_a_day_across_a_leap_day() {
        let day = Lifetime::up_to(Span::of_days(1));
        assert_eq!(day.expiry(utc_datetime!(2024-02-28 23:59:59), None), Ok(utc_datetime!(2024-02-29 23:59:59)));
        assert_eq!(day.expiry(utc_datetime!(2100-02-28 0:00:00), None), Ok(utc_datetime!(2100-03-01 0:00:00)));
    }

    #[test]
    fn a_minimum_above_the_maximum_is_refused() {
        let (six, seven) = (Span::of_days(6), Span::of_days(7));
        assert_eq!(Lifetime::between(seven, six), Err(LifetimeRangeError));
        assert_eq!(Lifetime::between(six, six).unwrap().minimum(), Some(six));
    }

    #[test]
    fn a_token_is_expired_from_its_expiry_on() {
        let (at, second) = (utc_datetime!(2025-01-01 0:00), Duration::SECOND);
        assert!(!is_expired(at, at - second));
        assert!(is_expired(at, at));
        assert!(is_expired(at, at + second));
        assert!(is_expired(UtcDateTime::MIN, UtcDateTime::MIN));
        assert!(!is_expired(UtcDateTime::MAX, UtcDateTime::MIN));
    }
}
