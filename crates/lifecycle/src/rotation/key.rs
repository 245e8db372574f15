//! What makes a repeated request the same request.

use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

const LONGEST: usize = 64;

/// The idempotency key of a rotation: 1–64 visible ASCII characters, chosen by the caller.
///
/// A caller that has lost the answer asks again with the same key and learns which successor it has; only
/// another key could ask for another one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RotationKey(Arc<str>);

impl RotationKey {
    /// Reads a key.
    ///
    /// # Errors
    ///
    /// Refuses white space and whatever is not ASCII, so that a key survives headers and logs unchanged.
    pub fn parse(text: &str) -> Result<Self, RotationKeyError> {
        match text.len() {
            0 => Err(RotationKeyError::Empty),
            length if length > LONGEST => Err(RotationKeyError::TooLong { length }),
            _ => match text.bytes().position(|byte| !byte.is_ascii_graphic()) {
                Some(position) => Err(RotationKeyError::Character { position }),
                None => Ok(Self(text.into())),
            },
        }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RotationKey {
    type Err = RotationKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for RotationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for RotationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RotationKey({})", self.0)
    }
}

/// Why a text is not an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotationKeyError {
    /// There is no text.
    #[error("the idempotency key is empty")]
    Empty,
    /// The text is longer than a key may be.
    #[error("the idempotency key has {length} bytes where {LONGEST} are allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A character is white space, a control character or not ASCII.
    #[error("the idempotency key has a character that is not visible ASCII at byte {position}")]
    Character {
        /// Where the character begins, in bytes.
        position: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};

    #[test]
    fn visible_ascii_of_a_bounded_length_is_a_key() {
        let longest = "k".repeat(64);
        for text in ["!", "~", "7f3c-11", longest.as_str()] {
            assert_eq!(text.parse::<RotationKey>().unwrap().to_string(), text);
        }
        assert_eq!(format!("{:?}", RotationKey::parse("a").unwrap()), "RotationKey(a)");
    }

    #[test]
    fn everything_else_is_refused() {
        use RotationKeyError as E;
        let long = "k".repeat(65);
        let table = [
            ("", E::Empty),
            (long.as_str(), E::TooLong { length: 65 }),
            ("a b", E::Character { position: 1 }),
            ("ab\n", E::Character { position: 2 }),
            ("é", E::Character { position: 0 }),
            ("\u{7f}", E::Character { position: 0 }),
        ];
        for (text, error) in table {
            assert_eq!(RotationKey::parse(text), Err(error));
        }
    }
}
