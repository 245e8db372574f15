//! From a name in any script to the letters of an id.
//!
//! Sanitising filters to ASCII first and lowers case second. The other way round would let `K` (U+212A, the
//! Kelvin sign), whose lower case is an ASCII `k`, slip into an id that somebody else's name already spells.

use super::{LocalPart, MAX_BYTES};

impl LocalPart {
    /// Sanitises a name: ASCII letters and digits stay, in lower case; white space and underscores become one
    /// underscore between words; everything else is left out.
    ///
    /// It neither allocates nor reads a table that changes with the Unicode version, so a name has one local part on
    /// every platform. What it leaves is a fixed point: sanitising it again changes nothing.
    ///
    /// # Errors
    ///
    /// A name that leaves nothing, or more than 64 bytes: an id is never cut short, because two long names would
    /// then share one.
    pub fn from_name(name: &str) -> Result<Self, SanitiseError> {
        let mut bytes = [0; MAX_BYTES];
        let mut length = 0;
        let mut gap = false;
        for (at, byte) in name.bytes().enumerate() {
            let kept = KEPT.get(usize::from(byte)).copied().unwrap_or(DROPPED);
            if kept > SPACE {
                if gap && length > 0 {
                    put(&mut bytes, &mut length, b'_')?;
                }
                gap = false;
                put(&mut bytes, &mut length, kept)?;
            } else if kept != DROPPED {
                gap |= name.as_bytes().get(at..).is_some_and(begins_with_space);
            }
        }
        if length == 0 { Err(SanitiseError::Empty) } else { Ok(Self { bytes, length }) }
    }
}

/// Why a name has no local part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SanitiseError {
    /// No ASCII letter or digit is in the name.
    #[error("the name has no letter a-z and no digit to make an id of")]
    Empty,
    /// More is left than an id holds.
    #[error("the name makes an id of more than {max} bytes")]
    TooLong {
        /// Bytes allowed.
        max: usize,
    },
}

fn put(bytes: &mut [u8; MAX_BYTES], length: &mut usize, byte: u8) -> Result<(), SanitiseError> {
    *bytes.get_mut(*length).ok_or(SanitiseError::TooLong { max: MAX_BYTES })? = byte;
    *length += 1;
    Ok(())
}

/// Whether text begins with white space or an underscore. The bytes are UTF-8, and the list is written out, so that no
/// later version of Unicode changes an id.
fn begins_with_space(text: &[u8]) -> bool {
    matches!(
        text,
        [b'_' | b' ' | b'\t'..=b'\r', ..]
            | [0xc2, 0x85 | 0xa0, ..]
            | [0xe1, 0x9a, 0x80, ..]
            | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..]
            | [0xe2, 0x81, 0x9f, ..]
            | [0xe3, 0x80, 0x80, ..]
    )
}

const DROPPED: u8 = 0;
const SPACE: u8 = 1;

/// What is kept of each byte: the lower case of a letter or digit, or whether a space may begin here.
///
/// A table, because comparing each byte with the ends of three ranges is what sanitising otherwise spends its time on.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, within the bound of the loop")]
const KEPT: [u8; 256] = {
    let mut table = [DROPPED; 256];
    let (mut at, mut byte) = (0, 0_u8);
    while at < table.len() {
        table[at] = match byte {
            b'a'..=b'z' | b'0'..=b'9' => byte,
            b'A'..=b'Z' => byte.to_ascii_lowercase(),
            b'_' | b' ' | b'\t'..=b'\r' | 0xc2 | 0xe1..=0xe3 => SPACE,
            _ => DROPPED,
        };
        at += 1;
        byte = byte.wrapping_add(1);
    }
    table
};

#[cfg(test)]
mod tests {
    use alloc::{
        format,
        string::{String, ToString},
    };

    use super::*;

    fn sanitised(name: &str) -> Result<String, SanitiseError> {
        LocalPart::from_name(name).map(|part| part.to_string())
    }

    #[test]
    fn a_name_becomes_lower_case_words_joined_by_underscores() {
        for (name, expected) in [
            ("Pipeline Automation", "pipeline_automation"),
            ("pipeline_automation", "pipeline_automation"),
            ("  Pipeline \t\n Automation  ", "pipeline_automation"),
            ("Pipeline\u{a0}\u{2003}Automation", "pipeline_automation"),
            ("dbt-runner", "dbtrunner"),
            ("Data\u{30c6}\u{2192}Sync", "datasync"),
            ("a - b", "a_b"),
            ("a _ b", "a_b"),
            ("__a__b__", "a_b"),
            ("- a -", "a"),
            ("AZaz09", "azaz09"),
            ("`@[{/:", ""),
        ] {
            let expected = if expected.is_empty() { Err(SanitiseError::Empty) } else { Ok(expected.to_string()) };
            assert_eq!(sanitised(name), expected, "{name:?}");
        }
    }

    #[test]
    fn look_alikes_of_ascii_letters_are_left_out_not_lowered() {
        assert_eq!(sanitised("\u{212a}elvin"), Ok("elvin".into()));
        assert_eq!(sanitised("\u{130}stanbul"), Ok("stanbul".into()));
        assert_eq!(sanitised("\u{ff21}dmin"), Ok("dmin".into()));
        assert_eq!(sanitised("Caf\u{e9}"), Ok("caf".into()));
    }

    #[test]
    fn a_name_that_leaves_nothing_is_an_error() {
        for name in ["", " ", "___", "\u{30c6}\u{30b9}\u{30c8}", "\u{212a}", "!?"] {
            assert_eq!(sanitised(name), Err(SanitiseError::Empty), "{name:?}");
        }
    }

    #[test]
    fn an_id_holds_64_bytes_and_is_never_cut_short() {
        assert_eq!(sanitised(&"A".repeat(63)), Ok("a".repeat(63)));
        assert_eq!(sanitised(&"A".repeat(64)), Ok("a".repeat(64)));
        assert_eq!(sanitised(&"A".repeat(65)), Err(SanitiseError::TooLong { max: 64 }));
        assert_eq!(sanitised(&format!("{} ", "A".repeat(64))), Ok("a".repeat(64)));
        assert_eq!(sanitised(&format!("{} b", "A".repeat(62))), Ok(format!("{}_b", "a".repeat(62))));
        assert_eq!(sanitised(&format!("{} b", "A".repeat(63))), Err(SanitiseError::TooLong { max: 64 }));
    }
}
