//! Sorted, disjoint ranges of the addresses of one family, and where to look in them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bits::Bits;
use crate::Network;

/// Past this many slots the index would fall out of the cache that makes it worth having.
const MOST_SLOTS: usize = 1 << 16;

/// Ranges that neither overlap nor touch, in order.
pub(super) struct Ranges<T> {
    first: T,
    last: T,
    ranges: Box<[Range<T>]>,
    /// How many ranges start before each slot of `1 << shift` addresses, counted from `first`.
    index: Box<[u32]>,
    shift: u32,
}

/// All addresses from one to another, both counted in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range<T> {
    pub(super) first: T,
    pub(super) last: T,
}

impl<T: Bits> Ranges<T> {
    #[inline]
    pub(super) fn contains(&self, address: T) -> bool {
        if address < self.first || address > self.last {
            return false;
        }
        self.ranges.len() == 1 || self.is_in_some_range(address)
    }

    pub(super) fn is_full(&self) -> bool {
        self.first == T::ZERO && self.last == T::MAX && self.ranges.len() == 1
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.ranges.iter().all(|range| other.candidate(range.first).is_some_and(|around| range.last <= around.last))
    }

    pub(super) fn networks(&self) -> impl Iterator<Item = Network> {
        self.ranges.iter().flat_map(|range| Networks { from: Some(range.first), last: range.last })
    }

    fn of(ranges: Vec<Range<T>>) -> Self {
        let first = ranges.first().map_or(T::MAX, |range| range.first);
        let last = ranges.last().map_or(T::ZERO, |range| range.last);
        let slots = ranges.len().saturating_mul(4).min(MOST_SLOTS);
        let shift = slots.checked_ilog2().map_or(0, |slots| first.distance_bits(last).saturating_sub(slots));
        Self { first, last, index: index(&ranges, first, last, shift), ranges: ranges.into(), shift }
    }

    fn is_in_some_range(&self, address: T) -> bool {
        self.candidate(address).is_some_and(|range| address <= range.last)
    }

    /// The last range that starts at the address or before; the only one it can be in.
    fn candidate(&self, address: T) -> Option<&Range<T>> {
        if address < self.first || address > self.last {
            return None;
        }
        let slot = address.steps_from(self.first, self.shift);
        let [before, through] = self.index.get(slot..)?.first_chunk()?;
        let (before, through) = (usize::try_from(*before).ok()?, usize::try_from(*through).ok()?);
        let starting_here = self.ranges.get(before..through)?;
        let preceding = starting_here.partition_point(|range| range.first <= address);
        self.ranges.get(before.checked_add(preceding)?.checked_sub(1)?)
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

fn index<T: Bits>(ranges: &[Range<T>], first: T, last: T, shift: u32) -> Box<[u32]> {
    if ranges.is_empty() {
        return Box::default();
    }
    let mut index = alloc::vec![0_u32; last.steps_from(first, shift).saturating_add(2)];
    for range in ranges {
        let following = range.first.steps_from(first, shift).saturating_add(1);
        if let Some(count) = index.get_mut(following) {
            *count = count.saturating_add(1);
        }
    }
    let mut before = 0_u32;
    for count in &mut index {
        before = before.saturating_add(*count);
        *count = before;
    }
    index.into()
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
