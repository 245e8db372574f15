//! What a token is for.

use core::fmt;
use core::str::FromStr;

/// What a token is for, written between vendor and body.
///
/// The kind is part of what the MAC covers, so a session never passes for a token, nor a token for a
/// client secret, even where two of them share an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A service-account token, `sat`.
    Token,
    /// A session, `ses`.
    Session,
    /// A client secret, `sec`.
    Secret,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Token, Self::Session, Self::Secret];

    /// Letters of each.
    pub(crate) const LEN: usize = 3;

    /// Reads `sat`, `ses` or `sec`.
    ///
    /// # Errors
    /// The text is none of the three.
    pub fn parse(text: &str) -> Result<Self, KindError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(KindError)
    }

    /// The three letters that stand for the kind in a token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "sat",
            Self::Session => "ses",
            Self::Secret => "sec",
        }
    }

    /// The kind and the underscore after it, as they stand in a token.
    pub(crate) const fn marker(self) -> &'static [u8; 4] {
        match self {
            Self::Token => b"sat_",
            Self::Session => b"ses_",
            Self::Secret => b"sec_",
        }
    }

    pub(crate) fn from_marker(marker: &[u8; 4]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.marker() == marker)
    }

    /// What stands for the kind under the MAC: the last of its letters, the one that tells the three apart.
    pub(crate) const fn mac_byte(self) -> u8 {
        match self {
            Self::Token => b't',
            Self::Session => b's',
            Self::Secret => b'c',
        }
    }
}

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, KindError> {
        Self::parse(text)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindError;

impl fmt::Display for KindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a kind of token is sat, ses or sec")
    }
}

impl core::error::Error for KindError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn each_kind_reads_back_from_its_letters() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(kind.to_string(), kind.as_str());
            assert_eq!(Kind::from_marker(kind.marker()), Some(kind));
            assert_eq!(kind.marker().strip_suffix(b"_"), Some(kind.as_str().as_bytes()));
            assert_eq!(kind.as_str().as_bytes().last(), Some(&kind.mac_byte()));
        }
    }

    #[test]
    fn no_other_text_is_a_kind() {
        for text in ["", "s", "sa", "SAT", "sat_", "sad", "token"] {
            assert_eq!(Kind::parse(text), Err(KindError), "{text}");
        }
        assert_eq!(Kind::from_marker(b"sat-"), None);
        assert_eq!(KindError.to_string(), "a kind of token is sat, ses or sec");
    }
}
