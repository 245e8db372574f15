//! Whose tokens these are: the host's prefix.
//!
//! A vendor makes a leaked token recognisable: anyone who finds `acme_sat_…` knows whom to tell, and a
//! scanner needs no guessing. It is also where reading begins, because its length fixes the length of
//! every token of the host.

use core::fmt;
use core::str::{self, FromStr};

use crate::checksum;
use crate::presented::AFTER_VENDOR;

/// The host's token prefix, 2 to 16 characters of `a-z0-9`.
///
/// ```
/// use service_accounts_token::Vendor;
///
/// let vendor = Vendor::parse("acme")?;
/// assert_eq!(vendor.as_str(), "acme");
/// assert!(Vendor::parse("Acme").is_err());
/// # Ok::<(), service_accounts_token::VendorError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Vendor {
    name: [u8; Vendor::MAX],
    len: u8,
    /// CRC-32 of the name and its underscore, where the checksum of every token starts from.
    checksum: u32,
}

impl Vendor {
    /// The longest name, in characters.
    pub const MAX: usize = 16;
    /// The shortest name, in characters.
    pub const MIN: usize = 2;

    /// Reads a vendor name.
    ///
    /// # Errors
    /// The name is too short, too long, or holds anything but `a-z` and `0-9`.
    pub fn parse(text: &str) -> Result<Self, VendorError> {
        let len = Self::measure(text)?;
        let mut name = [0; Self::MAX];
        name.iter_mut().zip(text.bytes()).for_each(|(slot, byte)| *slot = byte);
        Ok(Self { name, len, checksum: checksum::of_vendor(text) })
    }

    /// The length of a vendor's name, or why the text is none.
    pub(crate) fn measure(text: &str) -> Result<u8, VendorError> {
        let len = text.len();
        if !(Self::MIN..=Self::MAX).contains(&len) {
            return Err(VendorError::Length(len));
        }
        if let Some(position) = text.bytes().position(|byte| !is_allowed(byte)) {
            return Err(VendorError::Character(position));
        }
        u8::try_from(len).map_err(|_| VendorError::Length(len))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Characters in each of this vendor's tokens.
    #[must_use]
    #[inline]
    pub fn token_len(&self) -> usize {
        usize::from(self.len) + 1 + AFTER_VENDOR
    }

    /// Whether a text, as long as the vendor's tokens are, begins with the name and an underscore.
    #[inline]
    pub(crate) fn begins(&self, text: &[u8]) -> bool {
        let Some(start) = text.first_chunk() else { return false };
        self.align_right(start) == self.align_right(&self.name) && text.get(usize::from(self.len)) == Some(&b'_')
    }

    /// The name at the end of its place, zeros before it.
    #[inline]
    pub(crate) fn right_aligned(&self) -> [u8; Self::MAX] {
        self.align_right(&self.name).to_le_bytes()
    }

    /// The start of a text as a number, without the bytes that are beyond the name. Texts this short are
    /// moved and compared as numbers, because a call to do so costs a tenth of the whole reading.
    #[inline]
    fn align_right(&self, start: &[u8; Self::MAX]) -> u128 {
        u128::from_le_bytes(*start) << (8 * (Self::MAX - usize::from(self.len)))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.name.get(..usize::from(self.len)).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn checksum(&self) -> u32 {
        self.checksum
    }
}

impl FromStr for Vendor {
    type Err = VendorError;

    fn from_str(text: &str) -> Result<Self, VendorError> {
        Self::parse(text)
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vendor").field(&self.as_str()).finish()
    }
}

/// Why a text is no vendor name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VendorError {
    /// Its length in bytes is outside 2 to 16.
    Length(usize),
    /// The byte at this position is not one of `a-z0-9`.
    Character(usize),
}

impl fmt::Display for VendorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => {
                write!(f, "a vendor name has 2 to 16 characters, this one {length}")
            }
            Self::Character(position) => {
                write!(f, "a vendor name holds only a to z and 0 to 9, unlike byte {position}")
            }
        }
    }
}

impl core::error::Error for VendorError {}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_vendor_has_two_to_sixteen_characters() {
        assert_eq!(Vendor::parse(""), Err(VendorError::Length(0)));
        assert_eq!(Vendor::parse("a"), Err(VendorError::Length(1)));
        assert_eq!(Vendor::parse("ab").unwrap().as_str(), "ab");
        assert_eq!(Vendor::parse("abc").unwrap().as_str(), "abc");
        assert_eq!(Vendor::parse("abcdefghijklmno").unwrap().as_str().len(), 15);
        assert_eq!(Vendor::parse("abcdefghijklmnop").unwrap().as_str().len(), 16);
        assert_eq!(Vendor::parse("abcdefghijklmnopq"), Err(VendorError::Length(17)));
    }

    #[test]
    fn a_vendor_holds_lower_case_letters_and_digits_only() {
        for byte in 0..=127u8 {
            let text = ['x', 'y', char::from(byte)].iter().collect::<alloc::string::String>();
            let expected = matches!(byte, b'a'..=b'z' | b'0'..=b'9');
            assert_eq!(Vendor::parse(&text).is_ok(), expected, "byte {byte}");
        }
        assert_eq!(Vendor::parse("ab_c"), Err(VendorError::Character(2)));
        assert_eq!(Vendor::parse("abé"), Err(VendorError::Character(2)));
    }

    #[test]
    fn a_vendor_prints_as_its_name() {
        let vendor: Vendor = "acme7".parse().unwrap();
        assert_eq!(vendor.to_string(), "acme7");
        assert_eq!(alloc::format!("{vendor:?}"), "Vendor(\"acme7\")");
    }

    #[test]
    fn errors_name_the_place_and_never_the_input() {
        assert_eq!(VendorError::Length(1).to_string(), "a vendor name has 2 to 16 characters, this one 1");
        assert_eq!(VendorError::Character(3).to_string(), "a vendor name holds only a to z and 0 to 9, unlike byte 3");
    }
}
