//! What advice is made of.

use alloc::string::String;

/// One piece of advice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NameAdvice {
    /// What is wrong, for programs.
    pub code: NameAdviceCode,
    /// Why that is a trouble, in plain words.
    pub reason: &'static str,
    /// What would be better.
    pub suggestion: Option<String>,
}

impl NameAdvice {
    pub(crate) fn new(code: NameAdviceCode, suggestion: String) -> Self {
        Self { code, reason: code.reason(), suggestion: Some(suggestion) }
    }
}

/// What can be wrong with a name; the text of each code is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NameAdviceCode {
    /// It only says that it is an account: `service1`.
    NotDescriptive,
    /// It says that nobody knew what it would be: `temp`.
    Vague,
    /// It would fit anything: `test123`.
    TooGeneric,
    /// It says where and not what: `production`.
    EnvironmentOnly,
    /// One word that thousands of accounts share: `integration`.
    OneWord,
    /// Three letters or fewer: `ci`.
    TooShort,
    /// A number is all that tells it from others: `worker-2`.
    Numbered,
    /// Letters of the name are not in the id: `Café`.
    LettersDropped,
    /// People cannot tell it from the name of another account: `Ops l` from `Ops 1`.
    LooksAlike,
}

impl NameAdviceCode {
    /// The code as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotDescriptive => "not_descriptive",
            Self::Vague => "vague",
            Self::TooGeneric => "too_generic",
            Self::EnvironmentOnly => "environment_only",
            Self::OneWord => "one_word",
            Self::TooShort => "too_short",
            Self::Numbered => "numbered",
            Self::LettersDropped => "letters_dropped",
            Self::LooksAlike => "looks_alike",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::NotDescriptive => "the name only says that this is an account, not what it does",
            Self::Vague => "the name is vague: nobody will know later what depends on it",
            Self::TooGeneric => "the name is too generic: it would fit any account",
            Self::EnvironmentOnly => "the name says where it is used, but not for what",
            Self::OneWord => "one common word does not tell this use from others of its kind",
            Self::TooShort => "the name is too short to be understood by those who did not choose it",
            Self::Numbered => "a number does not say what sets this one apart from the others",
            Self::LettersDropped => "an id holds a to z only, so some letters of the name are not in it",
            Self::LooksAlike => "people will take this account for another one whose name looks the same",
        }
    }
}

impl core::fmt::Display for NameAdviceCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for NameAdviceCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeSet, string::ToString};

    use super::*;

    const STABLE: [(NameAdviceCode, &str); 9] = [
        (NameAdviceCode::NotDescriptive, "not_descriptive"),
        (NameAdviceCode::Vague, "vague"),
        (NameAdviceCode::TooGeneric, "too_generic"),
        (NameAdviceCode::EnvironmentOnly, "environment_only"),
        (NameAdviceCode::OneWord, "one_word"),
        (NameAdviceCode::TooShort, "too_short"),
        (NameAdviceCode::Numbered, "numbered"),
        (NameAdviceCode::LettersDropped, "letters_dropped"),
        (NameAdviceCode::LooksAlike, "looks_alike"),
    ];

    #[test]
    fn the_text_of_a_code_never_changes() {
        for (code, text) in STABLE {
            assert_eq!((code.as_str(), code.to_string().as_str()), (text, text));
        }
    }

    #[test]
    fn each_code_has_a_reason_of_its_own() {
        let reasons = STABLE.map(|(code, _)| code.reason());
        assert_eq!(BTreeSet::from(reasons).len(), STABLE.len());
        for reason in reasons {
            assert!(reason.contains(' ') && !reason.ends_with('.'), "{reason}");
        }
    }
}
