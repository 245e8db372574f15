//! One rule for every free text that people read: names, purposes, owners, justifications, notes.
//!
//! Such a text ends up in lists, logs, mails and review packs beside text of others. It must not change how that text
//! reads: no line breaks and other controls, no marks that turn the direction of writing, no characters that cannot be
//! seen, no code points that show as something else on each machine.

/// Checks that a text shows what it holds: no control, direction, invisible or characterless code point.
///
/// Any script, punctuation and emoji without joiners pass. The rule bounds no length and trims nothing; two texts that
/// look alike may still differ (`LookAlikes`, feature `confusables`). Line breaks are controls: a text of several
/// paragraphs is several texts.
///
/// ```
/// use service_accounts_naming::{ReadableError, check_readable};
///
/// assert_eq!(check_readable("Nightly load, Zürich → 東京 ✓"), Ok(()));
/// assert_eq!(check_readable("pay\u{202e}lor"), Err(ReadableError::Bidirectional { at: 3 }));
/// ```
///
/// # Errors
///
/// At the first code point that is not readable, with its place; nothing of the text is in the error.
pub fn check_readable(text: &str) -> Result<(), ReadableError> {
    text.char_indices().try_for_each(|(at, c)| check(c, at))
}

/// Why a text is not fit to be read by people; `at` is a place in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadableError {
    /// A control character or a line break.
    #[error("the text has a control character at byte {at}, remove it")]
    Control {
        /// Where it is.
        at: usize,
    },
    /// A character that turns the direction of the text after it.
    #[error("the text has a mark of writing direction at byte {at}, remove it")]
    Bidirectional {
        /// Where it is.
        at: usize,
    },
    /// A character that leaves no trace on the screen.
    #[error("the text has an invisible character at byte {at}, remove it")]
    Invisible {
        /// Where it is.
        at: usize,
    },
    /// A code point that is private or stands for no character.
    #[error("the text has a code point without a character at byte {at}, remove it")]
    Characterless {
        /// Where it is.
        at: usize,
    },
}

fn check(c: char, at: usize) -> Result<(), ReadableError> {
    // Line and paragraph separator are white space, but break a log line as a line feed does.
    if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
        Err(ReadableError::Control { at })
    } else if is_bidirectional(c) {
        Err(ReadableError::Bidirectional { at })
    } else if is_invisible(c) {
        Err(ReadableError::Invisible { at })
    } else if is_characterless(c) {
        Err(ReadableError::Characterless { at })
    } else {
        Ok(())
    }
}

/// The property `Bidi_Control` of Unicode, closed since version 6.3.
fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The property `Default_Ignorable_Code_Point` of Unicode, plus the annotation marks and the blank braille pattern.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Noncharacters, private use, and the planes in which nothing is assigned: what never is a character of Unicode, so
/// that the rule does not change with the tables of a release.
fn is_characterless(c: char) -> bool {
    let is_noncharacter = u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
    is_noncharacter || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{40000}'..='\u{dffff}' | '\u{e1000}'..)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use ReadableError as E;

    /// calich#252: such characters stood in purpose, owner, justification and systems.
    #[test]
    fn what_changes_how_a_list_or_a_log_reads_is_refused_with_its_place() {
        for c in ['\0', '\t', '\n', '\u{1f}', '\u{7f}', '\u{85}', '\u{9f}', '\u{2028}', '\u{2029}'] {
            assert_eq!(check_readable(&format!("ab{c}d\u{200b}")), Err(E::Control { at: 2 }), "{c:?}");
        }
        for c in ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'] {
            assert_eq!(check_readable(&format!("é{c}b")), Err(E::Bidirectional { at: 2 }), "{c:?}");
        }
        for c in
            ['\u{ad}', '\u{200b}', '\u{200d}', '\u{2060}', '\u{2800}', '\u{3164}', '\u{fe0f}', '\u{feff}', '\u{e0041}']
        {
            assert_eq!(check_readable(&format!("a{c}b")), Err(E::Invisible { at: 1 }), "{c:?}");
        }
        for c in ['\u{e000}', '\u{f8ff}', '\u{fdd0}', '\u{ffff}', '\u{1fffe}', '\u{40000}', '\u{f0000}', '\u{10ffff}'] {
            assert_eq!(check_readable(&format!("a{c}b")), Err(E::Characterless { at: 1 }), "{c:?}");
        }
    }

    #[test]
    fn every_script_passes() {
        let texts = [
            "",
            " ",
            "Café",
            "Data\u{a0}Quality",
            "データ",
            "عربي",
            "עברית",
            "ไทย",
            "हिन्दी",
            "한국어",
            "🚀 go",
            "a~!",
            "\u{fffd}",
        ];
        for text in texts {
            assert_eq!(check_readable(text), Ok(()), "{text}");
        }
        for neighbour in
            ['\u{60b}', '\u{200a}', '\u{2010}', '\u{202f}', '\u{2065}', '\u{2070}', '\u{fdcf}', '\u{fdf0}', '\u{3fffd}']
        {
            let is_invisible_by_unicode = neighbour == '\u{2065}';
            assert_eq!(
                check_readable(neighbour.encode_utf8(&mut [0; 4])).is_err(),
                is_invisible_by_unicode,
                "{neighbour:?}"
            );
        }
    }

    #[test]
    fn an_error_says_where_and_never_what() {
        let error = check_readable("secret-7f3c\u{202e}").map_err(|error| format!("{error}"));
        assert_eq!(error, Err("the text has a mark of writing direction at byte 11, remove it".into()));
    }
}
