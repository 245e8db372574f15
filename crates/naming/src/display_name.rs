//! The name a person gives an account, in any script.
//!
//! It is shown in lists, logs and review packs, so it holds nothing that changes how the text around it reads: no
//! line breaks and other controls, no marks that turn the direction of writing, no characters that cannot be seen.
//! Two names that look alike may still differ; `LookAlikes` (feature `confusables`) reports those.

use alloc::sync::Arc;

use crate::text::parsed_text;

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
        name.char_indices().try_for_each(|(at, c)| check(c, at))?;
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
    /// A control character or a line break.
    #[error("a name holds no control character, unlike the one at byte {at}")]
    Control {
        /// Where it is.
        at: usize,
    },
    /// A character that turns the direction of the text after it.
    #[error("a name holds no mark of writing direction, unlike the one at byte {at}")]
    Bidirectional {
        /// Where it is.
        at: usize,
    },
    /// A character that leaves no trace on the screen.
    #[error("a name holds no invisible character, unlike the one at byte {at}")]
    Invisible {
        /// Where it is.
        at: usize,
    },
}

fn check(c: char, at: usize) -> Result<(), DisplayNameError> {
    // Line and paragraph separator are white space, but break a log line as a line feed does.
    if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
        Err(DisplayNameError::Control { at })
    } else if is_bidirectional(c) {
        Err(DisplayNameError::Bidirectional { at })
    } else if is_invisible(c) {
        Err(DisplayNameError::Invisible { at })
    } else {
        Ok(())
    }
}

/// The property `Bidi_Control` of Unicode, closed since version 6.3.
fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The property `Default_Ignorable_Code_Point` of Unicode, plus the annotation marks, the blank braille pattern and
/// the noncharacters at the end of the basic plane.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

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
    fn characters_that_change_how_a_list_or_a_log_reads_are_refused() {
        for c in ['\0', '\u{1f}', '\n', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}'] {
            assert_eq!(DisplayName::parse(&format!("ab{c}d")), Err(DisplayNameError::Control { at: 2 }), "{c:?}");
        }
        for c in ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'] {
            assert_eq!(DisplayName::parse(&format!("a{c}b")), Err(DisplayNameError::Bidirectional { at: 1 }), "{c:?}");
        }
        for c in ['\u{ad}', '\u{200b}', '\u{200d}', '\u{2060}', '\u{3164}', '\u{fe0f}', '\u{feff}', '\u{e0041}'] {
            assert_eq!(DisplayName::parse(&format!("a{c}b")), Err(DisplayNameError::Invisible { at: 1 }), "{c:?}");
        }
    }

    #[test]
    fn a_name_has_150_characters() {
        let of_length = |length| DisplayName::parse(&"\u{e9}".repeat(length));
        assert!(of_length(149).is_ok());
        assert!(of_length(150).is_ok());
        assert_eq!(of_length(151), Err(DisplayNameError::TooLong { max: 150 }));
    }
}
