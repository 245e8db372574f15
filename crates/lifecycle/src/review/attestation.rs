//! What people decide about what was reviewed.

use alloc::string::String;

use time::UtcDateTime;

/// What somebody decided about one account or token, and stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attestation<K, W> {
    /// What was decided about.
    pub key: K,
    /// Who decided.
    pub by: W,
    /// When.
    pub at: UtcDateTime,
    /// What.
    pub decision: ReviewDecision,
    /// Why, for the next reader; checked by the host as every text that people read.
    pub note: Option<String>,
}

/// What becomes of what was reviewed. The review records it; to act is the host's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ReviewDecision {
    /// It is still required, as it is.
    Keep,
    /// It is still required, and something is to be changed.
    Change,
    /// It is not required.
    Revoke,
}

impl ReviewDecision {
    /// Whether somebody has said that it is still required.
    #[must_use]
    pub const fn confirms(self) -> bool {
        matches!(self, Self::Keep | Self::Change)
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Change => "change",
            Self::Revoke => "revoke",
        }
    }
}

/// Somebody decided about what was not reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the review has no such account or token, look at its rows")]
pub struct NotReviewedError;
