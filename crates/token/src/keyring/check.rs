//! Telling before the first request whether the keyring is the one that the stored records were made with.
//!
//! Under a wrong pepper every credential is refused and nothing says why. A host keeps a [`KeyCheck`] of each pepper
//! beside its data and compares it at start, so that a changed or a missing pepper stops the start and is named.

use core::fmt;
use core::str::FromStr;

use super::{Key, Keyring};
use crate::PepperId;

/// Bytes of a check value: enough that no two peppers ever share one.
const VALUE: usize = 16;

/// What is signed before the pepper's id. Messages of tokens begin with `t`, `s` or `c` and have 55 bytes, so no check
/// value is ever the tag of a token.
const DOMAIN: [u8; 28] = *b"\0service-accounts/key-check\0";

/// Tells one pepper from every other without revealing it; for the host to store beside its data.
///
/// It is made by HMAC-SHA256 under the pepper over a domain of its own and the pepper's id, cut to 16 bytes. It cannot be
/// presented as a token and is not secret: whoever reads it would still have to guess 32 random bytes. The text is the
/// pepper's id, a dot and 32 hexadecimal digits.
///
/// ```
/// use service_accounts_token::{KeyCheck, KeyCheckError, Keyring, Pepper, PepperId};
///
/// let k1 = PepperId::parse("k1")?;
/// let stored: Vec<String> = Keyring::new(k1, Pepper::from_bytes([1; 32])).check_values().map(|c| c.to_string()).collect();
///
/// // At the next start:
/// let wrong = Keyring::new(k1, Pepper::from_bytes([2; 32]));
/// let refused = stored.iter().try_for_each(|text| wrong.verify_check(&KeyCheck::parse(text)?));
/// assert_eq!(refused, Err(KeyCheckError::Different(k1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyCheck {
    pepper: PepperId,
    value: [u8; VALUE],
}

impl Keyring {
    /// One check value for each pepper, the current one first.
    pub fn check_values(&self) -> impl Iterator<Item = KeyCheck> + '_ {
        self.keys().map(Key::check)
    }

    /// Compares a stored check value with the pepper of the same id.
    ///
    /// A host refuses to start on an error while records stand under that pepper; once
    /// [`Verifier::census`](crate::Verifier::census) finds none, it may delete the stored value instead.
    ///
    /// # Errors
    /// The keyring has no pepper of this id, or another one under this id.
    pub fn verify_check(&self, stored: &KeyCheck) -> Result<(), KeyCheckError> {
        let key = self.keys().find(|key| key.id == stored.pepper).ok_or(KeyCheckError::Missing(stored.pepper))?;
        if key.check() == *stored { Ok(()) } else { Err(KeyCheckError::Different(stored.pepper)) }
    }
}

impl Key {
    fn check(&self) -> KeyCheck {
        let id = self.id.padded();
        let mut message = [0; DOMAIN.len() + PepperId::MAX];
        message.iter_mut().zip(DOMAIN.into_iter().chain(id)).for_each(|(slot, byte)| *slot = byte);
        let mut value = [0; VALUE];
        value.iter_mut().zip(self.mac.tag_of(&message)).for_each(|(slot, byte)| *slot = byte);
        KeyCheck { pepper: self.id, value }
    }
}

impl KeyCheck {
    /// The id of the pepper it was made from.
    #[must_use]
    pub fn pepper(&self) -> PepperId {
        self.pepper
    }

    /// Reads the text that `Display` writes.
    ///
    /// # Errors
    /// The text is no pepper id, a dot and 32 lower-case hexadecimal digits. Nothing of it is in the error.
    pub fn parse(text: &str) -> Result<Self, KeyCheckError> {
        let (pepper, digits) = text.split_once('.').ok_or(KeyCheckError::Text)?;
        let pepper = PepperId::parse(pepper).map_err(|_| KeyCheckError::Text)?;
        let is_hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let value = u128::from_str_radix(digits, 16).ok().filter(|_| is_hex && digits.len() == 2 * VALUE);
        Ok(Self { pepper, value: value.ok_or(KeyCheckError::Text)?.to_be_bytes() })
    }
}

