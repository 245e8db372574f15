//! One date of each of many tokens, packed.
//!
//! After a change of policy no index is ordered by the new dates yet, so every date has to be asked once.
//! Asking is then bound by memory: five bytes a date are less to read than eight. The first four of them are
//! compared, side by side, and the fifth only where the four cannot tell. Of each block of dates the earliest and
//! the latest are noted, so that a block whose dates have all come, or none of whose have, is not read at all.

use alloc::vec::Vec;

use time::UtcDateTime;

use crate::moment::Moment;

/// How many dates have their earliest and latest noted together.
const BLOCK: usize = 64;

/// One date for each of many tokens, by position.
///
/// A change of policy moves every deadline of one kind by the same length, so what it makes due is a
/// comparison of one column with one instant:
///
/// ```
/// use service_accounts_lifecycle::DateColumn;
/// use time::{Duration, UtcDateTime};
///
/// let now = UtcDateTime::UNIX_EPOCH;
/// let last_use: DateColumn = [40, 50, 60].map(|days| Some(now - Duration::days(days))).into_iter().collect();
/// let idle_after = |days| last_use.count_until(now - Duration::days(days));
/// assert_eq!((idle_after(90), idle_after(45)), (0, 2));
/// ```
///
/// For rules of more than one date, [`Schedule::next_due_of_all`](crate::Schedule::next_due_of_all) makes a column
/// of answers.
#[derive(Clone, Debug, Default)]
pub struct DateColumn {
    units: Vec<i32>,
    seconds: Vec<u8>,
    bounds: Vec<Bounds>,
}

/// The units of the earliest and the latest date of a block.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    earliest: i32,
    latest: i32,
}

impl DateColumn {
    /// How many positions have a date at or before an instant.
    #[must_use]
    pub fn count_until(&self, instant: UtcDateTime) -> usize {
        let last = Moment::of(instant).split();
        self.blocks().map(|block| block.count_until(last)).sum()
    }

    /// The positions whose date is at or before an instant, in order.
    pub fn until(&self, instant: UtcDateTime) -> impl Iterator<Item = usize> {
        let last = Moment::of(instant).split();
        let blocks = self.blocks().enumerate().filter(move |(_, block)| block.bounds.earliest <= last.0);
        blocks.flat_map(move |(number, block)| block.offsets_until(last).map(move |offset| number * BLOCK + offset))
    }

    /// The date at a position, if there is one.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<UtcDateTime> {
        let date = (*self.units.get(position)?, *self.seconds.get(position)?);
        Moment::joined(date).to_utc_if_it_comes()
    }

    /// How many positions there are, with a date or without.
    #[must_use]
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there are no positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Takes in up to a block of dates and tells their bounds; nothing when no date was left.
    fn extend_by_a_block(&mut self, dates: impl Iterator<Item = Moment>) -> Option<Bounds> {
        let (mut units, mut seconds) = ([0; BLOCK], [0; BLOCK]);
        let mut bounds = Bounds { earliest: i32::MAX, latest: i32::MIN };
        let slots = units.iter_mut().zip(&mut seconds);
        let filled = slots.zip(dates).map(|((unit, second), date)| {
            (*unit, *second) = date.split();
            bounds = Bounds { earliest: bounds.earliest.min(*unit), latest: bounds.latest.max(*unit) };
        });
        let filled = filled.count();
        self.units.extend(units.iter().take(filled));
        self.seconds.extend(seconds.iter().take(filled));
        (filled > 0).then_some(bounds)
    }

    fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let dates = self.units.chunks(BLOCK).zip(self.seconds.chunks(BLOCK));
        self.bounds.iter().zip(dates).map(|(bounds, (units, seconds))| Block { bounds: *bounds, units, seconds })
    }
}

impl FromIterator<Option<UtcDateTime>> for DateColumn {
    fn from_iter<I: IntoIterator<Item = Option<UtcDateTime>>>(dates: I) -> Self {
        dates.into_iter().map(|date| date.map_or(Moment::NO_MORE, Moment::of)).collect()
    }
}

impl FromIterator<Moment> for DateColumn {
    fn from_iter<I: IntoIterator<Item = Moment>>(dates: I) -> Self {
        let mut dates = dates.into_iter();
        let (expected, _) = dates.size_hint();
        let mut column = Self {
            units: Vec::with_capacity(expected),
            seconds: Vec::with_capacity(expected),
            bounds: Vec::with_capacity(expected.div_ceil(BLOCK)),
        };
        while let Some(bounds) = column.extend_by_a_block(&mut dates) {
            column.bounds.push(bounds);
        }
        column
    }
}

struct Block<'c> {
    bounds: Bounds,
    units: &'c [i32],
    seconds: &'c [u8],
}

impl<'c> Block<'c> {
    fn count_until(&self, last: (i32, u8)) -> usize {
        let (unit, _) = last;
        if self.bounds.earliest > unit {
            return 0;
        }
        if self.bounds.latest < unit {
            return self.units.len();
        }
        // No early exit: that would keep the comparisons from being done side by side.
        let (earlier, same) = self.units.iter().fold((0_u32, 0_u32), |(earlier, same), date| {
            (earlier + u32::from(*date < unit), same + u32::from(*date == unit))
        });
        if same > 0 {
            return self.offsets_until(last).count();
        }
        usize::try_from(earlier).unwrap_or(BLOCK)
    }

    fn offsets_until(&self, last: (i32, u8)) -> impl Iterator<Item = usize> + use<'c> {
        let dates = self.units.iter().copied().zip(self.seconds.iter().copied());
        dates.enumerate().filter(move |(_, date)| *date <= last).map(|(offset, _)| offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::utc_datetime;

    const AT: UtcDateTime = utc_datetime!(2025-01-01 0:00:31);

    fn column(seconds: impl Iterator<Item = i64>) -> DateColumn {
        seconds.map(|second| Some(AT + Duration::seconds(second))).collect()
    }

    #[test]
    fn a_date_counts_from_its_own_second_on() {
        let column = column([-1, 0, 1].into_iter());
        assert_eq!([-2, -1, 0, 1].map(|second| column.count_until(AT + Duration::seconds(second))), [0, 1, 2, 3]);
        assert_eq!(column.until(AT).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn every_block_is_read_and_the_last_may_be_short() {
        let column = column((0..200).map(|position| (position % 50) * 100));
        let until = AT + Duration::seconds(100);
        let expected: Vec<_> = (0..200).filter(|position| position % 50 <= 1).collect();
        assert_eq!(column.until(until).collect::<Vec<_>>(), expected);
        assert_eq!(column.count_until(until), expected.len());
        assert_eq!((column.len(), column.is_empty()), (200, false));
    }

    #[test]
    fn a_position_without_a_date_is_never_due() {
        let column: DateColumn = [None, Some(AT), None].into_iter().collect();
        assert_eq!(column.until(UtcDateTime::MAX).collect::<Vec<_>>(), [1]);
        assert_eq!(column.count_until(UtcDateTime::MAX), 1);
        assert_eq!([0, 1, 2, 3].map(|position| column.at(position)), [None, Some(AT), None, None]);
        assert!(DateColumn::default().is_empty());
    }
}
