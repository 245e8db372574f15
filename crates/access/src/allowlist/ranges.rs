//! Sorted, disjoint ranges of the addresses of one family, and where to look in them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bits::Bits;
use super::index::Index;
use super::range::Range;
use crate::Network;

/// Ranges that neither overlap nor touch, in order.
pub(super) struct Ranges<T> {
    first: T,
    last: T,
    ranges: Box<[Range<T>]>,
    index: Index<T>,
}

impl<T: Bits> Ranges<T> {
    #[inline]
    pub(super) fn contains(&self, address: T) -> bool {
        if self.ranges.len() == 1 {
            return self.first <= address && address <= self.last;
        }
        self.index.contains(&self.ranges, address)
    }

    pub(super) fn is_full(&self) -> bool {
        *self.ranges == [Range { first: T::ZERO, last: T::MAX }]
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.ranges
            .iter()
            .all(|range| other.index.find(&other.ranges, range.first).is_some_and(|around| range.last <= around.last))
    }

    pub(super) fn networks(&self) -> impl Iterator<Item = Network> {
        self.ranges.iter().flat_map(|range| Networks { from: Some(range.first), last: range.last })
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.ranges).saturating_add(self.index.heap_bytes())
    }

    fn of(ranges: Vec<Range<T>>) -> Self {
        let first = ranges.first().map_or(T::MAX, |range| range.first);
        let last = ranges.last().map_or(T::ZERO, |range| range.last);
        Self { first, last, index: Index::new(&ranges, first, last), ranges: ranges.into() }
    }
}

impl<T: Bits> FromIterator<Network> for Ranges<T> {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        let range = |network: Network| {
            let first = T::of(network.address())?;
            Some(Range { first, last: first.last_of(T::WIDTH.saturating_sub(network.prefix().into())) })
        };
        let mut ranges: Vec<_> = networks.into_iter().filter_map(range).collect();
        ranges.sort_unstable();
        Self::of(merged(ranges))
    }
}

/// What the index says follows from the ranges.
impl<T: PartialEq> PartialEq for Ranges<T> {
    fn eq(&self, other: &Self) -> bool {
        self.ranges == other.ranges
    }
}

impl<T: Eq> Eq for Ranges<T> {}

fn merged<T: Bits>(sorted: Vec<Range<T>>) -> Vec<Range<T>> {
    let mut merged: Vec<Range<T>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match merged.last_mut() {
            Some(before) if before.last.next().is_none_or(|next| range.first <= next) => {
                before.last = before.last.max(range.last)
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// The fewest networks that make up a range.
struct Networks<T> {
    from: Option<T>,
    last: T,
}

impl<T: Bits> Iterator for Networks<T> {
    type Item = Network;

    fn next(&mut self) -> Option<Network> {
        let from = self.from.filter(|from| *from <= self.last)?;
        let open = (0..=T::WIDTH).rev().find(|open| from.starts(*open) && from.last_of(*open) <= self.last)?;
        self.from = from.last_of(open).next();
        from.network(open)
    }
}
