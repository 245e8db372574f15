//! Where in a list to look: the address space in equal slots, each with the ranges that reach into it.
//!
//! A slot carries the first range that does not end before it, so that most questions are answered by one look into
//! memory.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bits::Bits;
use super::range::Range;

/// How many slots there are for each range, so that most slots have no range or one.
const SLOTS_PER_RANGE: usize = 4;

/// The index of an IPv6 list ends at 12 MB, which 65,536 networks reach.
const MOST_SLOTS: usize = 262_144;

/// The slots between the first address and the last.
pub(super) struct Index<T> {
    first: T,
    /// How many bits of an address's distance from the first tell where in its slot it is.
    shift: u32,
    slots: Box<[Slot<T>]>,
}

/// The ranges that may hold an address of a slot.
struct Slot<T> {
    /// The first that does not end before the slot; it begins behind the slot if none reaches into it.
    nearest: Range<T>,
    /// The places of the others that reach into the slot.
    from: u32,
    to: u32,
}

impl<T: Bits> Index<T> {
    /// The index of ranges that lie in order between these addresses.
    pub(super) fn new(ranges: &[Range<T>], first: T, last: T) -> Self {
        let most = ranges.len().saturating_mul(SLOTS_PER_RANGE).min(MOST_SLOTS);
        let shift = most.checked_ilog2().map_or(0, |bits| first.distance_bits(last).saturating_sub(bits));
        Self { first, shift, slots: slots(ranges, first, last, shift) }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.slots)
    }

    /// Whether the address is in one of the ranges that the index was made of.
    ///
    /// Strangers' addresses lie anywhere, so what depends on where they lie is calculated and not branched on: an address
    /// past the last slot is compared with the last slot's range.
    #[inline]
    pub(super) fn contains(&self, ranges: &[Range<T>], address: T) -> bool {
        let last = self.slots.len().wrapping_sub(1);
        let Some(slot) = self.slots.get(address.steps_from(self.first, self.shift).min(last)) else { return false };
        if slot.nearest.contains(address) {
            return true;
        }
        slot.from != slot.to && slot.candidate(ranges, address).is_some_and(|range| range.first <= address)
    }

    /// The range that the address is in, among the ranges that the index was made of.
    pub(super) fn find<'a>(&'a self, ranges: &'a [Range<T>], address: T) -> Option<&'a Range<T>> {
        self.candidate(ranges, address).filter(|range| range.first <= address)
    }

    /// The only range that the address may be in: it does not end before the address.
    fn candidate<'a>(&'a self, ranges: &'a [Range<T>], address: T) -> Option<&'a Range<T>> {
        // An address below the first wraps round: past the last slot, or into it and then below all that is in it.
        let slot = self.slots.get(address.steps_from(self.first, self.shift))?;
        if address <= slot.nearest.last {
            return Some(&slot.nearest);
        }
        if slot.from == slot.to { None } else { slot.candidate(ranges, address) }
    }
}

impl<T: Bits> Slot<T> {
    /// The nearest range stands at `at`, and those that begin in the slot or before it end at `to`.
    fn new(nearest: Range<T>, at: usize, to: usize) -> Self {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let others = at.saturating_add(1);
        Self { nearest, from: place(others), to: place(to.max(others)) }
    }

    /// Out of line, so that what is answered without it stays short.
    #[inline(never)]
    fn candidate<'a>(&self, ranges: &'a [Range<T>], address: T) -> Option<&'a Range<T>> {
        let others = ranges.get(usize::try_from(self.from).ok()?..usize::try_from(self.to).ok()?)?;
        others.get(others.partition_point(|range| range.last < address))
    }
}

/// All slots, in one walk along the ranges; none for no ranges.
fn slots<T: Bits>(ranges: &[Range<T>], first: T, last: T, shift: u32) -> Box<[Slot<T>]> {
    let slot_of = |address: T| address.steps_from(first, shift);
    let (mut from, mut to) = (0_usize, 0_usize);
    let mut slots = Vec::new();
    for slot in 0..=slot_of(last) {
        let past = |range: &&Range<T>| slot_of(range.last) < slot;
        let begun = |range: &&Range<T>| slot_of(range.first) <= slot;
        from = from.saturating_add(ranges.get(from..).into_iter().flatten().take_while(past).count());
        to = to.saturating_add(ranges.get(to..).into_iter().flatten().take_while(begun).count());
        slots.extend(ranges.get(from).map(|nearest| Slot::new(*nearest, from, to)));
    }
    slots.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranges as (first, last), asked about every address from 0 to the end, and about the last there is.
    fn agrees(ranges: &[(u32, u32)], end: u32) {
        let ranges: Vec<_> = ranges.iter().map(|(first, last)| Range { first: *first, last: *last }).collect();
        let (first, last) = (ranges[0].first, ranges[ranges.len() - 1].last);
        let index = Index::new(&ranges, first, last);
        for address in (0..=end).chain([u32::MAX - 1, u32::MAX]) {
            let expected = ranges.iter().find(|range| range.first <= address && address <= range.last);
            let found = index.find(&ranges, address);
            assert_eq!(found.map(|range| range.first), expected.map(|range| range.first), "{address}");
            assert_eq!(index.contains(&ranges, address), expected.is_some(), "{address}");
        }
    }

    #[test]
    fn each_address_is_found_in_its_range_and_no_other() {
        agrees(&[(0, 0)], 3);
        agrees(&[(5, 9)], 20);
        agrees(&[(3, 3), (5, 5), (7, 7)], 12);
        agrees(&[(0, 3), (5, 40), (42, 42), (99, 100)], 120);
        agrees(&(0..100).map(|at| (at * 7 + 1, at * 7 + 3)).collect::<Vec<_>>(), 800);
    }

    #[test]
    fn ranges_that_crowd_one_slot_are_told_apart() {
        let mut crowd: Vec<_> = (0..60).map(|at| (at * 3, at * 3 + 1)).collect();
        crowd.push((u32::MAX - 1, u32::MAX));
        agrees(&crowd, 300);
        let mut behind = alloc::vec![(0, 1)];
        behind.extend((0..60).map(|at| (2_000_000_000 + at * 3, 2_000_000_001 + at * 3)));
        agrees(&behind, 10);
    }

    #[test]
    fn a_range_over_many_slots_is_found_from_each() {
        agrees(&[(0, 1), (3, 900), (902, 903), (905, 905)], 1_000);
    }

    #[test]
    fn an_address_below_the_first_is_in_none() {
        agrees(&[(0x8000_0000, 0x8000_0001), (u32::MAX - 5, u32::MAX)], 10);
        agrees(&[(100, 120), (130, 140)], 200);
    }

    #[test]
    fn a_list_has_slots_by_its_length_and_not_by_its_width() {
        let wide: Vec<_> = (0..64_u32).map(|at| Range { first: at << 24, last: at << 24 | 9 }).collect();
        let index = Index::new(&wide, 0, 63 << 24 | 9);
        assert!((128..=256).contains(&index.slots.len()), "{}", index.slots.len());
        assert!(index.slots.iter().all(|slot| slot.to - slot.from <= 1));
    }

    #[test]
    fn no_ranges_hold_no_address() {
        let index = Index::<u32>::new(&[], u32::MAX, 0);
        assert!([0, 1, u32::MAX].iter().all(|address| index.find(&[], *address).is_none()));
    }
}
