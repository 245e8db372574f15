//! A clock that never goes back.

use time::UtcDateTime;

/// The latest instant ever seen, which stands in for a clock that has jumped back.
///
/// Every rule here compares with the `now` it is given, so a clock set back would let an expired token in
/// again. A host that passes each reading through a watermark, and keeps it across restarts, cannot be
/// taken back in time.
///
/// ```
/// use service_accounts_lifecycle::Watermark;
/// use time::{Duration, UtcDateTime};
///
/// let noon = UtcDateTime::UNIX_EPOCH;
/// let mut watermark = Watermark::new(noon);
/// assert_eq!(watermark.advance(noon - Duration::HOUR), noon);
/// assert_eq!(watermark.advance(noon + Duration::HOUR), noon + Duration::HOUR);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Watermark(#[cfg_attr(feature = "serde", serde(with = "crate::serial::seconds"))] UtcDateTime);

impl Watermark {
    /// Begins at an instant that is known to have been.
    #[must_use]
    pub const fn new(seen: UtcDateTime) -> Self {
        Self(seen)
    }

    /// Takes a reading of the clock and yields the instant to decide by.
    #[must_use = "decide by the instant it yields, not by the reading"]
    pub fn advance(&mut self, reading: UtcDateTime) -> UtcDateTime {
        self.0 = self.0.max(reading);
        self.0
    }

    /// The latest instant seen.
    #[must_use]
    pub const fn latest(&self) -> UtcDateTime {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn the_latest_reading_decides_whatever_the_order() {
        let at = UtcDateTime::UNIX_EPOCH;
        let mut watermark = Watermark::new(at);
        for (reading, decided) in [(-1, 0), (0, 0), (1, 1), (0, 1), (-100, 1), (2, 2)] {
            let now = watermark.advance(at + Duration::seconds(reading));
            assert_eq!(now, at + Duration::seconds(decided));
            assert_eq!(watermark.latest(), now);
        }
    }
}
