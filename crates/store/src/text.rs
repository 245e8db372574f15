//! What people write about an account.
//!
//! Each is a type of its own, trimmed, bounded in characters and free of what hides or turns text. Records are read
//! more leniently than requests: what an earlier version took still reads.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, de::Error};
use service_accounts_naming::{ReadableError, check_readable};

/// The text is not fit to be kept.
///
/// It has lengths and positions, and nothing of the text.
///
/// Lengths are in characters, places in bytes from the start.
///
/// ```
/// use service_accounts_store::{Owner, TextError};
///
/// assert_eq!(Owner::parse("  data team ")?.as_str(), "data team");
/// assert_eq!(Owner::parse(" "), Err(TextError::Empty));
/// assert!(Owner::parse("data\u{202e}team").is_err()); // it would turn the text after it
/// # Ok::<(), TextError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// Longer than the bound.
    #[error("the text has {chars} characters, {max} are allowed")]
    TooLong {
        /// The length found.
        chars: usize,
        /// The longest allowed.
        max: usize,
    },
    /// A character that changes how text beside it reads, or that nobody sees.
    #[error(transparent)]
    Unreadable(#[from] ReadableError),
}

macro_rules! bounded_text {
    ($($(#[$doc:meta])* $name:ident: $max:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest text, in characters.
            pub const MAX_CHARS: usize = $max;

            /// Takes a text, trimmed at both ends.
            ///
            /// # Errors
            /// The text is empty, too long, or not readable as [`check_readable`] has it.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                checked(text, Self::MAX_CHARS).map(|text| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        impl Kept for $name {
            fn restore(text: &str) -> Result<Self, TextError> {
                bounded(text, Self::MAX_CHARS).map(|text| Self(text.into()))
            }
        }
    )+};
}

bounded_text! {
    /// What an account is for, in a sentence or two.
    Purpose: 500;
    /// The person or group that answers for an account.
    Owner: 150;
    /// A system that an account connects.
    SystemName: 100;
    /// Why an account needs more than the lowest role.
    Justification: 1000;
    /// An e-mail address that came with an import; its form is not checked.
    Email: 254;
    /// A job title that came with an import.
    Title: 150;
    /// The key under which a client repeats a request whose answer it lost.
    RequestKey: 200;
}

/// A text out of a stored record.
///
/// One that an earlier version took stays: to refuse it would lock its account out.
trait Kept: Sized {
    fn restore(text: &str) -> Result<Self, TextError>;
}

/// Reads a text as [`Kept`] does, where `Deserialize` alone would ask for what is asked of new ones.
struct AsKept<T>(T);

impl<'de, T: Kept> Deserialize<'de> for AsKept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::restore(&String::deserialize(deserializer)?).map(Self).map_err(Error::custom)
    }
}

/// How a record reads its texts.
pub(crate) mod kept {
    #![expect(private_bounds, reason = "only the texts of this module are kept")]

    use serde::{Deserialize, Deserializer};

    use super::{AsKept, Kept};

    pub(crate) fn one<'de, T: Kept, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        AsKept::deserialize(deserializer).map(|text: AsKept<T>| text.0)
    }

    pub(crate) fn option<'de, T: Kept, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        Option::deserialize(deserializer).map(|text: Option<AsKept<T>>| text.map(|text| text.0))
    }

    pub(crate) fn all<'de, T: Kept, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        Vec::deserialize(deserializer).map(|texts: Vec<AsKept<T>>| texts.into_iter().map(|text| text.0).collect())
    }
}

/// What is asked of a new text.
///
/// What an earlier version took without this check still reads, by [`Kept`].
fn checked(text: &str, max: usize) -> Result<&str, TextError> {
    let text = bounded(text, max)?;
    check_readable(text)?;
    Ok(text)
}

/// What is asked of any text, old ones included. The bound is of characters, not of bytes, after trimming.
fn bounded(text: &str, max: usize) -> Result<&str, TextError> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(TextError::Empty),
        chars if chars > max => Err(TextError::TooLong { chars, max }),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_bounded() {
        assert_eq!(Purpose::parse("  nightly load ").unwrap().as_str(), "nightly load");
        assert_eq!(Purpose::parse(" \t "), Err(TextError::Empty));
        assert_eq!(Purpose::parse("a\nb"), Err(ReadableError::Control { at: 1 }.into()));
        for (length, is_fit) in [(149, true), (150, true), (151, false)] {
            assert_eq!(Owner::parse(&"é".repeat(length)).is_ok(), is_fit, "{length}");
        }
    }

    /// Row 77 of the failure cases, calich#252: marks that turn or hide text in what people read.
    #[test]
    fn a_text_that_turns_or_hides_others_is_refused() {
        for text in ["pay\u{202e}lor", "pay\u{2066}lor", "pay\u{200b}lor", "pay\u{2028}lor"] {
            let refused = [
                Purpose::parse(text).is_err(),
                Owner::parse(text).is_err(),
                SystemName::parse(text).is_err(),
                Justification::parse(text).is_err(),
                Email::parse(text).is_err(),
                Title::parse(text).is_err(),
            ];
            assert_eq!(refused, [true; 6], "{text:?}");
        }
    }
}
