//! The key that seals are made under, and what hashing gives.

use alloc::string::String;
use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The key of the seals; use it for nothing else.
///
/// `Debug` does not show it, and it is wiped when it is dropped.
#[derive(Clone)]
pub struct SealKey(Hmac<Sha256>);

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a seal key is 64 hexadecimal digits; make one with `openssl rand -hex 32`")]
#[non_exhaustive]
pub struct SealKeyError;

impl SealKey {
    /// The key with these bytes, which should come from the system's source of randomness.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        // HMAC pads a short key with zeros itself (RFC 2104 §2), so this is the same key.
        let mut block = [0; 64];
        block.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
        Self(Hmac::new(&block.into()))
    }

    /// Reads a key from 64 hexadecimal digits.
    ///
    /// # Errors
    /// The text is anything else. Nothing of it is in the error.
    pub fn parse(text: &str) -> Result<Self, SealKeyError> {
        unhex(text)
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .map(|bytes| Self::new(&bytes))
            .ok_or(SealKeyError)
    }

    /// A name that tells this key from others and nothing of its bytes: eight hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        let [a, b, c, d, ..] = self.tag(&[b"service-accounts seal key id\n"]).0;
        hex(&[a, b, c, d])
    }

    pub(super) fn tag(&self, parts: &[&[u8]]) -> Digest {
        Digest(self.over(parts).finalize().into_bytes().into())
    }

    /// Takes the same time wherever the tag differs.
    pub(super) fn is_tag(&self, parts: &[&[u8]], tag: &Digest) -> bool {
        self.over(parts).verify_slice(&tag.0).is_ok()
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey")
    }
}

/// 32 bytes of SHA-256 or of HMAC-SHA256, written as hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest(pub(super) [u8; 32]);

impl Digest {
    /// For who keeps or compares it without the digits of its text.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = unhex(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("expected 64 hexadecimal digits"))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect()
}

pub(super) fn unhex(text: &str) -> Option<alloc::vec::Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// RFC 4231, test cases 1 and 2, whose keys are shorter than 32 bytes, padded as RFC 2104 says.
    #[test]
    fn tags_are_hmac_sha256() {
        let key = |text: &[u8]| {
            let mut bytes = [0; 32];
            bytes[..text.len()].copy_from_slice(text);
            SealKey::new(&bytes)
        };
        let tag = key(&[0x0b; 20]).tag(&[b"Hi ", b"There"]);
        assert_eq!(hex(&tag.0), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        let tag = key(b"Jefe").tag(&[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex(&tag.0), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(key(b"Jefe").is_tag(&[b"what do ya want for nothing?"], &tag));
        assert!(!key(b"jefe").is_tag(&[b"what do ya want for nothing?"], &tag));
    }

    #[test]
    fn every_byte_of_a_key_counts() {
        let tag = SealKey::new(&[7; 32]).tag(&[b"x"]);
        for at in 0..32 {
            let mut other = [7; 32];
            other[at] = 8;
            assert_ne!(SealKey::new(&other).tag(&[b"x"]), tag, "{at}");
        }
    }

    #[test]
    fn a_key_is_64_digits_and_never_shown() {
        let text = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
        let key = SealKey::parse(text).unwrap();
        assert_eq!(format!("{key:?}"), "SealKey");
        for wrong in
            ["", &text[1..], &text[2..], &format!("{text}00"), &text.replace('f', "g"), &text.replace("00", "é")]
        {
            assert_eq!(SealKey::parse(wrong).err(), Some(SealKeyError), "{wrong}");
        }
    }
}
