//! Which pepper a record was made under.

use core::fmt;
use core::str::{self, FromStr};

/// A pepper's name in a keyring and in each record made under it, 1 to 8 characters of `a-z0-9`.
///
/// ```
/// use service_accounts_token::PepperId;
///
/// assert_eq!(PepperId::parse("k1")?.as_str(), "k1");
/// # Ok::<(), service_accounts_token::PepperIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PepperId([u8; PepperId::MAX]);

impl PepperId {
    /// The longest id, in characters.
    pub const MAX: usize = 8;

    /// Reads a pepper id.
    ///
    /// # Errors
    /// The text is empty, longer than 8 characters, or holds anything but `a-z` and `0-9`.
    pub fn parse(text: &str) -> Result<Self, PepperIdError> {
        if text.is_empty() || text.len() > Self::MAX {
            return Err(PepperIdError::Length(text.len()));
        }
        if !text.bytes().all(is_allowed) {
            return Err(PepperIdError::Character);
        }
        let mut padded = [0; Self::MAX];
        padded.iter_mut().zip(text.bytes()).for_each(|(slot, byte)| *slot = byte);
        Ok(Self(padded))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default().trim_end_matches('\0')
    }

    /// The id followed by zeros, as it stands in a record.
    pub(crate) const fn padded(self) -> [u8; Self::MAX] {
        self.0
    }

    pub(crate) fn from_padded(padded: [u8; Self::MAX]) -> Result<Self, PepperIdError> {
        let text = str::from_utf8(&padded).map_err(|_| PepperIdError::Character)?;
        Self::parse(text.trim_end_matches('\0'))
    }
}

impl FromStr for PepperId {
    type Err = PepperIdError;

    fn from_str(text: &str) -> Result<Self, PepperIdError> {
        Self::parse(text)
    }
}

impl fmt::Display for PepperId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PepperId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PepperId").field(&self.as_str()).finish()
    }
}

/// Why a text is no pepper id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PepperIdError {
    /// Its length in bytes is outside 1 to 8.
    Length(usize),
    /// It holds something other than `a-z0-9`.
    Character,
}

impl fmt::Display for PepperIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => {
                write!(f, "a pepper id has 1 to 8 characters, this one {length}")
            }
            Self::Character => f.write_str("a pepper id holds only a to z and 0 to 9"),
        }
    }
}

impl core::error::Error for PepperIdError {}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_id_has_one_to_eight_characters() {
        assert_eq!(PepperId::parse(""), Err(PepperIdError::Length(0)));
        assert_eq!(PepperId::parse("k").unwrap().as_str(), "k");
        assert_eq!(PepperId::parse("2026autm").unwrap().to_string(), "2026autm");
        assert_eq!(PepperId::parse("2026autmn"), Err(PepperIdError::Length(9)));
        assert_eq!(alloc::format!("{:?}", PepperId::parse("k1")), "Ok(PepperId(\"k1\"))");
    }

    #[test]
    fn an_id_holds_lower_case_letters_and_digits_only() {
        for text in ["K1", "k_1", "k 1", "k\0", "\0", "ké", "k:"] {
            assert_eq!(PepperId::parse(text), Err(PepperIdError::Character), "{text:?}");
        }
        assert_eq!(PepperIdError::Length(9).to_string(), "a pepper id has 1 to 8 characters, this one 9");
        assert_eq!(PepperIdError::Character.to_string(), "a pepper id holds only a to z and 0 to 9");
    }

    #[test]
    fn an_id_reads_back_from_its_padded_form_and_no_other_form_reads() {
        let id = PepperId::parse("k1").unwrap();
        assert_eq!(id.padded(), *b"k1\0\0\0\0\0\0");
        assert_eq!(PepperId::from_padded(id.padded()), Ok(id));
        for padded in [*b"\0\0\0\0\0\0\0\0", *b"k\x001\0\0\0\0\0", *b"k1\0\0\0\0\0K", *b"\xffk1\0\0\0\0\0"] {
            assert!(PepperId::from_padded(padded).is_err(), "{padded:?}");
        }
    }
}
