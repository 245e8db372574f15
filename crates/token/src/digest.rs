//! What a store keeps in a token's place.
//!
//! A record says how it was made (scheme), under which key (pepper id), and what came out (tag). With all
//! three in one value a store cannot keep one and lose another, and a later scheme can live beside this one.

use alloc::string::String;
use core::fmt::{self, Write};
use core::str::FromStr;

use subtle::Choice;

use crate::{PepperId, PepperIdError, Tag};

/// HMAC-SHA256 over kind, id and secret, the only scheme so far.
const SCHEME: u8 = 1;

/// Bytes of a tag.
const TAG: usize = 32;

/// The stored form of a token: scheme, pepper id and tag.
///
/// It cannot be presented as a token, and it tells nothing of the secret to who has no pepper. Comparison
/// takes the same time wherever two digests differ; `Debug` shows the pepper's id only.
#[derive(Clone)]
pub struct Digest {
    pepper: PepperId,
    tag: [u8; TAG],
}

impl Digest {
    /// Bytes in a stored record.
    pub const LEN: usize = 1 + PepperId::MAX + TAG;

    /// The pepper this was made under.
    #[must_use]
    pub fn pepper(&self) -> PepperId {
        self.pepper
    }

    /// The record for a store: scheme, pepper id padded with zeros, tag.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [SCHEME; Self::LEN];
        let [_, rest @ ..] = &mut bytes;
        let parts = self.pepper.padded().into_iter().chain(self.tag);
        rest.iter_mut().zip(parts).for_each(|(slot, byte)| *slot = byte);
        bytes
    }

    /// Reads a stored record back.
    ///
    /// # Errors
    /// The record has another length, an unknown scheme, or no pepper id: it was damaged or made by a
    /// later release. Nothing of it is in the error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DigestError> {
        let bytes: &[u8; Self::LEN] = bytes.try_into().map_err(|_| DigestError::Length(bytes.len()))?;
        let [scheme, rest @ ..] = bytes;
        if *scheme != SCHEME {
            return Err(DigestError::Scheme(*scheme));
        }
        let (pepper, tag) = rest.split_first_chunk().ok_or(DigestError::Length(Self::LEN))?;
        let pepper = PepperId::from_padded(*pepper).map_err(DigestError::Pepper)?;
        Ok(Self { pepper, tag: tag.try_into().map_err(|_| DigestError::Length(Self::LEN))? })
    }

    /// The record as text, `1.k1.` and 64 hexadecimal digits, for stores that keep text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(2 + PepperId::MAX + 1 + 2 * TAG);
        let tag = Hex(&self.tag);
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{SCHEME}.{}.{tag}", self.pepper);
        text
    }

    /// Reads the textual record back.
    ///
    /// # Errors
    /// The text is none that [`to_text`](Self::to_text) gives. Nothing of it is in the error.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let (scheme, rest) = text.split_once('.').ok_or(DigestError::Text)?;
        let (pepper, tag) = rest.split_once('.').ok_or(DigestError::Text)?;
        match scheme.parse() {
            Ok(SCHEME) if scheme.len() == 1 => {}
            Ok(other) if other != SCHEME => return Err(DigestError::Scheme(other)),
            _ => return Err(DigestError::Text),
        }
        let pepper = PepperId::parse(pepper).map_err(DigestError::Pepper)?;
        Ok(Self { pepper, tag: unhex(tag).ok_or(DigestError::Text)? })
    }

    pub(crate) const fn new(pepper: PepperId, tag: [u8; TAG]) -> Self {
        Self { pepper, tag }
    }

    pub(crate) fn signed(pepper: PepperId, tag: &Tag) -> Self {
        Self { pepper, tag: tag.to_bytes() }
    }

    /// The tag alone, for a store that keeps what is asked at every request apart from the rest.
    #[must_use]
    #[inline]
    pub fn tag(&self) -> Tag {
        Tag::of(&self.tag)
    }

    /// Whether the tag is this one, without a branch on either.
    #[inline]
    pub(crate) fn has_tag(&self, tag: &Tag) -> Choice {
        self.tag().is(tag)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.has_tag(&other.tag())) & (self.pepper == other.pepper)
    }
}

impl Eq for Digest {}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        Self::parse(text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").field("pepper", &self.pepper).finish_non_exhaustive()
    }
}

/// Why a record is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DigestError {
    /// Its length in bytes is not [`Digest::LEN`].
    Length(usize),
    /// This release does not know its scheme.
    Scheme(u8),
    /// Its pepper id is none.
    Pepper(PepperIdError),
    /// The text has not the form of a record.
    Text,
}

impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "a stored digest has {} bytes, this one {length}", Digest::LEN),
            Self::Scheme(scheme) => write!(f, "a stored digest is of the unknown scheme {scheme}"),
            Self::Pepper(_) => f.write_str("a stored digest names no pepper"),
            Self::Text => f.write_str("a stored digest has not the form scheme, pepper id, hexadecimal tag"),
        }
    }
}

impl core::error::Error for DigestError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Pepper(error) => Some(error),
            _ => None,
        }
    }
}

