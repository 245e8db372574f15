//! The key that makes a stolen database useless.
//!
//! Tokens are stored only as MACs under a pepper, which lives with the service and not with its data. All
//! peppers are exactly 32 bytes, so none is weak by being short and none is hashed before use.

mod id;
mod text;

use alloc::boxed::Box;
use core::fmt;

use rand_core::TryCryptoRng;

use crate::wipe;

pub use id::{PepperId, PepperIdError};

/// A secret 32-byte key, wiped when dropped.
///
/// The MAC does not wipe its working copy, which would cost a fifth of a verification: when the tag is out, the two hashes
/// have overwritten the key's midstates and the message. Hash outputs stay on the stack.
///
/// It has neither `Clone` nor `PartialEq` nor `Display`, and `Debug` shows nothing of it. The bytes stay at one
/// place on the heap however often the pepper is moved.
///
/// ```
/// use service_accounts_token::Pepper;
///
/// let pepper = Pepper::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")?;
/// assert_eq!(format!("{pepper:?}"), "Pepper(..)");
/// # Ok::<(), service_accounts_token::PepperError>(())
/// ```
///
/// ```compile_fail,E0599
/// # use service_accounts_token::Pepper;
/// let pepper = Pepper::from_bytes([7; 32]);
/// let copy = pepper.clone();
/// ```
///
/// ```compile_fail,E0277
/// # use service_accounts_token::Pepper;
/// println!("{}", Pepper::from_bytes([7; 32]));
/// ```
///
/// ```compile_fail,E0369
/// # use service_accounts_token::Pepper;
/// Pepper::from_bytes([7; 32]) == Pepper::from_bytes([7; 32]);
/// ```
pub struct Pepper(Box<[u8; Pepper::LEN]>);

impl Pepper {
    /// Bytes in a pepper.
    pub const LEN: usize = 32;

    /// Takes the key's bytes; wiping the array they came from is the caller's part.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        let mut pepper = Self::blank();
        *pepper.0 = bytes;
        pepper
    }

    /// Takes the key's bytes from a slice, such as a file's content.
    ///
    /// # Errors
    /// There are not exactly 32 of them.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, PepperError> {
        let mut pepper = Self::blank();
        *pepper.0 = *<&[u8; Self::LEN]>::try_from(bytes).map_err(|_| PepperError::Length(bytes.len()))?;
        Ok(pepper)
    }

    /// Reads the key from 64 hexadecimal digits of either case.
    ///
    /// # Errors
    /// There are more or fewer, or one is no digit. Nothing of the text is in the error.
    #[inline(never)]
    pub fn from_hex(text: &str) -> Result<Self, PepperError> {
        let mut pepper = Self::blank();
        text::decode_hex(text, &mut pepper.0)?;
        Ok(pepper)
    }

    /// Reads the key from base64, of the standard or the URL-safe alphabet, padded or not.
    ///
    /// # Errors
    /// The text is not the one spelling of 32 bytes. Nothing of the text is in the error.
    #[inline(never)]
    pub fn from_base64(text: &str) -> Result<Self, PepperError> {
        let mut pepper = Self::blank();
        text::decode_base64(text, &mut pepper.0)?;
        Ok(pepper)
    }

    /// Reads the key from hexadecimal or base64; their lengths tell them apart.
    ///
    /// # Errors
    /// The text is neither. Nothing of it is in the error.
    pub fn parse(text: &str) -> Result<Self, PepperError> {
        if text.len() == 2 * Self::LEN { Self::from_hex(text) } else { Self::from_base64(text) }
    }

    /// Makes a new key.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, R::Error> {
        let mut pepper = Self::blank();
        rng.try_fill_bytes(pepper.0.as_mut_slice())?;
        Ok(pepper)
    }

    /// Hands out the bytes, for a host that keeps a new key somewhere safe.
    #[must_use]
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    fn blank() -> Self {
        Self(Box::new([0; Self::LEN]))
    }
}

impl Drop for Pepper {
    fn drop(&mut self) {
        wipe::bytes(&mut *self.0);
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(..)")
    }
}

/// Why something is no pepper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PepperError {
    /// Its length, in bytes of what was given, is that of no spelling of 32 bytes.
    Length(usize),
    /// It holds a character outside its encoding, or bits that no encoder writes.
    Encoding,
}

impl fmt::Display for PepperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "a pepper has exactly 32 bytes, and {length} given do not make it up"),
            Self::Encoding => f.write_str("the pepper is not spelt in hexadecimal or base64"),
        }
    }
}

impl core::error::Error for PepperError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    const BYTES: [u8; 32] = *b"\0\x01\x02\x03\x04\x05\x06\x07\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff0123456789abcdef";
    const HEX: &str = "0001020304050607f8f9fafbfcfdfeff30313233343536373839616263646566";
    const BASE64: &str = "AAECAwQFBgf4+fr7/P3+/zAxMjM0NTY3ODlhYmNkZWY";

    #[test]
    fn one_key_has_many_spellings() {
        let url_safe = BASE64.replace('+', "-").replace('/', "_");
        let peppers = [
            Pepper::from_slice(&BYTES),
            Pepper::from_hex(HEX),
            Pepper::from_hex(&HEX.to_uppercase()),
            Pepper::from_base64(BASE64),
            Pepper::from_base64(&format!("{BASE64}=")),
            Pepper::from_base64(&url_safe),
            Pepper::parse(HEX),
            Pepper::parse(BASE64),
            Ok(Pepper::from_bytes(BYTES)),
        ];
        for pepper in peppers {
            assert_eq!(pepper.unwrap().expose(), &BYTES);
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert_eq!(Pepper::from_slice(&BYTES[..31]).err(), Some(PepperError::Length(31)));
        assert_eq!(Pepper::from_slice(&[7; 33]).err(), Some(PepperError::Length(33)));
        assert_eq!(Pepper::from_hex(&HEX[..63]).err(), Some(PepperError::Length(63)));
        assert_eq!(Pepper::from_hex(&format!("{HEX}0")).err(), Some(PepperError::Length(65)));
        assert_eq!(Pepper::from_base64(&BASE64[..42]).err(), Some(PepperError::Length(42)));
        assert_eq!(Pepper::from_base64(&format!("{BASE64}A")).err(), Some(PepperError::Length(44)));
        assert_eq!(Pepper::from_base64(&format!("{BASE64}==")).err(), Some(PepperError::Length(45)));
        assert_eq!(Pepper::parse("").err(), Some(PepperError::Length(0)));
    }

    #[test]
    fn a_generated_key_is_what_the_source_gave() {
        use rand_chacha::rand_core::{Rng, SeedableRng};
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
        let pepper = Pepper::generate(&mut rng).unwrap();
        let mut expected = [0; 32];
        rand_chacha::ChaCha20Rng::from_seed([1; 32]).fill_bytes(&mut expected);
        assert_eq!(pepper.expose(), &expected);
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        assert_eq!(format!("{:?}", Pepper::from_bytes(BYTES)), "Pepper(..)");
        assert_eq!(
            PepperError::Length(31).to_string(),
            "a pepper has exactly 32 bytes, and 31 given do not make it up"
        );
        assert_eq!(PepperError::Encoding.to_string(), "the pepper is not spelt in hexadecimal or base64");
    }
}
