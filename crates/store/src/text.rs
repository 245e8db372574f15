//! What people write about an account.

use std::{fmt, str::FromStr, sync::Arc};

/// The text is not fit to be kept.
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
    /// A control character.
    #[error("the text has a control character at byte {at}")]
    Control {
        /// Where it stands, in bytes from the start.
        at: usize,
    },
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
            /// The text is empty, too long, or has a control character.
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

fn checked(text: &str, max: usize) -> Result<&str, TextError> {
    let text = text.trim();
    let chars = text.chars().count();
    match text.char_indices().find(|(_, c)| c.is_control()) {
        _ if text.is_empty() => Err(TextError::Empty),
        _ if chars > max => Err(TextError::TooLong { chars, max }),
        Some((at, _)) => Err(TextError::Control { at }),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_bounded() {
        assert_eq!(Purpose::parse("  nightly load ").unwrap().as_str(), "nightly load");
        assert_eq!(Purpose::parse(" \t "), Err(TextError::Empty));
        assert_eq!(Purpose::parse("a\nb"), Err(TextError::Control { at: 1 }));
        for (length, is_fit) in [(149, true), (150, true), (151, false)] {
            assert_eq!(Owner::parse(&"é".repeat(length)).is_ok(), is_fit, "{length}");
        }
    }
}
