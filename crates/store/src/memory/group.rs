//! How a credential's hash leads to its line: which part of it chooses what.

/// A line that was never written: no search goes beyond it.
pub(super) const EMPTY: u32 = 0;
/// A line whose credential was forgotten: what was written behind it is still found.
pub(super) const WIPED: u32 = 1;

/// Bits of the hash that choose the line in a page.
pub(super) const LINE_BITS: u32 = 10;

/// The numbers of two or three pages; as an entry of a directory, of 21 bits each.
pub(super) struct Group(pub(super) [u64; 3]);

const PAGE_BITS: u64 = 21;
pub(super) const NO_PAGE: u64 = (1 << PAGE_BITS) - 1;

impl Group {
    pub(super) const fn of(entry: u64) -> Self {
        Self([entry & NO_PAGE, entry >> PAGE_BITS & NO_PAGE, entry >> (2 * PAGE_BITS)])
    }

    pub(super) const fn entry(&self) -> u64 {
        let Self([first, second, third]) = self;
        *first | *second << PAGE_BITS | *third << (2 * PAGE_BITS)
    }
}

/// Sixteen bits of the hash choose among the pages of a group.
#[inline]
pub(super) fn page_of(entry: u64, hash: u64) -> Option<usize> {
    let pages = if entry >> (2 * PAGE_BITS) == NO_PAGE { 2 } else { 3 };
    let nth = ((hash >> 32 & 0xffff) * pages) >> 16;
    usize::try_from(entry >> (PAGE_BITS * nth) & NO_PAGE).ok()
}

/// The first bits of a hash, as a number.
#[inline]
pub(super) fn leading(hash: u64, bits: usize) -> usize {
    // In two steps: to shift by 64 is an error.
    usize::try_from(hash >> 1 >> (63 - bits)).unwrap_or(usize::MAX)
}

#[inline]
pub(super) fn place_of(hash: u64) -> usize {
    usize::try_from(hash % (1 << LINE_BITS)).unwrap_or_default()
}

/// Thirty-two bits that neither choose the group nor the place, and are none of the two marks with a meaning.
#[inline]
pub(super) fn mark_of(hash: u64) -> u32 {
    u32::try_from(hash >> LINE_BITS & u64::from(u32::MAX)).unwrap_or_default().max(WIPED + 1)
}
