//! Names of roles, scopes and teams: three types that cannot be mistaken for one another.
//!
//! One rule serves all three: 1 to 64 printable ASCII characters other than the space, `"`, `'`, `` ` `` and `\`. Every
//! name is then a scope-token of RFC 6749 §3.3, survives a space-separated list, and needs no escape in JSON or TOML.
//! Case counts: `Admin` and `admin` are two names.

use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;
use core::str::FromStr;

/// The most characters a name may have.
const LONGEST: usize = 64;

/// The text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// There is no text.
    #[error("name is empty")]
    Empty,
    /// The text has more than 64 bytes.
    #[error("name has {length} bytes, at most 64 are allowed")]
    TooLong {
        /// How many bytes it has.
        length: usize,
    },
    /// A space, a quote, a backslash, or something outside printable ASCII.
    #[error(
        "name has a character at byte {position} other than printable ASCII without spaces, quotes and backslashes"
    )]
    Character {
        /// How many bytes precede it.
        position: usize,
    },
    /// The text is one of a list that has more names than one may have.
    #[error("the list has more than {max} names")]
    TooMany {
        /// The most a list may have.
        max: usize,
    },
}

/// The most names a list of teams or scopes may have, as it is given.
pub(crate) const MOST_NAMES: usize = 200;

/// Reads a list of names, and no further than the bound.
pub(crate) fn parse_all<'a, N, L: FromIterator<N>>(
    texts: impl IntoIterator<Item = &'a str>,
    parse: fn(&str) -> Result<N, NameError>,
) -> Result<L, NameError> {
    let parse = |(at, text)| if at < MOST_NAMES { parse(text) } else { Err(NameError::TooMany { max: MOST_NAMES }) };
    texts.into_iter().enumerate().map(parse).collect()
}

/// Reads a list of names from serde, and no further than the bound.
#[cfg(feature = "serde")]
pub(crate) fn read_all<'de, N: serde::Deserialize<'de>, A: serde::de::SeqAccess<'de>>(
    mut list: A,
) -> Result<alloc::vec::Vec<N>, A::Error> {
    let mut names = alloc::vec::Vec::new();
    while let Some(name) = list.next_element()? {
        if names.len() >= MOST_NAMES {
            return Err(serde::de::Error::custom(NameError::TooMany { max: MOST_NAMES }));
        }
        names.push(name);
    }
    Ok(names)
}

/// A text where the document has it; it is copied only where it stands there with escapes.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] alloc::borrow::Cow<'a, str>);

macro_rules! names {
    ($($(#[$doc:meta])* $Name:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// It is 1 to 64 printable ASCII characters other than the space, quotes and the backslash; case counts. A
        /// clone shares its text.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(Arc<str>);

        impl $Name {
            /// Reads a name.
            ///
            /// # Errors
            /// If the text is empty, too long, or has a character that no name has.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                parse(text).map(Self)
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $Name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $Name {
            type Error = NameError;

            fn try_from(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $Name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $Name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $Name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $Name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <Text<'_> as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text.0).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

names! {
    /// The name of a role, such as `Manager`.
    RoleName;
    /// The name of a scope, such as `read`, or of the one permission it stands for, such as `resources:write`.
    ScopeName;
    /// The name of a team.
    TeamName;
}

/// Whether the text is a name; usable by the compiler, for [`permissions!`](crate::permissions).
pub(crate) const fn is_name(text: &str) -> bool {
    let mut bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > LONGEST {
        return false;
    }
    while let [first, rest @ ..] = bytes {
        if !is_name_byte(*first) {
            return false;
        }
        bytes = rest;
    }
    true
}

fn parse(text: &str) -> Result<Arc<str>, NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > LONGEST {
        return Err(NameError::TooLong { length: text.len() });
    }
    match text.bytes().position(|byte| !is_name_byte(byte)) {
        Some(position) => Err(NameError::Character { position }),
        None => Ok(text.into()),
    }
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\')
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_name_is_1_to_64_bytes_long() {
        assert_eq!(RoleName::parse(""), Err(NameError::Empty));
        assert!(RoleName::parse("a").is_ok());
        assert!(RoleName::parse(&"a".repeat(64)).is_ok());
        assert_eq!(RoleName::parse(&"a".repeat(65)), Err(NameError::TooLong { length: 65 }));
    }

    #[test]
    fn a_name_is_printable_ascii_without_spaces_quotes_and_backslashes() {
        let allowed = |byte: u8| ScopeName::parse(core::str::from_utf8(&[b'a', byte]).unwrap_or("")).is_ok();
        for byte in 0..=127_u8 {
            let expected = (33..=126).contains(&byte) && !b"\"'`\\".contains(&byte);
            assert_eq!(allowed(byte), expected, "{byte}");
        }
        assert_eq!(TeamName::parse("équipe"), Err(NameError::Character { position: 0 }));
    }

    #[test]
    fn the_compiler_and_the_parser_agree_on_names() {
        for text in ["", "a", "a b", "a\"", "é", "resources:write", &"a".repeat(64), &"a".repeat(65)] {
            assert_eq!(is_name(text), ScopeName::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn case_counts() {
        assert_ne!(RoleName::parse("Admin"), RoleName::parse("admin"));
    }

    #[test]
    fn a_name_comes_back_as_it_went_in() {
        let name: TeamName = "data-platform".parse().unwrap();
        assert_eq!(name.to_string(), "data-platform");
        assert_eq!(format!("{name:?} {name:>15}|"), "\"data-platform\"   data-platform|");
        assert_eq!(TeamName::try_from("data-platform").as_ref().map(AsRef::as_ref), Ok("data-platform"));
        assert!(alloc::collections::BTreeSet::from([name]).contains("data-platform"));
    }

    #[test]
    fn errors_do_not_repeat_the_text() {
        let error = RoleName::parse("hunter2 hunter2").unwrap_err().to_string();
        assert!(!error.contains("hunter2"));
        assert!(error.contains("byte 7"));
    }
}
