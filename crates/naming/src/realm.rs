//! The part after the `@`: which tenant an id belongs to.
//!
//! A realm is written as a host name is (RFC 1123 §2.1, lower case only), because an id can be shown as an e-mail
//! address whose domain is the realm. It never ends in `invalid`: that label marks the e-mail form, and a realm
//! that carried it would make the id of one tenant read as the address of another.

use alloc::sync::Arc;

use crate::text::parsed_text;

/// The longest realm: with a full local part, its `@` and `.invalid` it still is an address of RFC 5321 (254 bytes).
const MAX_BYTES: usize = 128;

/// The longest label of a host name (RFC 1035 §2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// The top-level domain that no name server ever resolves (RFC 6761 §6.4).
pub(crate) const UNDELIVERABLE_LABEL: &str = "invalid";

/// The tenancy boundary: the part of an account id after the `@`.
///
/// ```
/// use service_accounts_naming::Realm;
///
/// assert_eq!(Realm::default().as_str(), "service");
/// assert!(Realm::parse("acme.service").is_ok());
/// assert!(Realm::parse("Acme").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Realm(Arc<str>);

impl Realm {
    /// Reads a realm: labels of `a-z`, `0-9` and inner `-`, parted by dots, 128 bytes at most.
    ///
    /// # Errors
    ///
    /// Says which rule is broken and where; upper case is refused, never folded.
    pub fn parse(text: &str) -> Result<Self, RealmError> {
        check(text)?;
        Ok(Self(text.into()))
    }
}

/// The realm of the products this crate follows: `service`.
impl Default for Realm {
    fn default() -> Self {
        Self("service".into())
    }
}

parsed_text!(Realm, RealmError);

/// Why a text is no realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RealmError {
    /// There is no text.
    #[error("a realm needs at least one character")]
    Empty,
    /// The text is longer than a realm may be.
    #[error("a realm has at most {max} bytes, not {length}")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A character that a realm cannot hold.
    #[error("a realm holds only a-z, 0-9, inner hyphens and dots, unlike the character at byte {at}")]
    Character {
        /// Where it is.
        at: usize,
    },
    /// A label that is empty, too long, or begins or ends with a hyphen.
    #[error("a label of a realm has 1 to 63 characters and no hyphen at its ends, unlike the one at byte {at}")]
    Label {
        /// Where the label begins.
        at: usize,
    },
    /// The last label is the one kept for undeliverable addresses.
    #[error("a realm does not end in the label kept for undeliverable addresses")]
    Undeliverable,
}

/// Checks a realm without allocating.
pub(crate) fn check(text: &str) -> Result<(), RealmError> {
    if text.is_empty() {
        return Err(RealmError::Empty);
    }
    if text.len() > MAX_BYTES {
        return Err(RealmError::TooLong { length: text.len(), max: MAX_BYTES });
    }
    if let Some(at) = text.bytes().position(|byte| !matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.')) {
        return Err(RealmError::Character { at });
    }
    let mut at = 0;
    for label in text.split('.') {
        if !is_label(label) {
            return Err(RealmError::Label { at });
        }
        at += label.len() + 1;
    }
    if text.rsplit('.').next() == Some(UNDELIVERABLE_LABEL) { Err(RealmError::Undeliverable) } else { Ok(()) }
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;

    #[test]
    fn host_names_in_lower_case_are_realms() {
        for text in ["service", "a", "0", "acme.service", "a-b.c-d.e", "tenant--7", "invalid.service", "invalids"] {
            assert_eq!(Realm::parse(text).map(|realm| realm.to_string()), Ok(text.to_string()));
        }
    }

    #[test]
    fn what_no_host_name_holds_is_refused_with_its_place() {
        for (text, at) in [("Service", 0), ("ser vice", 3), ("a_b", 1), ("a@b", 1), ("caf\u{e9}", 3), ("a/b", 1)] {
            assert_eq!(Realm::parse(text), Err(RealmError::Character { at }), "{text}");
        }
        for (text, at) in [(".a", 0), ("a.", 2), ("a..b", 2), ("-a", 0), ("a-", 0), ("ab.-c", 3), ("ab.c-.d", 3)] {
            assert_eq!(Realm::parse(text), Err(RealmError::Label { at }), "{text}");
        }
        assert_eq!(Realm::parse(""), Err(RealmError::Empty));
    }

    #[test]
    fn no_realm_ends_in_the_undeliverable_label() {
        assert_eq!(Realm::parse("invalid"), Err(RealmError::Undeliverable));
        assert_eq!(Realm::parse("service.invalid"), Err(RealmError::Undeliverable));
    }

    #[test]
    fn a_label_has_63_bytes_and_a_realm_128() {
        let label = |length| "a".repeat(length);
        assert!(Realm::parse(&label(62)).is_ok());
        assert!(Realm::parse(&label(63)).is_ok());
        assert_eq!(Realm::parse(&label(64)), Err(RealmError::Label { at: 0 }));
        let realm = |last| format!("{}.{}.{}", label(63), label(61), label(last));
        assert!(Realm::parse(&realm(1)).is_ok());
        assert!(Realm::parse(&realm(2)).is_ok());
        assert_eq!(Realm::parse(&realm(3)), Err(RealmError::TooLong { length: 129, max: 128 }));
    }
}
