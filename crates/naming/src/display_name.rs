//! The name a person gives an account, in any script.
//!
//! It is shown in lists, logs and review packs, so it keeps the rule of [`check_readable`]. Two names that look alike
//! may still differ; `LookAlikes` (feature `confusables`) reports those.

use alloc::sync::Arc;

use crate::{ReadableError, check_readable, text::parsed_text};

/// The longest name, in characters.
const MAX_CHARS: usize = 150;

/// What a person calls an account: trimmed, visible, 150 characters at most.
///
/// ```
/// use service_accounts_naming::DisplayName;
///
/// assert_eq!(DisplayName::parse(" Pipeline Automation ")?.as_str(), "Pipeline Automation");
/// assert!(DisplayName::parse("Pipeline\nAutomation").is_err());
/// # Ok::<(), service_accounts_naming::DisplayNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisplayName(Arc<str>);

impl DisplayName {
    /// Reads a name, without the white space around it.
    ///
    /// # Errors
    ///
    /// Says which rule is broken, and where in the trimmed name.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        let name = text.trim();
        if name.is_empty() {
            return Err(DisplayNameError::Empty);
        }
        if name.chars().nth(MAX_CHARS).is_some() {
            return Err(DisplayNameError::TooLong { max: MAX_CHARS });
        }
        check_readable(name)?;
        Ok(Self(name.into()))
    }
}

parsed_text!(DisplayName, DisplayNameError);

/// Why a text is no display name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisplayNameError {
    /// There is nothing but white space.
    #[error("a name needs at least one visible character")]
    Empty,
    /// The name is longer than a name may be.
    #[error("a name has at most {max} characters")]
    TooLong {
        /// Characters allowed.
        max: usize,
    },
    /// The name holds something that changes how the text around it reads.
    #[error(transparent)]
    Unreadable(#[from] ReadableError),
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_name_keeps_its_script_and_loses_the_space_around_it() {
        for (text, name) in [
            ("Pipeline Automation", "Pipeline Automation"),
            ("\u{a0}\t Caf\u{e9} \n", "Caf\u{e9}"),
            ("\u{30c6}\u{30b9}\u{30c8}", "\u{30c6}\u{30b9}\u{30c8}"),
            ("Data\u{a0}Quality", "Data\u{a0}Quality"),
            ("a~ !", "a~ !"),
        ] {
            assert_eq!(DisplayName::parse(text).map(|name| name.to_string()), Ok(name.to_string()));
        }
        assert_eq!(DisplayName::parse(" \u{3000}\n"), Err(DisplayNameError::Empty));
        assert_eq!(DisplayName::parse(""), Err(DisplayNameError::Empty));
    }

    #[test]
    fn a_name_is_readable_inside_and_errors_count_from_its_first_visible_character() {
        let parsed = |text| DisplayName::parse(text).map(|_| ());
        assert_eq!(parsed("  ab\nd"), Err(DisplayNameError::Unreadable(ReadableError::Control { at: 2 })));
        assert_eq!(parsed("a\u{202e}b"), Err(DisplayNameError::Unreadable(ReadableError::Bidirectional { at: 1 })));
        assert_eq!(parsed("a\u{200d}b"), Err(DisplayNameError::Unreadable(ReadableError::Invisible { at: 1 })));
        assert_eq!(parsed("a\u{e000}b"), Err(DisplayNameError::Unreadable(ReadableError::Characterless { at: 1 })));
    }

    #[test]
    fn a_name_has_150_characters() {
        let of_length = |length| DisplayName::parse(&"\u{e9}".repeat(length));
        assert!(of_length(149).is_ok());
        assert!(of_length(150).is_ok());
        assert_eq!(of_length(151), Err(DisplayNameError::TooLong { max: 150 }));
    }
}
