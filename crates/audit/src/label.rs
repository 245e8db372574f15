//! Text that is safe to put on a line of a log.

use alloc::sync::Arc;
use core::fmt;

/// A short text without control characters.
///
/// What does not fit is cut off and what could break a line becomes `U+FFFD`: an audit record must never be lost
/// because somebody chose an awkward name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Arc<str>);

impl Label {
    /// The longest label, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Makes a label of any text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let is_clean = text.len() <= Self::MAX_CHARS && !text.chars().any(breaks_a_line);
        if is_clean {
            return Self(text.into());
        }
        let cleaned: alloc::string::String = text
            .chars()
            .take(Self::MAX_CHARS)
            .map(|c| if breaks_a_line(c) { char::REPLACEMENT_CHARACTER } else { c })
            .collect();
        Self(cleaned.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl AsRef<str> for Label {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Label {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Label {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        alloc::string::String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

/// Control characters, and the two separators that some log viewers treat as line ends.
fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_never_breaks_a_line() {
        assert_eq!(Label::new("ok\nadmin logged in\r\u{2028}").as_str(), "ok\u{fffd}admin logged in\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_label_is_cut_at_its_bound_in_characters() {
        for (given, kept) in [(199, 199), (200, 200), (201, 200)] {
            let text: alloc::string::String = core::iter::repeat_n('é', given).collect();
            assert_eq!(Label::new(&text).as_str().chars().count(), kept);
        }
    }

    #[test]
    fn an_ordinary_name_is_kept_as_it_is() {
        assert_eq!(Label::new("pipeline_automation@service").as_str(), "pipeline_automation@service");
    }
}
