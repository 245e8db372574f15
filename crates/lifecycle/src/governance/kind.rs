//! What is asked for.

use core::fmt;

/// What a request asks for; a rule looks only at requests of the kinds it is about.
///
/// A host that governs something else brings its own subject and rules for it; see
/// [`PolicyRule`](crate::PolicyRule).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum RequestKind {
    /// An account, to be created or changed.
    Account,
    /// A token of an account, to be minted, rotated or changed.
    #[default]
    Token,
    /// A certificate for an account's domains.
    Certificate,
}

impl RequestKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Account, Self::Token, Self::Certificate];

    /// The name, as documents have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Token => "token",
            Self::Certificate => "certificate",
        }
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
