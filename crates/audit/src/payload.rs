//! What an event of the host's own carries.

use alloc::sync::Arc;
use core::fmt;

use crate::label::is_one_line;

/// A text of at most 8 KiB on one line, which the trail keeps as it is; by convention JSON.
///
/// Unlike a [`Label`](crate::Label) it is never cut: a text that does not fit is refused.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Payload(Arc<str>);

/// The text is longer than allowed, or breaks a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payload is one line of at most {most} bytes", most = Payload::MAX_BYTES)]
#[non_exhaustive]
pub struct PayloadError;

impl Payload {
    /// The longest payload, in bytes.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Reads a payload.
    ///
    /// # Errors
    /// It is too long, or has a control character or a line separator.
    pub fn parse(text: &str) -> Result<Self, PayloadError> {
        if text.len() <= Self::MAX_BYTES && is_one_line(text) { Ok(Self(text.into())) } else { Err(PayloadError) }
    }

    /// Just what was parsed: nothing is cut or replaced.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Payload {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Payload {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&alloc::string::String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_bounded_in_bytes_and_is_one_line() {
        for (length, is_fit) in [(0, true), (8191, true), (8192, true), (8193, false)] {
            assert_eq!(Payload::parse(&"a".repeat(length)).is_ok(), is_fit, "{length}");
        }
        assert!(Payload::parse(&"ä".repeat(4097)).is_err());
        for text in ["a\nb", "a\u{2028}b"] {
            assert_eq!(Payload::parse(text), Err(PayloadError));
        }
    }
}
