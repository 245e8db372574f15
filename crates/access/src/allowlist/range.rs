//! A range of addresses of one family.

use super::bits::Bits;

/// All addresses from one to another, both counted in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range<T> {
    pub(super) first: T,
    pub(super) last: T,
}

impl<T: Bits> Range<T> {
    /// Asked with one comparison, which is mispredicted less often than two.
    #[inline]
    pub(super) fn contains(self, address: T) -> bool {
        address.distance_from(self.first) <= self.last.distance_from(self.first)
    }
}
