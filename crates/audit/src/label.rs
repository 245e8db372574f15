//! Text that is safe to put on a line of a log.

use alloc::{string::String, sync::Arc};
use core::{borrow::Borrow, fmt};

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
        if text.len() <= Self::MAX_CHARS && is_one_line(text) {
            return Self(text.into());
        }
        Self(text.chars().take(Self::MAX_CHARS).map(on_one_line).collect::<String>().into())
    }

    /// On one line and of at most [`MAX_CHARS`](Self::MAX_CHARS) characters, so it may differ from what it was made of.
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

/// Finds an entry of a map by its text.
impl Borrow<str> for Label {
    fn borrow(&self) -> &str {
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
        Text::deserialize(deserializer).map(|text| Self::new(&text.0))
    }
}

/// A text where the document has it; it is copied only where it stands there with escapes.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] alloc::borrow::Cow<'a, str>);

/// Whether a text can stand on a line of a log as it is.
pub(crate) fn is_one_line(text: &str) -> bool {
    !text.chars().any(breaks_a_line)
}

/// The character itself, or `U+FFFD` where it could break a line.
pub(crate) fn on_one_line(c: char) -> char {
    if breaks_a_line(c) { char::REPLACEMENT_CHARACTER } else { c }
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
            let text: String = core::iter::repeat_n('é', given).collect();
            assert_eq!(Label::new(&text).as_str().chars().count(), kept);
        }
    }

    #[test]
    fn an_ordinary_name_is_kept_as_it_is() {
        assert_eq!(Label::new("pipeline_automation@service").as_str(), "pipeline_automation@service");
    }
}
