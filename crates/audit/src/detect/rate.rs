//! How often something happened lately.

use time::Duration;

use crate::{Recorded, Sequence};

/// Counts within the present and the last half of a window, so that a burst is not split by a boundary.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub(super) struct Rate {
    half: i64,
    current: u32,
    previous: u32,
    first: Option<Sequence>,
}

/// A count over its limit, and where the counting began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Over {
    pub(super) count: u32,
    pub(super) first: Sequence,
}

impl Rate {
    /// Adds an event and tells the count if it is at the limit or over it.
    pub(super) fn count(&mut self, recorded: &Recorded, (window, limit): (Duration, u32)) -> Option<Over> {
        let half = (window.whole_seconds() / 2).max(1);
        self.turn(recorded.event.last_at().unix_timestamp().div_euclid(half));
        let first = *self.first.get_or_insert(recorded.sequence);
        self.current = self.current.saturating_add(recorded.event.count());
        let count = self.current.saturating_add(self.previous);
        (count >= limit).then_some(Over { count, first })
    }

    /// Rows are written up to a minute late, so the half before counts as the present one; anything else begins anew.
    fn turn(&mut self, half: i64) {
        match half.saturating_sub(self.half) {
            -1 | 0 => {}
            1 => *self = Self { half, current: 0, previous: self.current, first: self.first },
            _ => *self = Self { half, ..Self::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use time::UtcDateTime;

    use super::*;
    use crate::{Action, Event, Label};

    fn add(rate: &mut Rate, seconds: i64, count: u32) -> Option<Over> {
        let at = UtcDateTime::from_unix_timestamp(seconds).unwrap();
        let event = Event::new(Action::AccessDenied, Label::new("x"), at).repeated(count, at);
        rate.count(&Recorded { sequence: Sequence::new(seconds), event }, (Duration::minutes(10), 30))
    }

    #[test]
    fn the_limit_is_reached_with_the_thirtieth_and_not_before() {
        let mut rate = Rate::default();
        assert_eq!((add(&mut rate, 1, 20), add(&mut rate, 2, 9)), (None, None));
        assert_eq!(add(&mut rate, 3, 1), Some(Over { count: 30, first: Sequence::new(1) }));
    }

    #[test]
    fn a_burst_over_a_boundary_counts_and_an_old_one_does_not() {
        for (second, is_over) in [(290, true), (300, true), (599, true), (600, false), (100_000, false), (-400, false)]
        {
            let mut rate = Rate::default();
            add(&mut rate, 290, 29);
            assert_eq!(add(&mut rate, second, 1).is_some(), is_over, "{second}");
        }
    }

    #[test]
    fn a_clock_that_was_ahead_does_not_make_counts_last_for_ever() {
        let mut rate = Rate::default();
        add(&mut rate, 1_000_000, 29);
        assert_eq!(add(&mut rate, 0, 1), None);
    }
}
