//! When a message that failed is sent again.

use std::hash::{DefaultHasher, Hash, Hasher};

use time::{Duration, UtcDateTime};

use super::SubscriptionId;

/// Seconds from one attempt to the next; the last of them repeats.
const PAUSES: [u32; 8] = [1, 5, 30, 120, 600, 1800, 3600, 7200];

/// No pause is longer, its jitter included.
const LONGEST: Duration = Duration::seconds(7200 + 7200 / 4);

/// For how long a message is tried before its subscription is switched off.
///
/// ```
/// use service_accounts::Retries;
/// use time::Duration;
///
/// let patient = Retries::give_up_after(Duration::days(7));
/// assert_ne!(patient, Retries::default()); // three days
/// assert_eq!(Retries::give_up_after(Duration::days(365)), Retries::give_up_after(Duration::days(30)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    give_up_after: Duration,
}

impl Default for Retries {
    /// Three days: a receiver that is down for a weekend loses nothing.
    fn default() -> Self {
        Self { give_up_after: Duration::days(3) }
    }
}

impl Retries {
    /// Gives up so long after the first failure of a message, at least a minute and at most thirty days.
    #[must_use]
    pub fn give_up_after(time: Duration) -> Self {
        Self { give_up_after: time.clamp(Duration::MINUTE, Duration::days(30)) }
    }

    /// Whether a message that first failed at an instant is given up at another.
    pub(crate) fn is_over(self, first_failure: UtcDateTime, now: UtcDateTime) -> bool {
        now - first_failure >= self.give_up_after
    }

    /// Whether a pause that ends then is still on.
    ///
    /// One that has longer to go than any pause lasts was begun before the clock was set back, and is over.
    pub(crate) fn is_pause(until: UtcDateTime, now: UtcDateTime) -> bool {
        now < until && until - now <= LONGEST
    }

    /// When to try again after so many attempts: after about 1, 5, 30 seconds, 2, 10, 30 minutes, 1 hour, and then every two.
    ///
    /// Each subscription adds up to a quarter of its own, so that those of one receiver do not return all at once.
    pub(crate) fn next(self, subscription: &SubscriptionId, attempts: u32, now: UtcDateTime) -> UtcDateTime {
        let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
        let pause = u64::from(PAUSES.get(step).copied().unwrap_or(1));
        let mut hasher = DefaultHasher::new();
        (subscription, attempts).hash(&mut hasher);
        let jitter = hasher.finish() % (pause / 4 + 1);
        let pause = i64::try_from(pause + jitter).unwrap_or(i64::MAX);
        now.checked_add(Duration::seconds(pause)).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_two_hours_and_differ_between_subscriptions() {
        let now = UtcDateTime::UNIX_EPOCH;
        let pause = |id: u8, attempts| {
            let next = Retries::default().next(&SubscriptionId::of([id; 10]), attempts, now);
            (next - now).whole_seconds()
        };
        for (attempts, base) in [(0, 1), (1, 1), (2, 5), (3, 30), (7, 3600), (8, 7200), (9, 7200), (u32::MAX, 7200)] {
            for id in 0..20 {
                assert!((base..=base + base / 4).contains(&pause(id, attempts)), "{attempts}");
            }
        }
        let mut pauses: Vec<_> = (0..20).map(|id| pause(id, 8)).collect();
        pauses.dedup();
        assert!(pauses.len() > 10);
    }

    /// Otherwise a pause would be taken for one that a clock began before it was set back.
    #[test]
    fn every_pause_is_one_until_it_is_over() {
        let now = UtcDateTime::UNIX_EPOCH;
        for (id, attempts) in (0..=u8::MAX).flat_map(|id| [1, 8, u32::MAX].map(|attempts| (id, attempts))) {
            let end = Retries::default().next(&SubscriptionId::of([id; 10]), attempts, now);
            assert!(Retries::is_pause(end, now) && !Retries::is_pause(end, end), "{attempts}");
        }
        assert!(!Retries::is_pause(now + LONGEST + Duration::SECOND, now));
    }

    #[test]
    fn a_message_is_given_up_from_its_time_on() {
        let (retries, first) = (Retries::give_up_after(Duration::HOUR), UtcDateTime::UNIX_EPOCH);
        for (seconds, is_over) in [(3599, false), (3600, true), (3601, true)] {
            assert_eq!(retries.is_over(first, first + Duration::seconds(seconds)), is_over);
        }
        assert_eq!(Retries::give_up_after(Duration::ZERO), Retries::give_up_after(Duration::MINUTE));
    }
}
