//! Naming a text that was shown to somebody, so that a later call can tell whether it is the same.

use alloc::vec::Vec;
use core::fmt;

use super::Keyring;

/// Bytes of a fingerprint: enough that nobody finds two texts that share one.
const LENGTH: usize = 32;

/// What is signed first. Messages of tokens begin with `t`, `s` or `c`, so no fingerprint is ever the tag of a token.
const DOMAIN: &[u8] = b"\0service-accounts/fingerprint\0";

/// Tells one list of texts from every other: HMAC-SHA256 under the current pepper, written as 64 hexadecimal digits.
///
/// Only a holder of the pepper can make one, so a fingerprint that comes back shows that the text was seen here. It is no
/// secret, and it does not outlive the pepper.
///
/// ```
/// use service_accounts_token::{Keyring, Pepper, PepperId};
///
/// let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes([7; 32]));
/// let shown = keyring.fingerprint([b"first".as_slice(), b"second"]);
/// assert_eq!(shown, keyring.fingerprint([b"first".as_slice(), b"second"]));
/// assert_ne!(shown, keyring.fingerprint([b"firsts".as_slice(), b"econd"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; LENGTH]);

impl Keyring {
    /// The fingerprint of these texts in this order, each with its length.
    pub fn fingerprint<'a>(&self, texts: impl IntoIterator<Item = &'a [u8]>) -> Fingerprint {
        let mut message = DOMAIN.to_vec();
        for text in texts {
            append(&mut message, text);
        }
        Fingerprint(self.current.mac.tag_of(&message))
    }
}

/// The length goes first, so that no text can run into the next.
fn append(message: &mut Vec<u8>, text: &[u8]) {
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    message.extend(length.to_be_bytes());
    message.extend(text);
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Pepper, PepperId};

    fn keyring(byte: u8) -> Keyring {
        Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([byte; 32]))
    }

    #[test]
    fn lists_that_differ_have_fingerprints_that_differ() {
        let lists: [&[&[u8]]; 6] = [&[], &[b""], &[b"", b""], &[b"ab"], &[b"a", b"b"], &[b"b", b"a"]];
        let prints: BTreeSet<_> =
            lists.iter().map(|list| keyring(7).fingerprint(list.iter().copied()).to_string()).collect();
        assert_eq!(prints.len(), lists.len());
        assert!(prints.iter().all(|text| text.len() == 2 * LENGTH));
    }

    #[test]
    fn another_pepper_makes_another_fingerprint() {
        assert_ne!(keyring(1).fingerprint([b"text".as_slice()]), keyring(2).fingerprint([b"text".as_slice()]));
    }

    /// Computed with Python's `hmac` over the same message.
    #[test]
    fn a_fingerprint_is_an_hmac_over_the_domain_and_the_texts_with_their_lengths() {
        assert_eq!(keyring(7).fingerprint([b"ab".as_slice(), b""]).to_string(), FROZEN);
    }

    const FROZEN: &str = "896ebeac8e933ec51230675acb4912cb9f41ab8299ac37c062b3c594a0eac0f9";
}
