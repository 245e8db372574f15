//! One date of each of many tokens, packed.
//!
//! After a change of policy no index is ordered by the new dates yet, so every date has to be read once.
//! Reading is then all it may cost. Comparing 8-byte seconds is bound by memory, and baseline x86-64 has no
//! comparison of 8-byte lanes; so a coarse 4-byte copy of each date is scanned, and the exact dates are
//! consulted only where the coarse ones cannot tell.

use alloc::vec::Vec;

use time::UtcDateTime;

use crate::moment::Moment;

/// How many dates are decided at once.
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
/// For rules of more than one date, [`Schedule::next_due_of_all`](crate::Schedule::next_due_of_all) makes a column of answers.
#[derive(Clone, Debug, Default)]
pub struct DateColumn {
    coarse: Vec<i32>,
    exact: Vec<Moment>,
}

impl DateColumn {
    /// How many positions have a date at or before an instant.
    #[must_use]
    pub fn count_until(&self, instant: UtcDateTime) -> usize {
        let last = Moment::of(instant);
        self.blocks().map(|(_, coarse, exact)| count(coarse, exact, last)).sum()
    }

    /// The positions whose date is at or before an instant, in order.
    pub fn until(&self, instant: UtcDateTime) -> impl Iterator<Item = usize> {
        let last = Moment::of(instant);
        self.blocks()
            .filter(move |(_, coarse, _)| may_contain(coarse, last.coarse()))
            .flat_map(move |(start, _, exact)| positions(start, exact, last))
    }

    /// The date at a position, if there is one.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<UtcDateTime> {
        self.exact.get(position).and_then(|date| date.to_utc_if_it_comes())
    }

    /// How many positions there are, with a date or without.
    #[must_use]
    pub fn len(&self) -> usize {
        self.exact.len()
    }

    /// Whether there are no positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }

    fn blocks(&self) -> impl Iterator<Item = (usize, &[i32], &[Moment])> {
        let blocks = self.coarse.chunks(BLOCK).zip(self.exact.chunks(BLOCK));
        blocks.enumerate().map(|(block, (coarse, exact))| (block * BLOCK, coarse, exact))
    }
}

impl FromIterator<Option<UtcDateTime>> for DateColumn {
    fn from_iter<I: IntoIterator<Item = Option<UtcDateTime>>>(dates: I) -> Self {
        dates.into_iter().map(|date| date.map_or(Moment::NO_MORE, Moment::of)).collect()
    }
}

impl FromIterator<Moment> for DateColumn {
    fn from_iter<I: IntoIterator<Item = Moment>>(dates: I) -> Self {
        let exact: Vec<_> = dates.into_iter().collect();
        let coarse = exact.iter().map(|date| date.coarse()).collect();
        Self { coarse, exact }
    }
}

/// No early exit: that would keep the comparisons from being done side by side.
fn may_contain(coarse: &[i32], last: i32) -> bool {
    coarse.iter().fold(false, |any, date| any | (*date <= last))
}

fn count(coarse: &[i32], exact: &[Moment], last: Moment) -> usize {
    let unit = last.coarse();
    let (earlier, same) = coarse.iter().fold((0_u32, 0_u32), |(earlier, same), date| {
        (earlier + u32::from(*date < unit), same + u32::from(*date == unit))
    });
    if same > 0 {
        return exact.iter().filter(|date| **date <= last).count();
    }
    usize::try_from(earlier).unwrap_or(BLOCK)
}

fn positions(start: usize, exact: &[Moment], last: Moment) -> impl Iterator<Item = usize> {
    exact.iter().enumerate().filter(move |(_, date)| **date <= last).map(move |(offset, _)| start + offset)
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
