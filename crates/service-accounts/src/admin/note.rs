//! What somebody writes down for the next reader.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use service_accounts_naming::{ReadableError, check_readable};

/// Why something was done, or what was seen: one line of 1 to 1,000 characters that shows what it holds.
///
/// Control characters, line ends and characters that turn the direction of text are refused, so that a note cannot pass
/// for another line of a report.
///
/// ```
/// use service_accounts::Note;
///
/// assert_eq!(Note::parse(" found in a public log ")?.as_str(), "found in a public log");
/// assert!(Note::parse("two\nlines").is_err() && Note::parse("").is_err());
/// # Ok::<(), service_accounts::NoteError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Note(Arc<str>);

/// Why a text is no note.
///
/// It repeats nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// It is empty or too long.
    #[error("write 1 to {most} characters", most = Note::MAX_CHARS)]
    Length,
    /// It would change how the text around it reads.
    #[error(transparent)]
    Unreadable(#[from] ReadableError),
}

impl Note {
    /// The longest note, in characters.
    ///
    /// Characters and not bytes, so that every language has as much.
    pub const MAX_CHARS: usize = 1000;

    /// Reads a note; white space around it is dropped.
    ///
    /// # Errors
    /// It is empty, too long, or has a character that is not readable.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let text = text.trim();
        let length = text.chars().take(Self::MAX_CHARS + 1).count();
        if !(1..=Self::MAX_CHARS).contains(&length) {
            return Err(NoteError::Length);
        }
        check_readable(text)?;
        Ok(Self(text.into()))
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        Self::parse(text)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Note {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_bounded_and_readable() {
        for (length, is_note) in [(0, false), (1, true), (1000, true), (1001, false)] {
            assert_eq!(Note::parse(&"ä".repeat(length)).is_ok(), is_note, "{length}");
        }
        assert!(matches!(Note::parse("pay\u{202e}lor"), Err(NoteError::Unreadable(_))));
        assert!(matches!(Note::parse("two\nlines"), Err(NoteError::Unreadable(_))));
        assert_eq!(Note::parse(" found in a log ").unwrap().as_str(), "found in a log");
    }
}
