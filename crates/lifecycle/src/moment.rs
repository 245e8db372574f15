//! Instants as the arithmetic sees them.
//!
//! A [`UtcDateTime`] is a calendar date and a wall time: comparing two is four comparisons, adding to one
//! is a carry through five fields. The planner does both for millions of tokens, so inside it an instant
//! is one number of seconds. A moment is made from an instant and kept within the years ±9999, which end within ±2³⁸·²
//! seconds; a [`Span`](crate::Span) is below 2³². So every sum and difference of the two fits five bytes, and none needs a
//! check. The years are ours and not those of `time`, whose feature `large-dates` any other crate can switch on.

use time::UtcDateTime;

use crate::span::Span;

/// Whole seconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Moment(i64);

impl Moment {
    /// Before every instant; stands for what has not happened, so that the later of two is `max`.
    pub(crate) const NEVER: Self = Self(-(1 << 39));

    /// After every instant; stands for what will not happen.
    pub(crate) const NO_MORE: Self = Self((1 << 39) - 1);

    /// The first second of the year −9999.
    const FIRST: i64 = -377_705_116_800;

    /// The last second of the year 9999.
    const LAST: i64 = 253_402_300_799;

    /// The second an instant falls into, or the nearest within the years ±9999. Deadlines are whole seconds, so `now >= deadline` has the
    /// same answer before and after.
    pub(crate) const fn of(instant: UtcDateTime) -> Self {
        let seconds = instant.unix_timestamp();
        if seconds < Self::FIRST {
            Self(Self::FIRST)
        } else if seconds > Self::LAST {
            Self(Self::LAST)
        } else {
            Self(seconds)
        }
    }

    pub(crate) const fn plus(self, span: Span) -> Self {
        Self(self.0 + span.as_seconds())
    }

    pub(crate) const fn minus_seconds(self, seconds: i64) -> Self {
        Self(self.0 - seconds)
    }

    pub(crate) const fn seconds_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    pub(crate) fn has_happened(self) -> bool {
        self != Self::NEVER
    }

    /// The same in five bytes: units of 256 seconds, and the seconds into the unit, in the order of their moments.
    pub(crate) fn split(self) -> (i32, u8) {
        let [seconds, a, b, c, d, ..] = self.0.to_le_bytes();
        (i32::from_le_bytes([a, b, c, d]), seconds)
    }

    /// The moment that was split.
    pub(crate) fn joined((units, seconds): (i32, u8)) -> Self {
        Self(i64::from(units) << 8 | i64::from(seconds))
    }

    /// Back to the calendar, unless it has not happened.
    pub(crate) fn to_utc_if_happened(self) -> Option<UtcDateTime> {
        self.has_happened().then(|| self.to_utc())
    }

    /// Back to the calendar, unless it lies beyond it: such an instant never comes.
    pub(crate) fn to_utc_if_it_comes(self) -> Option<UtcDateTime> {
        calendar(self.0)
    }

    /// Back to the calendar; what lies beyond its last second is its last second.
    pub(crate) fn to_utc(self) -> UtcDateTime {
        calendar(self.0.clamp(Self::FIRST, Self::LAST)).unwrap_or(UtcDateTime::UNIX_EPOCH)
    }
}

/// The instant of a second since 1970 within the years ±9999.
pub(crate) fn calendar(seconds: i64) -> Option<UtcDateTime> {
    let is_within = (Moment::FIRST..=Moment::LAST).contains(&seconds);
    UtcDateTime::from_unix_timestamp(seconds).ok().filter(|_| is_within)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::utc_datetime;

    const BEGIN: UtcDateTime = utc_datetime!(-9999-01-01 0:00);
    const END: UtcDateTime = utc_datetime!(9999-12-31 23:59:59);

    #[test]
    fn fractions_of_a_second_belong_to_the_second_they_began_in() {
        for (instant, second) in [
            (utc_datetime!(1970-01-01 0:00:00.999_999_999), 0),
            (utc_datetime!(1969-12-31 23:59:59.999_999_999), -1),
            (utc_datetime!(1969-12-31 23:59:59), -1),
        ] {
            assert_eq!(Moment::of(instant), Moment(second));
        }
    }

    #[test]
    fn what_never_comes_and_what_never_happened_have_no_date() {
        assert_eq!(Moment::NEVER.to_utc_if_happened(), None);
        assert_eq!(Moment::of(BEGIN).to_utc_if_happened(), Some(BEGIN));
        let last = Moment::of(END);
        assert_eq!(last.to_utc_if_it_comes(), Some(END));
        assert_eq!(last.plus(Span::seconds(1).unwrap()).to_utc_if_it_comes(), None);
    }

    #[test]
    fn sums_beyond_the_calendar_end_at_its_end() {
        let century = Span::seconds(u32::MAX).unwrap();
        assert_eq!(Moment::of(END).plus(century).to_utc(), END);
        assert_eq!(Moment::of(BEGIN).minus_seconds(1).to_utc(), BEGIN);
        assert_eq!((Moment::NEVER.to_utc(), Moment::NO_MORE.to_utc()), (BEGIN, END));
    }

    #[test]
    fn five_bytes_hold_every_moment_there_can_be() {
        let century = Span::seconds(u32::MAX).unwrap();
        let ends = [BEGIN, UtcDateTime::UNIX_EPOCH, utc_datetime!(2025-01-01 0:04:16), END];
        for moment in ends.map(Moment::of) {
            for moment in [moment, moment.plus(century), moment.minus_seconds(century.as_seconds())] {
                assert_eq!(Moment::joined(moment.split()), moment);
                assert!(Moment::NEVER < moment && Moment::NEVER.split() < moment.split());
                assert!(moment < Moment::NO_MORE && moment.split() < Moment::NO_MORE.split());
            }
        }
        assert_eq!(Moment::joined(Moment::NEVER.split()), Moment::NEVER);
        assert_eq!(Moment::joined(Moment::NO_MORE.split()), Moment::NO_MORE);
        assert_eq!((Moment(255).split(), Moment(256).split(), Moment(-1).split()), ((0, 255), (1, 0), (-1, 255)));
        assert_eq!(Moment::NO_MORE.to_utc_if_it_comes(), None);
    }

    /// time#683: a dependant's feature `large-dates` made a column of dates wrap. Try it:
    /// `cargo test -p service-accounts-lifecycle --features time/large-dates`.
    #[test]
    fn years_beyond_9999_are_the_end_of_the_calendar() {
        assert_eq!([Moment::of(UtcDateTime::MIN), Moment::of(UtcDateTime::MAX)], [BEGIN, END].map(Moment::of));
        assert_eq!(Moment::joined(Moment::of(UtcDateTime::MAX).split()).to_utc(), END);
        for (seconds, expected) in [(Moment::FIRST, Some(BEGIN)), (Moment::LAST, Some(END))] {
            assert_eq!(calendar(seconds), expected);
        }
        for beyond in [Moment::FIRST - 1, Moment::LAST + 1, 1 << 40, i64::MAX, i64::MIN] {
            assert_eq!(calendar(beyond), None);
        }
    }
}
