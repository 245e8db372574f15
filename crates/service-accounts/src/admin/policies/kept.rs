//! A policy as it is kept, and what it has to say.

use service_accounts_lifecycle::{OverBroad, PolicyOutcome};
use service_accounts_naming::AccountId;
use service_accounts_token::TokenId;

use crate::{PolicyFinding, TokenPolicy, core::governance::Entry};

/// The state of a policy. No two states of policies of one realm share it.
///
/// Name the version that was read when a policy is changed: a change that somebody else made meanwhile is then not
/// overwritten.
///
/// ```
/// use service_accounts::PolicyVersion;
///
/// assert_eq!(PolicyVersion::new(7).number(), 7); // as a client sent it back
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyVersion(u64);

impl PolicyVersion {
    /// The version of this number, as a client read it.
    ///
    /// A number that was made up is refused as [`Error::PolicyChanged`](crate::Error::PolicyChanged) when it is named.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// As a client reads and names it.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// A policy as it is kept.
///
/// `over_broad` does not refuse a policy; whoever reads it should see what it takes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPolicy {
    /// The policy; its name is its place.
    pub policy: TokenPolicy,
    /// Its state, to name when it is changed or removed.
    pub version: PolicyVersion,
    /// In what ways it takes in more than anybody is likely to mean.
    ///
    /// Such as a policy about every account.
    pub over_broad: Vec<OverBroad>,
}

/// What a policy would have to say.
///
/// [`Allow`](PolicyOutcome::Allow) has no findings, [`Warn`](PolicyOutcome::Warn) only soft ones,
/// [`Block`](PolicyOutcome::Block) a hard one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyTrial {
    /// What would follow.
    pub outcome: PolicyOutcome,
    /// Each rule that would fail.
    pub findings: Vec<PolicyFinding>,
    /// In what ways the policy takes in more than anybody is likely to mean.
    pub over_broad: Vec<OverBroad>,
}

/// An account or token that exists and that a policy would object to.
///
/// Nothing happens to what exists: it is asked again when it is next changed, enabled or rotated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyObjection {
    /// Whose it is: the account that is meant, or whose token is.
    pub account: AccountId,
    /// The token; none where the account itself is meant.
    pub token: Option<TokenId>,
    /// What the policy would object to.
    pub findings: Vec<PolicyFinding>,
}

impl From<Entry> for KeptPolicy {
    fn from(Entry { version, policy }: Entry) -> Self {
        Self { over_broad: policy.breadth(), version: PolicyVersion::new(version), policy }
    }
}
