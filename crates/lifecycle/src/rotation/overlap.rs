//! How long an old token outlives the minting of its successor.

use crate::span::Span;

/// How long old and new token work side by side.
///
/// Whatever is chosen, the old token never outlives its own expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Overlap {
    /// Not at all: the old token is revoked as the new one is minted. For a token that has leaked.
    None,
    /// Until the new token is first used, at most this long. For one client.
    UntilFirstUse(Span),
    /// For exactly this long. For several clients that share the token and reload one after another.
    Fixed(Span),
}

impl Overlap {
    pub(crate) const fn longest(self) -> Option<Span> {
        match self {
            Self::None => None,
            Self::UntilFirstUse(span) | Self::Fixed(span) => Some(span),
        }
    }
}
