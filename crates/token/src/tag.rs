//! What a MAC came to, as numbers.

use core::fmt;

use subtle::{Choice, ConstantTimeEq};

/// The tag of a token under one pepper: what a [`Digest`](crate::Digest) keeps, without the pepper's id.
///
/// Four numbers, so that a store may keep it in words that are written and read one by one. Comparison takes the same time
/// wherever two tags differ, and `Debug` shows nothing.
#[derive(Clone, Copy)]
pub struct Tag([u64; Tag::WORDS]);

impl Tag {
    /// Numbers in a tag.
    pub const WORDS: usize = 4;

    /// A tag that was taken apart by [`words`](Self::words).
    #[must_use]
    #[inline]
    pub const fn from_words(words: [u64; Self::WORDS]) -> Self {
        Self(words)
    }

    /// The numbers it is made of.
    #[must_use]
    #[inline]
    pub const fn words(self) -> [u64; Self::WORDS] {
        self.0
    }

    #[inline]
    pub(crate) fn of(bytes: &[u8; 32]) -> Self {
        let (words, _) = bytes.as_chunks();
        let mut tag = [0; Self::WORDS];
        tag.iter_mut().zip(words).for_each(|(slot, word)| *slot = u64::from_le_bytes(*word));
        Self(tag)
    }

    pub(crate) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (chunks, _) = bytes.as_chunks_mut();
        chunks.iter_mut().zip(self.0).for_each(|(slot, word)| *slot = word.to_le_bytes());
        bytes
    }

    /// Whether both are the same, without a branch on either.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> Choice {
        // Word by word: `subtle` on byte slices costs ten times as much, and one look at the sum is enough.
        let differences = self.0.iter().zip(&other.0).map(|(a, b)| a ^ b);
        differences.fold(0, |all, difference| all | difference).ct_eq(&0)
    }
}

impl PartialEq for Tag {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.is(other).into()
    }
}

impl Eq for Tag {}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_differ_in_one_bit_differ() {
        let bytes = core::array::from_fn(|at| u8::try_from(at * 7).unwrap());
        let tag = Tag::of(&bytes);
        assert_eq!((tag, tag.to_bytes()), (Tag::from_words(tag.words()), bytes));
        for bit in 0..256 {
            let mut other = bytes;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(tag, Tag::of(&other), "{bit}");
        }
    }

    #[test]
    fn a_tag_prints_nothing_of_itself() {
        assert_eq!(alloc::format!("{:?}", Tag::from_words([7; 4])), "Tag");
    }
}
