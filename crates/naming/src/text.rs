//! What every parsed text type has in common.
//!
//! Each is a newtype over shared text that only its own `parse` can fill, so everything that reads text
//! (`FromStr`, `TryFrom`, serde) goes through that one door, and everything that writes it is the text itself.

/// Implements the way in and the ways out of a newtype over `Arc<str>`.
macro_rules! parsed_text {
    ($name:ident, $error:ident) => {
        impl $name {
            /// Borrowed from what clones share; nothing is copied.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        /// Lets maps keyed by this type be asked with plain text: it compares and hashes as its text does.
        impl core::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(&self.0)
            }
        }

        $crate::text::parsed_by_parse!($name, $error);
    };
}

/// Sends `FromStr`, `TryFrom<&str>` and serde through `parse` and `Display`.
macro_rules! parsed_by_parse {
    ($name:ident, $error:ident) => {
        impl core::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $error;

            fn try_from(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <$crate::text::Text<'_> as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text.0).map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A text where the document has it; it is copied only where it stands there with escapes.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) alloc::borrow::Cow<'a, str>);

pub(crate) use {parsed_by_parse, parsed_text};
