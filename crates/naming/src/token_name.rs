//! What a token is called within its account, and what its successor is to be called.
//!
//! A token's name is written on every request its account makes, so it is ASCII in lower case: nothing to escape, and no
//! two names of one account that differ in case or in script only.

use alloc::{format, string::String, sync::Arc};

use crate::{LocalPart, SanitiseError, text::parsed_text};

/// The longest name, in bytes.
const MAX_BYTES: usize = 64;

/// The four digits that are read as a year; the last leaves room for its successor.
const YEARS: core::ops::RangeInclusive<u32> = 2000..=2998;

/// The name of a token, unique within its account: `production-integration-2025`.
///
/// ```
/// use service_accounts_naming::TokenName;
///
/// let name = TokenName::parse("production-integration-2025")?;
/// assert_eq!(name.successor(2025).as_str(), "production-integration-2026");
/// # Ok::<(), service_accounts_naming::TokenNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenName(Arc<str>);

impl TokenName {
    /// Reads a name of `a-z`, `0-9` and inner `-`, `_` and `.`, 64 bytes at most.
    ///
    /// # Errors
    ///
    /// Says which rule is broken and where; upper case is refused, never folded.
    pub fn parse(text: &str) -> Result<Self, TokenNameError> {
        if text.is_empty() {
            return Err(TokenNameError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(TokenNameError::TooLong { length: text.len(), max: MAX_BYTES });
        }
        let last = text.len() - 1;
        match text.bytes().enumerate().find(|&(at, byte)| !is_allowed(byte, at == 0 || at == last)) {
            Some((at, _)) => Err(TokenNameError::Character { at }),
            None => Ok(Self(text.into())),
        }
    }

    /// Makes a token name of anything a person typed: `Production Integration` → `production-integration`.
    ///
    /// # Errors
    ///
    /// As [`LocalPart::from_name`].
    pub fn from_name(name: &str) -> Result<Self, SanitiseError> {
        Ok(Self(LocalPart::from_name(name)?.as_str().replace('_', "-").into()))
    }

    /// Proposes a name for the token that replaces this one.
    ///
    /// The last year in the name moves on, by one and at least to `this_year`; a name without a year gets `this_year`.
    /// The proposal always differs from the name. It may be taken: ask again with the proposal, as often as it is.
    #[must_use]
    pub fn successor(&self, this_year: i32) -> Self {
        let this_year = u32::try_from(this_year).unwrap_or(0).clamp(*YEARS.start(), *YEARS.end());
        match self.last_year() {
            Some((at, year)) => self.with_year(at, this_year.max(year + 1)),
            None => self.dated(this_year),
        }
    }

    /// Where the last year is, and which.
    pub(crate) fn last_year(&self) -> Option<(usize, u32)> {
        let mut end = self.0.len();
        for word in self.0.rsplit(is_separator) {
            let at = end - word.len();
            if let Some(year) = year(word) {
                return Some((at, year));
            }
            end = at.saturating_sub(1);
        }
        None
    }

    fn with_year(&self, at: usize, year: u32) -> Self {
        let (before, after) = self.0.split_at_checked(at).unwrap_or((&self.0, ""));
        Self(format!("{before}{year}{}", after.get(4..).unwrap_or("")).into())
    }

    fn dated(&self, year: u32) -> Self {
        let year = format!("-{year}");
        let room = MAX_BYTES.saturating_sub(year.len()).min(self.0.len());
        let kept = self.0.get(..room).unwrap_or(&self.0).trim_end_matches(is_separator);
        Self(String::from_iter([kept, &year]).into())
    }
}

parsed_text!(TokenName, TokenNameError);

/// Why a text is no token name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenNameError {
    /// There is no text.
    #[error("a token name needs at least one character")]
    Empty,
    /// The text is longer than a token name may be.
    #[error("a token name has at most {max} bytes, not {length}")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A character that a token name cannot hold, or not in this place.
    #[error(
        "a token name holds only a-z, 0-9 and inner hyphens, underscores and dots, unlike the character at byte {at}"
    )]
    Character {
        /// Where it is.
        at: usize,
    },
}

/// Reads a word as a year: four digits, in the range that years of tokens are in.
pub(crate) fn year(word: &str) -> Option<u32> {
    word.parse().ok().filter(|year| word.len() == 4 && YEARS.contains(year))
}

fn is_allowed(byte: u8, at_an_end: bool) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9') || (!at_an_end && is_separator(char::from(byte)))
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn name(text: &str) -> TokenName {
        TokenName::parse(text).unwrap()
    }

    #[test]
    fn lower_case_ascii_with_inner_separators_is_a_token_name() {
        for text in ["production-integration-2025", "a", "0", "ci.deploy_eu", "a--b"] {
            assert_eq!(name(text).to_string(), text);
        }
        for (text, at) in [("Prod", 0), ("a b", 1), ("-a", 0), ("ab-", 2), (".a", 0), ("a/b", 1), ("caf\u{e9}", 3)] {
            assert_eq!(TokenName::parse(text), Err(TokenNameError::Character { at }), "{text:?}");
        }
        assert_eq!(TokenName::parse(""), Err(TokenNameError::Empty));
        assert!(TokenName::parse(&"a".repeat(64)).is_ok());
        assert_eq!(TokenName::parse(&"a".repeat(65)), Err(TokenNameError::TooLong { length: 65, max: 64 }));
    }

    #[test]
    fn a_typed_name_becomes_a_token_name() {
        assert_eq!(TokenName::from_name(" Production Integration 2025 "), Ok(name("production-integration-2025")));
        assert_eq!(TokenName::from_name("\u{30c6}"), Err(SanitiseError::Empty));
    }

    #[test]
    fn the_year_in_a_name_moves_on() {
        for (before, this_year, after) in [
            ("production-integration-2025", 2025, "production-integration-2026"),
            ("production-integration-2025", 2024, "production-integration-2026"),
            ("production-integration-2025", 2026, "production-integration-2026"),
            ("production-integration-2025", 2028, "production-integration-2028"),
            ("2025_ci", 2025, "2026_ci"),
            ("fy2024-2025.eu", 2025, "fy2024-2026.eu"),
            ("2025-2030-11", 2025, "2025-2031-11"),
            ("a-2000", 1999, "a-2001"),
        ] {
            assert_eq!(name(before).successor(this_year).as_str(), after);
        }
    }

    #[test]
    fn a_name_without_a_year_gets_one() {
        for (before, this_year, after) in [
            ("ci", 2025, "ci-2025"),
            ("ci-1999", 2025, "ci-1999-2025"),
            ("ci-2999", 2025, "ci-2999-2025"),
            ("ci-20250", 2025, "ci-20250-2025"),
            ("ci-02025", 2025, "ci-02025-2025"),
            ("ci2025", 2025, "ci2025-2025"),
            ("ci", -5, "ci-2000"),
            ("ci", 9999, "ci-2998"),
        ] {
            assert_eq!(name(before).successor(this_year).as_str(), after);
        }
    }

    #[test]
    fn a_successor_stays_within_64_bytes() {
        for (length, kept) in [(58, 58), (59, 59), (60, 59), (64, 59)] {
            let successor = name(&"a".repeat(length)).successor(2025);
            assert_eq!(successor.as_str(), format!("{}-2025", "a".repeat(kept)));
        }
        let cut_at_a_word = name(&format!("{}--bcde", "a".repeat(58)));
        assert_eq!(cut_at_a_word.successor(2025).as_str(), format!("{}-2025", "a".repeat(58)));
    }
}
