//! Signatures on messages that leave the service, as Standard Webhooks writes them.
//!
//! ```text
//! v1,base64(HMAC-SHA256(secret, id "." timestamp "." body))
//! ```
//!
//! A receiver knows the secret as `whsec_` and base64. The service keeps no secret of any receiver: it is derived from the
//! pepper and a public seed each time, so a stolen database signs nothing.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::keyring::Keyring;
use crate::{PepperId, wipe};

/// What a receiver's secret begins with.
const PREFIX: &str = "whsec_";

/// What is signed before the seed. Messages of tokens begin with `t`, `s` or `c`, so no tag of a token is ever a secret.
const DOMAIN: &[u8] = b"\0service-accounts/webhook-secret\0";

/// A secret shared with one receiver of signed messages, wiped when dropped.
///
/// `Debug` shows nothing of it, and it cannot be cloned.
///
/// ```
/// use service_accounts_token::SigningSecret;
///
/// let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
/// assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
/// # Ok::<(), service_accounts_token::SigningSecretError>(())
/// ```
pub struct SigningSecret(Box<[u8]>);

/// The text is no secret of Standard Webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningSecretError;

impl SigningSecret {
    /// The shortest secret, in bytes, that the standard allows.
    pub const MIN: usize = 24;

    /// The longest secret, in bytes, that the standard allows.
    pub const MAX: usize = 64;

    /// Reads `whsec_` and base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// The text is another one. Nothing of it is in the error.
    pub fn parse(text: &str) -> Result<Self, SigningSecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SigningSecretError)?;
        let bytes = Base64::decode_vec(encoded).map_err(|_| SigningSecretError)?;
        let secret = Self(bytes.into_boxed_slice());
        if (Self::MIN..=Self::MAX).contains(&secret.0.len()) { Ok(secret) } else { Err(SigningSecretError) }
    }

    /// The text for the receiver, and for nobody else.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", Base64::encode_string(&self.0))
    }

    /// The signature of a message that is sent at `timestamp`, in seconds since 1970.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let signed = format!("{id}.{timestamp}.");
        format!("v1,{}", Base64::encode_string(&tag(&self.0, &[signed.as_bytes(), body])))
    }
}

impl Keyring {
    /// The secret that one pepper makes of a seed; the same each time, and another one for each seed.
    ///
    /// `None` where the keyring has no pepper of this id.
    #[must_use]
    pub fn signing_secret(&self, pepper: PepperId, seed: &[u8]) -> Option<SigningSecret> {
        let message: Vec<u8> = [DOMAIN, seed].concat();
        self.derive(pepper, &message).map(|secret| SigningSecret(Box::new(secret)))
    }
}

fn tag(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is a key of HMAC, so there is no second branch to reach.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

impl Drop for SigningSecret {
    fn drop(&mut self) {
        wipe::bytes(&mut self.0);
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

impl fmt::Display for SigningSecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a signing secret is whsec_ and the base64 of 24 to 64 bytes")
    }
}

impl core::error::Error for SigningSecretError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pepper;

    fn keyring() -> Keyring {
        Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([7; 32]))
    }

    #[test]
    fn a_secret_has_24_to_64_bytes() {
        for (length, is_fit) in [(23, false), (24, true), (25, true), (63, true), (64, true), (65, false)] {
            let text = format!("whsec_{}", Base64::encode_string(&alloc::vec![9; length]));
            assert_eq!(SigningSecret::parse(&text).is_ok(), is_fit, "{length}");
        }
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!"] {
            assert!(SigningSecret::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn each_seed_and_each_pepper_makes_a_secret_of_its_own() {
        let (keyring, k1) = (keyring(), PepperId::parse("k1").unwrap());
        let secret = |seed: &[u8]| keyring.signing_secret(k1, seed).unwrap().expose();
        assert_eq!(secret(b"one"), secret(b"one"));
        assert_ne!(secret(b"one"), secret(b"two"));
        let other = Keyring::new(k1, Pepper::from_bytes([8; 32]));
        assert_ne!(secret(b"one"), other.signing_secret(k1, b"one").unwrap().expose());
        assert!(keyring.signing_secret(PepperId::parse("k2").unwrap(), b"one").is_none());
        assert!(SigningSecret::parse(&secret(b"one")).is_ok());
    }

    #[test]
    fn nothing_of_a_secret_is_printed() {
        let secret = keyring().signing_secret(PepperId::parse("k1").unwrap(), b"one").unwrap();
        assert_eq!(format!("{secret:?}"), "SigningSecret(..)");
    }

    #[test]
    fn a_signature_covers_id_time_and_body() {
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = secret.sign("msg_1", 7, b"{}");
        for other in [secret.sign("msg_2", 7, b"{}"), secret.sign("msg_1", 8, b"{}"), secret.sign("msg_1", 7, b"{ }")] {
            assert_ne!(signed, other);
        }
    }
}
