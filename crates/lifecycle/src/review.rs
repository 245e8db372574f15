//! The quarterly review: the same questions to every account and token, answered from what is on record.
//!
//! A review is made by people; this makes the pack they decide on, keeps what they decided, and tells what has changed
//! since the last one, so that nobody reads the same page each quarter.

mod attestation;
mod finding;
mod item;
mod render;
mod risk;
#[cfg(feature = "serde")]
mod written;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use time::UtcDateTime;

use crate::policy::LifecyclePolicy;

pub use self::attestation::{Attestation, NotReviewedError, ReviewDecision};
pub use self::finding::{HumanSign, ReviewFinding, ReviewQuestion};
pub use self::item::{ReviewItem, ReviewSubject};
pub use self::risk::NhiRisk;

/// A pack: each account and token that was reviewed, what was found of it, and what people decided.
///
/// `K` is the host's key, `P` its permissions, `W` its name for an actor. With the feature `serde` a pack is a document
/// that reads back, so that the next one can be compared with it.
///
/// ```
/// use service_accounts_lifecycle::{
///     Environment, LifecyclePolicy, Review, ReviewItem, ReviewQuestion, TokenEntry, TokenFacts,
/// };
/// use time::{Duration, UtcDateTime};
///
/// let now = UtcDateTime::UNIX_EPOCH;
/// let facts = TokenFacts::new(now, now + Duration::days(365));
/// let entry = TokenEntry { key: "ci", environment: Environment::production(), facts };
/// let item = ReviewItem {
///     has_purpose: true,
///     has_fitting_name: true,
///     has_fitting_teams: true,
///     has_account: true,
///     has_owner: true,
///     granted: ["read", "write"].into(),
///     used: ["read"].into(),
///     ..ReviewItem::token(entry)
/// };
/// let review = Review::<_, _, &str>::of([&item], &LifecyclePolicy::default(), now);
/// let found: Vec<_> = review.findings().map(|(key, finding)| (*key, finding.question())).collect();
/// assert_eq!(found, [("ci", ReviewQuestion::LeastPrivilege)]);
/// assert!(review.to_markdown().contains("| ci | token | least privilege? | NHI5 | never used: write |"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review<K, P, W> {
    at: UtcDateTime,
    /// In the order of the keys, each once.
    rows: Vec<ReviewRow<K, P>>,
    attestations: Vec<Attestation<K, W>>,
}

/// What was found of one account or token; nothing, if all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow<K, P> {
    /// The host's key.
    pub key: K,
    /// Whether it is an account or a token.
    pub kind: ReviewedKind,
    /// In the order of the questions.
    pub findings: Vec<ReviewFinding<P>>,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ReviewedKind {
    /// The account itself: its role, owner and networks.
    Account,
    /// One of its tokens.
    Token,
}

/// What has changed between two reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewDelta<K> {
    /// Questions answered badly that were answered well before, or not asked.
    pub new: Vec<(K, ReviewQuestion)>,
    /// Questions answered badly both times.
    pub standing: Vec<(K, ReviewQuestion)>,
    /// Questions answered well that were answered badly before.
    pub resolved: Vec<(K, ReviewQuestion)>,
    /// Questions answered badly before, of what is no longer reviewed.
    pub gone: Vec<(K, ReviewQuestion)>,
}

impl<K: Clone + Ord, P: Clone + Ord, W> Review<K, P, W> {
    /// Asks every question of each account and of each token that was not revoked; of two items with one key the later
    /// counts.
    pub fn of<'a>(
        items: impl IntoIterator<Item = &'a ReviewItem<K, P>>,
        policy: &LifecyclePolicy,
        now: UtcDateTime,
    ) -> Self
    where
        K: 'a,
        P: 'a,
    {
        let row = |item: &ReviewItem<K, P>| ReviewRow {
            key: item.key.clone(),
            kind: match item.subject {
                ReviewSubject::Account(_) => ReviewedKind::Account,
                ReviewSubject::Token(..) => ReviewedKind::Token,
            },
            findings: item.findings(policy, now),
        };
        let live = items.into_iter().filter(|item| item.subject.is_live()).map(row);
        let rows: BTreeMap<_, _> = live.map(|row| (row.key.clone(), row)).collect();
        Self { at: now, rows: rows.into_values().collect(), attestations: Vec::new() }
    }

    /// What has changed since an earlier review.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> ReviewDelta<K> {
        let (now, before) = (self.answered_badly(), earlier.answered_badly());
        let (standing, new) = now.iter().cloned().partition(|at| before.contains(at));
        let closed = before.difference(&now).cloned();
        let (resolved, gone) = closed.partition(|(key, _)| self.row(key).is_some());
        ReviewDelta { new, standing, resolved, gone }
    }

    fn answered_badly(&self) -> BTreeSet<(K, ReviewQuestion)> {
        self.findings().map(|(key, finding)| (key.clone(), finding.question())).collect()
    }
}

impl<K: Ord, P, W> Review<K, P, W> {
    /// Records what somebody decided about one row; a second decision does not erase the first.
    ///
    /// # Errors
    ///
    /// The review has no row of this key.
    pub fn attest(&mut self, attestation: Attestation<K, W>) -> Result<(), NotReviewedError> {
        self.row(&attestation.key).ok_or(NotReviewedError)?;
        self.attestations.push(attestation);
        Ok(())
    }

    /// The last decision about a row, if there is one.
    #[must_use]
    pub fn decision(&self, key: &K) -> Option<&Attestation<K, W>> {
        self.attestations.iter().rev().find(|attestation| attestation.key == *key)
    }

    /// The rows about which nobody has decided yet.
    pub fn undecided(&self) -> impl Iterator<Item = &ReviewRow<K, P>> {
        self.rows.iter().filter(|row| self.decision(&row.key).is_none())
    }

    /// The row of a key.
    #[must_use]
    pub fn row(&self, key: &K) -> Option<&ReviewRow<K, P>> {
        self.rows.binary_search_by(|row| row.key.cmp(key)).ok().and_then(|place| self.rows.get(place))
    }
}

impl<K, P, W> Review<K, P, W> {
    /// When it was made.
    #[must_use]
    pub const fn at(&self) -> UtcDateTime {
        self.at
    }

    /// Every account and token that was reviewed, in the order of the keys.
    #[must_use]
    pub fn rows(&self) -> &[ReviewRow<K, P>] {
        &self.rows
    }

    /// Everything that was found, by key.
    pub fn findings(&self) -> impl Iterator<Item = (&K, &ReviewFinding<P>)> {
        self.rows.iter().flat_map(|row| row.findings.iter().map(|finding| (&row.key, finding)))
    }

    /// What people decided, in the order in which they did.
    #[must_use]
    pub fn attestations(&self) -> &[Attestation<K, W>] {
        &self.attestations
    }
}
