//! The part before the `@`.
//!
//! A local part is words of `a-z` and `0-9` joined by single underscores, 64 bytes at most (RFC 5321 §4.5.3.1.1).
//! That is exactly what sanitising leaves, so there is one spelling for each: `a__b` and `_a` are not local parts.
//! No character in it needs escaping in a URL path, a log line, a metric label or an e-mail address.
//!
//! With two spellings somebody could split a counter, a cache or an audit search. Given up: reading the ids of other
//! systems leniently; sanitise them first.

mod sanitise;

use alloc::{borrow::ToOwned, format, string::String};
use core::fmt;

pub use sanitise::SanitiseError;

use crate::text::parsed_by_parse;

/// The longest local part (RFC 5321 §4.5.3.1.1).
const MAX_BYTES: usize = 64;

/// The part of an account id before the `@`; it lives on the stack and is copied freely.
///
/// ```
/// use service_accounts_naming::LocalPart;
///
/// assert_eq!(LocalPart::from_name("Pipeline Automation")?.as_str(), "pipeline_automation");
/// assert_eq!(LocalPart::from_name("  Data / Quality (EU) ")?.as_str(), "data_quality_eu");
/// # Ok::<(), service_accounts_naming::SanitiseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalPart {
    /// Zero past `length`, so that the derived order is the order of the text.
    bytes: [u8; MAX_BYTES],
    length: usize,
}

impl LocalPart {
    /// Reads a local part that is already spelt as one.
    ///
    /// # Errors
    ///
    /// Says which rule is broken and where.
    pub fn parse(text: &str) -> Result<Self, LocalPartError> {
        check(text)?;
        let mut bytes = [0; MAX_BYTES];
        bytes.iter_mut().zip(text.bytes()).for_each(|(slot, byte)| *slot = byte);
        Ok(Self { bytes, length: text.len() })
    }

    /// At most 64 bytes, all of them ASCII.
    pub fn as_str(&self) -> &str {
        // Only ASCII is ever pushed and never past the end: both fallbacks are out of reach.
        core::str::from_utf8(self.bytes.get(..self.length).unwrap_or_default()).unwrap_or_default()
    }
}

impl AsRef<str> for LocalPart {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalPart").field(&self.as_str()).finish()
    }
}

parsed_by_parse!(LocalPart, LocalPartError);

/// Why a text is no local part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocalPartError {
    /// There is no text.
    #[error("a local part needs at least one character")]
    Empty,
    /// The text is longer than a local part may be.
    #[error("a local part has at most {max} bytes, not {length}")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A character that a local part cannot hold.
    #[error("a local part holds only a-z, 0-9 and underscores, unlike the character at byte {at}")]
    Character {
        /// Where it is.
        at: usize,
    },
    /// An underscore at an end, or beside another.
    #[error("an underscore stands alone between words, unlike the one at byte {at}")]
    Underscore {
        /// Where it is.
        at: usize,
    },
}

/// Checks a local part without copying it.
pub(crate) fn check(text: &str) -> Result<(), LocalPartError> {
    if text.is_empty() {
        return Err(LocalPartError::Empty);
    }
    if text.len() > MAX_BYTES {
        return Err(LocalPartError::TooLong { length: text.len(), max: MAX_BYTES });
    }
    let mut before = b'_';
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => {}
            b'_' if before != b'_' => {}
            b'_' => return Err(LocalPartError::Underscore { at }),
            _ => return Err(LocalPartError::Character { at }),
        }
        before = byte;
    }
    if before == b'_' { Err(LocalPartError::Underscore { at: text.len() - 1 }) } else { Ok(()) }
}

/// Another local part, with a number after it; cut where the two would not fit.
pub(crate) fn numbered(local: &str, n: u32) -> String {
    let number = format!("_{n}");
    let cut = |room| local.get(..room).unwrap_or(local).trim_end_matches('_');
    let mut kept = cut(MAX_BYTES.saturating_sub(number.len()));
    // What is cut off a long name may be this very number: without one character more it would be the same again.
    if local.strip_suffix(number.as_str()) == Some(kept) {
        kept = cut(kept.len().saturating_sub(1));
    }
    kept.to_owned() + &number
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn parse_accepts_one_spelling_only() {
        for (text, error) in [
            ("", LocalPartError::Empty),
            ("_a", LocalPartError::Underscore { at: 0 }),
            ("a__b", LocalPartError::Underscore { at: 2 }),
            ("ab_", LocalPartError::Underscore { at: 2 }),
            ("aB", LocalPartError::Character { at: 1 }),
            ("a b", LocalPartError::Character { at: 1 }),
            ("a\u{e9}", LocalPartError::Character { at: 1 }),
        ] {
            assert_eq!(LocalPart::parse(text), Err(error), "{text:?}");
        }
        for text in ["a", "0", "a_b", "a_2", "az09"] {
            assert_eq!(LocalPart::parse(text).map(|part| part.to_string()), Ok(text.to_string()));
        }
        assert!(LocalPart::parse(&"a".repeat(64)).is_ok());
        assert_eq!(LocalPart::parse(&"a".repeat(65)), Err(LocalPartError::TooLong { length: 65, max: 64 }));
    }

    #[test]
    fn local_parts_sort_as_their_text() {
        let part = |text| LocalPart::parse(text).unwrap();
        assert!(part("a") < part("a_b") && part("a_b") < part("ab") && part("ab") < part("b"));
        assert_eq!(format!("{:?} {:>3}", part("a"), part("b")), "LocalPart(\"a\")   b");
        assert_eq!(part("a_b").as_ref(), "a_b");
    }
}
