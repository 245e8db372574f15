//! Telling a genuine token from any other.

use core::fmt;

use subtle::Choice;

use super::{Key, Keyring};
use crate::{Digest, Outline, Presented, Tag};

impl Keyring {
    /// Checks a presented token against the record stored under its id.
    ///
    /// Pass `None` where there is no such record: that costs what a wrong secret costs, and the answer is the
    /// same, so nobody learns which ids exist. The same holds for a record under a pepper not in this keyring.
    ///
    /// # Errors
    /// The token is not the one the record was made from. Nothing says how it differs.
    pub fn verify(&self, presented: &Presented<'_>, stored: Option<&Digest>) -> Result<Verified, Refused> {
        self.verify_signed(presented, &self.sign(&presented.outline()), stored)
    }

    /// The tag, under the current pepper, of a text with this outline.
    ///
    /// For whoever compares it with a [`Tag`] that was stored under that pepper, before the text is read to its end and a
    /// whole record is: [`verify_signed`](Self::verify_signed) takes it where that was in vain.
    #[must_use]
    #[inline(never)]
    pub fn sign(&self, outline: &Outline<'_>) -> Tag {
        Tag::of(&self.current.mac.tag(outline.kind(), outline.body()))
    }

    /// As [`verify`](Self::verify), with what [`sign`](Self::sign) came to for this token.
    ///
    /// In a keyring of several peppers it always tries a second one: time does not tell which ids still stand under an
    /// earlier pepper.
    ///
    /// # Errors
    /// The token is not the one the record was made from.
    #[inline(never)]
    pub fn verify_signed(
        &self,
        presented: &Presented<'_>,
        signed: &Tag,
        stored: Option<&Digest>,
    ) -> Result<Verified, Refused> {
        let is_stored = stored.is_some();
        let stored = stored.unwrap_or(&self.stand_in);
        let is_current = stored.pepper() == self.current.id;
        let (known, is_of_earlier) = self.is_of_earlier(presented, stored);
        let is_genuine = if is_current { is_signed(stored, signed) } else { is_of_earlier };
        match is_stored & (is_current | known) & bool::from(is_genuine) {
            true if is_current => Ok(Verified::Current),
            true => Ok(Verified::Rehash(Digest::signed(self.current.id, signed))),
            false => Err(Refused),
        }
    }

    /// Whether the record's pepper is an earlier one, and the token genuine under it. Where it is none of those, the first
    /// of them is tried all the same.
    fn is_of_earlier(&self, presented: &Presented<'_>, stored: &Digest) -> (bool, Choice) {
        let known = self.earlier.iter().find(|key| key.id == stored.pepper());
        match known.or(self.earlier.first()) {
            Some(key) => (known.is_some(), is_genuine(key, presented, stored)),
            None => (false, Choice::from(0)),
        }
    }
}

/// All that touches a secret, as [`is_signed`] is: functions of their own so that the constant-time check can tell them,
/// where no branch may be, from the caller, which must branch on the answer.
#[inline(never)]
fn is_genuine(key: &Key, presented: &Presented<'_>, stored: &Digest) -> Choice {
    stored.has_tag(&Tag::of(&key.mac.tag(presented.kind(), presented.body())))
}

#[inline(never)]
fn is_signed(stored: &Digest, signed: &Tag) -> Choice {
    stored.has_tag(signed)
}

/// A token is genuine; what that means for its record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verified {
    /// The record is made under the current pepper.
    Current,
    /// The record is made under an earlier pepper: this one is to be stored in its place.
    Rehash(Digest),
}

/// A token is not genuine, or there is no such token; which of the two, nobody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token is not genuine")
    }
}

impl core::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::{Kind, Pepper, PepperId, Vendor};

    /// Otherwise time would tell which ids still stand under an earlier pepper. That it was tried shows in the answer for
    /// the tag that it makes.
    #[test]
    fn an_earlier_pepper_is_tried_whatever_the_record_stands_under() {
        let vendor = Vendor::parse("acme").unwrap();
        let [earlier, current, unknown] = ["k0", "k1", "k9"].map(|id| PepperId::parse(id).unwrap());
        let ring = Keyring::new(earlier, Pepper::from_bytes([0; Pepper::LEN]));
        let minted = ring.mint(&vendor, Kind::Token, &mut ChaCha20Rng::from_seed([5; 32])).unwrap();
        let ring = ring.rotated(current, Pepper::from_bytes([1; Pepper::LEN])).unwrap();
        let presented = vendor.read(minted.token.expose()).unwrap();
        for (id, is_known) in [(earlier, true), (current, false), (unknown, false)] {
            let (known, is_genuine) = ring.is_of_earlier(&presented, &Digest::signed(id, &minted.digest.tag()));
            assert_eq!((known, bool::from(is_genuine)), (is_known, true), "{id}");
        }
    }
}
