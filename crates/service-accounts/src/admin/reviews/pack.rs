//! A review as it is kept.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use service_accounts_access::Teams;
use service_accounts_audit::Label;
use service_accounts_lifecycle::{Review, ReviewDelta};
use service_accounts_naming::AccountId;
use service_accounts_store::{DocumentId, Owner};
use time::UtcDateTime;

use super::ReviewKey;
use crate::core::documents::{id_text, seconds};

/// Findings and decisions: permissions by name, and who decided by the name in the trail.
pub type ReviewRows = Review<ReviewKey, String, Label>;

/// What a review is about: a page of the accounts, with their tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewScope {
    /// Only accounts of this owner.
    pub owner: Option<Owner>,
    /// The account behind which the page starts, as [`ReviewPack::next`] of the review before named it.
    pub after: Option<AccountId>,
    /// Who is still there to answer for accounts; whoever is not among them is gone. Where it is left out, every owner
    /// counts as there.
    pub owners: Option<BTreeSet<String>>,
}

/// A review as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewPack {
    /// Its name; the latest review is listed first.
    #[serde(with = "id_text")]
    pub id: DocumentId,
    /// What it is about.
    pub scope: ReviewScope,
    /// Every team of its accounts; whoever reads it must be in all of them.
    pub teams: Teams,
    /// Who opened it.
    pub opened_by: Label,
    /// When.
    #[serde(with = "seconds")]
    pub opened_at: UtcDateTime,
    /// The last review of the same scope before it.
    pub before: Option<String>,
    /// Where the next review starts; none if this one reaches the end.
    pub next: Option<AccountId>,
    /// Whether an account had more tokens than a pack holds.
    pub is_cut: bool,
    /// What was found, and what people decided.
    pub rows: ReviewRows,
}

impl ReviewPack {
    /// How many accounts and tokens a pack holds.
    pub const MOST_ROWS: usize = 2000;

    /// How many bytes of JSON the rows of a pack take. With its decisions a pack may grow to twice as many.
    pub const MOST_BYTES: usize = 4 << 20;

    /// How many decisions a pack holds.
    pub const MOST_ATTESTATIONS: usize = 4000;
}

/// A review, and what has changed since the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedReview {
    /// What was found, as it was kept.
    pub pack: ReviewPack,
    /// What has changed since the last review of the same scope; none if there was none, or the actor is not in all of its
    /// teams.
    pub delta: Option<ReviewDelta<ReviewKey>>,
}