struct Hex<'a>(&'a [u8; TAG]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Lower case only, so that a record has one spelling.
fn unhex(text: &str) -> Option<[u8; TAG]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let (mut tag, mut seen) = ([0; TAG], 0);
    if pairs.len() != TAG {
        return None;
    }
    for (slot, [high, low]) in tag.iter_mut().zip(pairs) {
        let (high, low) = (hex_value(*high), hex_value(*low));
        seen |= high | low;
        *slot = high << 4 | low;
    }
    (seen <= 0xf).then_some(tag)
}

/// More than 15 for what is no digit. Digits of a tag are random, so a branch on each would mostly be mispredicted: that
/// took a tenth of reading a whole record.
fn hex_value(digit: u8) -> u8 {
    let (decimal, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
    let (is_decimal, is_letter) = (u8::from(decimal < 10), u8::from(letter < 6));
    decimal & is_decimal.wrapping_neg()
        | letter.wrapping_add(10) & is_letter.wrapping_neg()
        | (is_decimal | is_letter).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    fn digest() -> Digest {
        let mut tag = [0; TAG];
        (0..).zip(&mut tag).for_each(|(value, slot): (u8, _)| *slot = value * 8);
        Digest::new(PepperId::parse("k1").unwrap(), tag)
    }

    const TEXT: &str = "1.k1.0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8";

    #[test]
    fn a_record_reads_back_from_bytes_and_from_text() {
        let bytes = digest().to_bytes();
        assert_eq!(&bytes[..13], b"\x01k1\0\0\0\0\0\0\x00\x08\x10\x18");
        assert_eq!(Digest::from_bytes(&bytes), Ok(digest()));
        assert_eq!(digest().to_text(), TEXT);
        assert_eq!(TEXT.parse(), Ok(digest()));
    }

    #[test]
    fn equal_differences_in_two_words_never_cancel() {
        for (one, other) in (0..TAG).flat_map(|one| (0..one).map(move |other| (one, other))) {
            let Digest { mut tag, .. } = digest();
            tag[one] ^= 1;
            tag[other] ^= 1;
            assert!(!bool::from(digest().has_tag(&Tag::of(&tag))), "bytes {other} and {one}");
        }
    }

    #[test]
    fn a_damaged_record_is_refused() {
        let bytes = digest().to_bytes();
        assert_eq!(Digest::from_bytes(&bytes[..40]), Err(DigestError::Length(40)));
        assert_eq!(Digest::from_bytes(&[bytes.as_slice(), b"\0"].concat()), Err(DigestError::Length(42)));
        for scheme in [0, 2, u8::MAX] {
            let mut other = bytes;
            other[0] = scheme;
            assert_eq!(Digest::from_bytes(&other), Err(DigestError::Scheme(scheme)));
        }
        let mut nameless = bytes;
        nameless[1..9].fill(0);
        assert_eq!(Digest::from_bytes(&nameless), Err(DigestError::Pepper(PepperIdError::Length(0))));
    }

    #[test]
    fn a_record_has_one_textual_form() {
        assert_eq!(Digest::parse(&TEXT.replacen('1', "2", 1)), Err(DigestError::Scheme(2)));
        assert_eq!(Digest::parse(&TEXT.replace("k1", "")), Err(DigestError::Pepper(PepperIdError::Length(0))));
        let other_forms = [
            format!("0{TEXT}"),
            format!("+{TEXT}"),
            format!("{TEXT}0"),
            format!("{TEXT}00"),
            format!("{TEXT} "),
            TEXT.to_uppercase().replace("K1", "k1"),
            TEXT.replace('.', ":"),
            TEXT[..68].to_string(),
            TEXT[..67].to_string(),
            TEXT.replacen('8', "g", 1),
            TEXT[2..].to_string(),
            String::new(),
            "1.k1".to_string(),
            TEXT.replacen("00", "/0", 1),
            TEXT.replacen("00", "0:", 1),
            TEXT.replacen("00", "`0", 1),
        ];
        for text in other_forms {
            assert_eq!(Digest::parse(&text), Err(DigestError::Text), "{text}");
        }
    }

    #[test]
    fn digests_are_equal_only_in_every_bit() {
        let bytes = digest().to_bytes();
        assert!(digest() == digest());
        for bit in 9 * 8..Digest::LEN * 8 {
            let mut other = bytes;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(Digest::from_bytes(&other).unwrap() != digest(), "bit {bit}");
        }
        assert!(Digest::parse(&TEXT.replace("k1", "k2")).unwrap() != digest());
    }

    #[test]
    fn nothing_of_a_tag_is_printed() {
        assert_eq!(format!("{:?}", digest()), "Digest { pepper: PepperId(\"k1\"), .. }");
        assert_eq!(DigestError::Length(3).to_string(), "a stored digest has 41 bytes, this one 3");
        assert_eq!(DigestError::Scheme(9).to_string(), "a stored digest is of the unknown scheme 9");
        let nameless = DigestError::Pepper(PepperIdError::Character);
        assert_eq!(nameless.to_string(), "a stored digest names no pepper");
        assert_eq!(core::error::Error::source(&nameless).unwrap().to_string(), PepperIdError::Character.to_string());
        assert!(core::error::Error::source(&DigestError::Text).is_none());
        assert_eq!(
            DigestError::Text.to_string(),
            "a stored digest has not the form scheme, pepper id, hexadecimal tag"
        );
    }
}
