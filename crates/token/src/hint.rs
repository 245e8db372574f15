//! What a list shows instead of a token.

use core::fmt;
use core::str::{self, FromStr};

use crate::presented::AFTER_VENDOR;
use crate::{Kind, Vendor, base62};

/// Characters shown on either side of the ellipsis.
const SHOWN: usize = 4;

const ELLIPSIS: &str = "…";

/// Vendor, underscore, kind, underscore, head, ellipsis, tail.
const MAX: usize = Vendor::MAX + 1 + Kind::LEN + 1 + SHOWN + ELLIPSIS.len() + SHOWN;

/// A token's obfuscated form, `acme_sat_Ab12…x9Zq`, for people to recognise it by.
///
/// The head is the start of the public id. The tail is the end of the checksum, so that it matches the end
/// of the token in someone's hands; knowing it tells at most [`REVEALED_BITS`](Self::REVEALED_BITS) of the
/// secret, and at least [`REMAINING_BITS`](Self::REMAINING_BITS) remain to be guessed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hint {
    text: [u8; MAX],
    len: u8,
}

impl Hint {
    /// Bits of the secret that a hint can tell at most: four base62 characters of its checksum, rounded up.
    pub const REVEALED_BITS: u32 = 24;
    /// Bits of the secret that remain unknown at least: 38 base62 characters, rounded down, less the tail.
    pub const REMAINING_BITS: u32 = 226 - Self::REVEALED_BITS;

    /// Reads a hint back, as from a store.
    ///
    /// # Errors
    /// The text is not what [`as_str`](Self::as_str) gives for any token.
    pub fn parse(text: &str) -> Result<Self, HintError> {
        let [vendor, kind, head, tail] = parts(text).ok_or(HintError)?;
        Vendor::measure(vendor).map_err(|_| HintError)?;
        Kind::parse(kind).map_err(|_| HintError)?;
        let shown = [head, tail].iter().all(|shown| base62::is_text(shown.as_bytes()));
        if shown { Ok(Self::join([text.as_bytes()])) } else { Err(HintError) }
    }

    /// The hint as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.get(..usize::from(self.len)).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }

    /// The hint of a token, given the vendor and its underscore, and what follows them.
    pub(crate) fn of(prefix: &[u8], after_vendor: &[u8; AFTER_VENDOR]) -> Self {
        let [a, b, c, d, e, f, g, h, .., w, x, y, z] = *after_vendor;
        Self::join([prefix, &[a, b, c, d, e, f, g, h], ELLIPSIS.as_bytes(), &[w, x, y, z]])
    }

    fn join<const N: usize>(parts: [&[u8]; N]) -> Self {
        let mut hint = Self { text: [0; MAX], len: 0 };
        for (slot, byte) in hint.text.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = *byte;
            hint.len = hint.len.saturating_add(1);
        }
        hint
    }
}

/// Vendor, kind, head and tail. All but the vendor are as long as ever, so nothing is searched for.
fn parts(text: &str) -> Option<[&str; 4]> {
    let (front, tail) = last(text, SHOWN)?;
    let (front, head) = last(front.strip_suffix(ELLIPSIS)?, SHOWN)?;
    let (front, kind) = last(front.strip_suffix('_')?, Kind::LEN)?;
    Some([front.strip_suffix('_')?, kind, head, tail])
}

/// The text before its last bytes, and those.
fn last(text: &str, bytes: usize) -> Option<(&str, &str)> {
    text.split_at_checked(text.len().checked_sub(bytes)?)
}

impl FromStr for Hint {
    type Err = HintError;

    fn from_str(text: &str) -> Result<Self, HintError> {
        Self::parse(text)
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hint").field(&self.as_str()).finish()
    }
}

/// The text is no hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HintError;

impl fmt::Display for HintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hint is vendor_kind_ and four characters on either side of an ellipsis")
    }
}

impl core::error::Error for HintError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_hint_reads_back_from_its_text() {
        for text in ["acme_sat_Ab12…x9Zq", "ab_ses_0000…zzzz", "abcdefghijklmnop_sec_Ab12…x9Zq"] {
            let hint: Hint = text.parse().unwrap();
            assert_eq!(hint.as_str(), text);
            assert_eq!(hint.to_string(), text);
        }
        assert_eq!(alloc::format!("{:?}", Hint::parse("ab_ses_0000…zzzz")), "Ok(Hint(\"ab_ses_0000…zzzz\"))");
    }

    #[test]
    fn no_other_text_is_a_hint() {
        let wrong = [
            "",
            "acme_sat_Ab12...x9Zq",
            "acme_sat_Ab12…x9Z",
            "acme_sat_Ab12…x9Zqq",
            "acme_sat_Ab1…x9Zq",
            "acme_sat_Ab123…x9Zq",
            "acme_sad_Ab12…x9Zq",
            "Acme_sat_Ab12…x9Zq",
            "acme-sat-Ab12…x9Zq",
            "acme_sat_Ab1-…x9Zq",
            "acme_sat_Ab12…x9Z-",
            "sat_Ab12…x9Zq",
            "a_sat_Ab12…x9Zq",
            "Ab12…x9Zq",
        ];
        for text in wrong {
            assert_eq!(Hint::parse(text), Err(HintError), "{text}");
        }
        assert_eq!(HintError.to_string(), "a hint is vendor_kind_ and four characters on either side of an ellipsis");
    }

    #[test]
    fn the_bits_a_hint_leaves_are_those_of_the_secret_less_its_tail() {
        let bits = |symbols: i32| f64::from(symbols) * 62_f64.log2();
        assert!(bits(4) <= f64::from(Hint::REVEALED_BITS));
        assert!(bits(38) - bits(4) >= f64::from(Hint::REMAINING_BITS));
        assert!(bits(38) - bits(4) < f64::from(Hint::REMAINING_BITS + 1));
    }
}
