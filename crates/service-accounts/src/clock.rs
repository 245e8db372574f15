//! The one place that reads the machine's clock.

use time::UtcDateTime;

/// Tells the time; the host may bring its own.
///
/// Closures are clocks too. A clock may step back: dates are compared anew at each question, and what a jump forward
/// has written, such as a revocation, stays.
///
/// ```
/// use service_accounts::Clock;
/// use time::UtcDateTime;
///
/// let stopped = || UtcDateTime::UNIX_EPOCH;
/// assert_eq!(stopped.now().unix_timestamp(), 0);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The present instant. Only whole seconds count. It is asked at every request, so it should be cheap.
    fn now(&self) -> UtcDateTime;

    /// The second of that instant, counted from 1970: all that a good request needs.
    ///
    /// For clocks that know it without working out a date.
    fn second(&self) -> i64 {
        self.now().unix_timestamp()
    }
}

/// The instant at which a second since 1970 begins. What lies past the year 9999 is that year's end.
pub(crate) fn instant(second: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(second).unwrap_or(UtcDateTime::MAX)
}

/// The machine's clock, in whole seconds.
///
/// On Linux it is the coarse one, which the kernel moves on at each tick: a second begins up to 10 ms late. It costs a
/// fifth of the exact one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UtcDateTime {
        instant(self.second())
    }

    fn second(&self) -> i64 {
        second()
    }
}

#[cfg(target_os = "linux")]
fn second() -> i64 {
    use rustix::time::{ClockId, clock_gettime};

    clock_gettime(ClockId::RealtimeCoarse).tv_sec
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::disallowed_methods, reason = "every other place takes the time from a `Clock`")]
fn second() -> i64 {
    UtcDateTime::now().unix_timestamp()
}

impl<F: Fn() -> UtcDateTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> UtcDateTime {
        self()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the machine's clock is what is tested")]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn the_coarse_clock_tells_the_second_of_the_exact_one_or_is_a_tick_behind() {
        for _ in 0..2_000 {
            let (before, told, after) = (UtcDateTime::now(), SystemClock.now(), UtcDateTime::now());
            let earliest = (before - Duration::milliseconds(50)).truncate_to_second();
            assert!(earliest <= told && told <= after, "{before} {told} {after}");
            assert_eq!(told.nanosecond(), 0);
        }
    }

    #[test]
    fn a_thread_is_told_the_new_second_once_it_begins() {
        let start = SystemClock.now();
        let deadline = UtcDateTime::now() + Duration::seconds(3);
        while SystemClock.now() == start {
            assert!(UtcDateTime::now() < deadline, "the clock stands still");
            std::thread::yield_now();
        }
        assert!(SystemClock.now() > start);
    }
}