impl fmt::Display for KeyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:032x}", self.pepper, u128::from_be_bytes(self.value))
    }
}

impl FromStr for KeyCheck {
    type Err = KeyCheckError;

    fn from_str(text: &str) -> Result<Self, KeyCheckError> {
        Self::parse(text)
    }
}

/// Why a check value does not confirm a keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyCheckError {
    /// The keyring has no pepper of this id.
    Missing(PepperId),
    /// The pepper of this id is not the one the value was made from.
    Different(PepperId),
    /// The text is no check value.
    Text,
}

impl fmt::Display for KeyCheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(id) => write!(f, "the keyring lacks pepper `{id}`, add it as an earlier one"),
            Self::Different(id) => write!(f, "pepper `{id}` is not the one the stored credentials were made with"),
            Self::Text => f.write_str("a key check value is a pepper id, a dot and 32 lower-case hexadecimal digits"),
        }
    }
}

impl core::error::Error for KeyCheckError {}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;
    use crate::Pepper;

    fn id(text: &str) -> PepperId {
        PepperId::parse(text).unwrap()
    }

    fn keyring(current: &str, byte: u8) -> Keyring {
        Keyring::new(id(current), Pepper::from_bytes([byte; 32]))
    }

    fn value(name: &str, byte: u8) -> KeyCheck {
        keyring(name, byte).check_values().next().unwrap()
    }

    /// pterodactyl#571: a changed pepper started silently and voided every credential.
    #[test]
    fn a_changed_or_a_missing_pepper_is_refused_and_named() {
        let stored = value("k1", 1);
        assert_eq!(keyring("k1", 1).verify_check(&stored), Ok(()));
        assert_eq!(keyring("k1", 2).verify_check(&stored), Err(KeyCheckError::Different(id("k1"))));
        assert_eq!(keyring("k2", 1).verify_check(&stored), Err(KeyCheckError::Missing(id("k1"))));
        let rotated = keyring("k1", 1).rotated(id("k2"), Pepper::from_bytes([2; 32])).unwrap();
        assert_eq!(rotated.verify_check(&stored), Ok(()));
        let retired = rotated.retired(id("k1")).unwrap();
        assert_eq!(retired.verify_check(&stored), Err(KeyCheckError::Missing(id("k1"))));
    }

    #[test]
    fn every_pepper_has_a_value_of_its_own_and_the_current_is_first() {
        let two = keyring("k1", 1).with_earlier(id("k0"), Pepper::from_bytes([1; 32])).unwrap();
        let values: Vec<_> = two.check_values().collect();
        assert_eq!(values.iter().map(KeyCheck::pepper).collect::<Vec<_>>(), [id("k1"), id("k0")]);
        assert_eq!(values, [value("k1", 1), value("k0", 1)]);
        assert_ne!(values[0].value, values[1].value, "one pepper under two ids does not show as one");
        assert_ne!(value("k1", 1).value, value("k1", 2).value);
    }

    /// Computed with Python's `hmac` over the same message: a value that was stored is good for ever.
    #[test]
    fn the_value_never_changes() {
        assert_eq!(value("k1", 7).to_string(), FROZEN);
        assert_eq!(KeyCheck::parse(FROZEN), Ok(value("k1", 7)));
    }

    #[test]
    fn a_value_has_one_spelling() {
        let digits = &FROZEN[3..];
        for broken in [
            String::new(),
            "k1".into(),
            digits.into(),
            format!(".{digits}"),
            format!("K1.{digits}"),
            format!("k1.{}", &digits[1..]),
            format!("k1.0{digits}"),
            format!("k1.+{}", &digits[1..]),
            format!("k1.{}", digits.to_uppercase()),
            format!("k1.{digits} "),
        ] {
            assert_eq!(KeyCheck::parse(&broken), Err(KeyCheckError::Text), "{broken}");
        }
    }

    const FROZEN: &str = "k1.1557c52d46943ed50f8d5e44e80023d7";
}
