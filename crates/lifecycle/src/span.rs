//! Lengths of time in a policy.

use core::fmt;
use core::num::NonZeroU32;
use core::str::FromStr;

use time::Duration;

/// A positive length of time in whole seconds, at most 136 years.
///
/// Zero, negative and astronomical lengths have no value of this type, so a policy made of spans cannot
/// overflow an instant and cannot expire anything at birth. The text is a number and a unit, `s`, `m`,
/// `h` or `d`; it is shown in the largest unit that is exact.
///
/// ```
/// use service_accounts_lifecycle::Span;
///
/// assert_eq!("48h".parse(), Ok(Span::days(2).unwrap()));
/// assert_eq!(Span::days(2).unwrap().to_string(), "2d");
/// assert!("0d".parse::<Span>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(NonZeroU32);

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

impl Span {
    /// A number of days, unless it is zero or more than the span can hold.
    #[must_use]
    pub const fn days(days: u32) -> Option<Self> {
        Self::of(days, DAY)
    }

    /// A number of hours, unless it is zero or more than the span can hold.
    #[must_use]
    pub const fn hours(hours: u32) -> Option<Self> {
        Self::of(hours, HOUR)
    }

    /// A number of seconds, unless it is zero.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Option<Self> {
        Self::of(seconds, 1)
    }

    /// The length in seconds.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        // A widening cast; `i64::from` is not const.
        #[expect(clippy::as_conversions, reason = "u32 to i64 cannot lose, and From is not const")]
        let seconds = self.0.get() as i64;
        seconds
    }

    /// The length as a duration.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::seconds(self.as_seconds())
    }

    /// A length the defaults are made of; `days` is a literal above zero.
    pub(crate) const fn of_days(days: u16) -> Self {
        #[expect(clippy::as_conversions, reason = "u16 to u32 cannot lose, and From is not const")]
        match Self::days(days as u32) {
            Some(span) => span,
            None => Self(NonZeroU32::MIN),
        }
    }

    const fn of(count: u32, unit: u32) -> Option<Self> {
        match count.checked_mul(unit) {
            Some(seconds) => match NonZeroU32::new(seconds) {
                Some(seconds) => Some(Self(seconds)),
                None => None,
            },
            None => None,
        }
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.as_duration()
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = text.bytes().last().and_then(seconds_of_unit).ok_or(SpanError::Unit)?;
        let digits = text.get(..text.len() - 1).unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SpanError::Number);
        }
        let count = digits.parse().map_err(|_| SpanError::TooLong)?;
        if count == 0 {
            return Err(SpanError::Zero);
        }
        Self::of(count, unit).ok_or(SpanError::TooLong)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.get();
        let (unit, name) = [(DAY, 'd'), (HOUR, 'h'), (MINUTE, 'm')]
            .into_iter()
            .find(|(unit, _)| seconds.is_multiple_of(*unit))
            .unwrap_or((1, 's'));
        write!(f, "{}{name}", seconds / unit)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Span({self})")
    }
}

/// Why a text is not a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpanError {
    /// The last character is none of `s`, `m`, `h`, `d`.
    #[error("the length of time does not end with a unit of s, m, h or d")]
    Unit,
    /// What precedes the unit is not a decimal number.
    #[error("the length of time is not a whole number before its unit")]
    Number,
    /// The length is zero.
    #[error("the length of time is zero")]
    Zero,
    /// The length is more than 136 years.
    #[error("the length of time is more than 136 years")]
    TooLong,
}

fn seconds_of_unit(unit: u8) -> Option<u32> {
    match unit {
        b's' => Some(1),
        b'm' => Some(MINUTE),
        b'h' => Some(HOUR),
        b'd' => Some(DAY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_span_is_shown_in_the_largest_exact_unit() {
        let table =
            [("86400s", "1d"), ("86401s", "86401s"), ("90m", "90m"), ("120m", "2h"), ("60s", "1m"), ("36h", "36h")];
        for (text, shown) in table {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_not_a_positive_length_is_refused() {
        use SpanError as E;
        let table = [
            ("", E::Unit),
            ("30", E::Unit),
            ("30w", E::Unit),
            ("30é", E::Unit),
            ("d", E::Number),
            ("-1d", E::Number),
            ("+1d", E::Number),
            ("1.5d", E::Number),
            ("1 d", E::Number),
            ("0d", E::Zero),
            ("4294967296s", E::TooLong),
            ("49711d", E::TooLong),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<Span>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_longest_span_is_the_last_that_fits() {
        assert_eq!(Span::seconds(u32::MAX).unwrap().as_seconds(), 4_294_967_295);
        assert_eq!("4294967295s".parse(), Ok(Span::seconds(u32::MAX).unwrap()));
        assert_eq!(Duration::from(Span::days(49_710).unwrap()), Duration::days(49_710));
        assert_eq!(Span::days(49_711), None);
        assert_eq!(Span::hours(1_193_047), None);
        assert_eq!(Span::hours(24), Span::days(1));
        assert_eq!(Span::seconds(0), None);
    }

    #[test]
    fn the_debug_form_shows_the_length() {
        assert_eq!(alloc::format!("{:?}", Span::of_days(7)), "Span(7d)");
    }
}
