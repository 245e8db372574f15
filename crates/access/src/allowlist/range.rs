//! A range of addresses of one family.

/// All addresses from one to another, both counted in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range<T> {
    pub(super) first: T,
    pub(super) last: T,
}

impl<T: Copy + PartialOrd> Range<T> {
    /// Compares both ends, so that one branch tells.
    #[inline]
    pub(super) fn contains(self, address: T) -> bool {
        (self.first <= address) & (address <= self.last)
    }
}
