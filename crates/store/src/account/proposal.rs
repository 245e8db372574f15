//! What an account is to become once a second administrator agrees.

use serde::{Deserialize, Serialize};
use service_accounts_access::{Allowlist, Grant};
use service_accounts_audit::Label;
use time::UtcDateTime;

use crate::seconds;

/// Rights, networks and an end that an account will have once a second administrator approves them.
///
/// An approval puts `grant`, `allowlist` and `end` in force and removes it; an edit replaces it and adds its editor to
/// `by`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The role, scopes and teams proposed.
    pub grant: Grant,
    /// The networks proposed.
    pub allowlist: Allowlist,
    /// The end proposed. Proposals of earlier versions have none, and leave the account's as it is.
    #[serde(default, skip_serializing_if = "ProposedEnd::is_unchanged")]
    pub end: ProposedEnd,
    /// Everybody who made or edited it; none of them may approve it.
    pub by: Vec<Label>,
    /// When it was last edited.
    #[serde(with = "seconds")]
    pub at: UtcDateTime,
}

/// When an account will end once a second administrator approves it.
///
/// ```
/// use service_accounts_store::ProposedEnd;
/// use time::UtcDateTime;
///
/// let present = Some(UtcDateTime::UNIX_EPOCH);
/// assert_eq!(ProposedEnd::Unchanged.over(present), present);
/// assert_eq!(ProposedEnd::Never.over(present), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProposedEnd {
    /// When it ends now.
    #[default]
    Unchanged,
    /// It will not end by itself.
    Never,
    /// The first instant at which it will be refused.
    At(#[serde(with = "seconds")] UtcDateTime),
}

impl ProposedEnd {
    /// The end that the account will have, where it now has `present`.
    #[must_use]
    pub const fn over(self, present: Option<UtcDateTime>) -> Option<UtcDateTime> {
        match self {
            Self::Unchanged => present,
            Self::Never => None,
            Self::At(end) => Some(end),
        }
    }

    /// Whether the account's end stays what it is.
    #[must_use]
    pub const fn is_unchanged(&self) -> bool {
        matches!(self, Self::Unchanged)
    }
}

impl From<Option<UtcDateTime>> for ProposedEnd {
    fn from(end: Option<UtcDateTime>) -> Self {
        end.map_or(Self::Never, Self::At)
    }
}
