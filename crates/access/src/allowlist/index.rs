//! Where in a list to look: the address space in equal slots, each with the ranges that reach into it.
//!
//! A slot carries the first of its ranges itself, so that most questions are answered by one look into memory.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bits::Bits;
use super::ranges::Range;

/// How many slots there are for each range, so that most slots have no range or one.
const SLOTS_PER_RANGE: usize = 4;

/// Past this many slots the index would cost more in cache than it saves in steps.
const MOST_SLOTS: usize = 1 << 18;

/// The slots between the first address and the last.
pub(super) struct Index<T> {
    first: T,
    /// How many bits of an address's distance from the first tell where in its slot it is.
    shift: u32,
    slots: Box<[Slot<T>]>,
}

/// The ranges that reach into a slot.
struct Slot<T> {
    /// The first of them; one that holds nothing, if there is none.
    nearest: Range<T>,
    /// The places of the others.
    from: u32,
    to: u32,
}

impl<T: Bits> Index<T> {
    /// The index of ranges that lie in order between these addresses.
    pub(super) fn new(ranges: &[Range<T>], first: T, last: T) -> Self {
        let most = ranges.len().saturating_mul(SLOTS_PER_RANGE).min(MOST_SLOTS);
        let shift = most.checked_ilog2().map_or(0, |bits| first.distance_bits(last).saturating_sub(bits));
        let slots = if ranges.is_empty() { Box::default() } else { slots(ranges, first, last, shift) };
        Self { first, shift, slots }
    }

    /// The range that the address is in, among the ranges that the index was made of.
    #[inline]
    pub(super) fn find<'a>(&'a self, ranges: &'a [Range<T>], address: T) -> Option<&'a Range<T>> {
        // An address below the first wraps round: past the last slot, or into it and then below all that is in it.
        let slot = self.slots.get(address.steps_from(self.first, self.shift))?;
        if slot.nearest.contains(address) {
            return Some(&slot.nearest);
        }
        if slot.from == slot.to { None } else { slot.find(ranges, address) }
    }
}

impl<T: Bits> Slot<T> {
    fn new(ranges: &[Range<T>], from: usize, to: usize) -> Self {
        let nearest = ranges.get(from).filter(|_| from < to).copied();
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let others = if from < to { from.saturating_add(1) } else { to };
        Self { nearest: nearest.unwrap_or(Range { first: T::MAX, last: T::ZERO }), from: place(others), to: place(to) }
    }

    #[cold]
    fn find<'a>(&self, ranges: &'a [Range<T>], address: T) -> Option<&'a Range<T>> {
        let others = ranges.get(usize::try_from(self.from).ok()?..usize::try_from(self.to).ok()?)?;
        others.get(others.partition_point(|range| range.last < address)).filter(|range| range.contains(address))
    }
}

/// All slots, in one walk along the ranges.
fn slots<T: Bits>(ranges: &[Range<T>], first: T, last: T, shift: u32) -> Box<[Slot<T>]> {
    let slot_of = |address: T| address.steps_from(first, shift);
    let (mut from, mut to) = (0_usize, 0_usize);
    let mut slots = Vec::new();
    for slot in 0..=slot_of(last) {
        let past = |range: &&Range<T>| slot_of(range.last) < slot;
        let begun = |range: &&Range<T>| slot_of(range.first) <= slot;
        from = from.saturating_add(ranges.get(from..).into_iter().flatten().take_while(past).count());
        to = to.saturating_add(ranges.get(to..).into_iter().flatten().take_while(begun).count());
        slots.push(Slot::new(ranges, from, to));
    }
    slots.into()
}
