//! The quarterly review: seven questions to every token, answered from what is on record.
//!
//! A review is made by people; this makes the pack they decide on, keeps who has attested it, and tells
//! what has changed since the last one, so that nobody reads the same page each quarter.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use time::UtcDateTime;

use crate::entry::TokenEntry;
use crate::finding::LifecycleFinding;
use crate::moment::Moment;
use crate::policy::LifecyclePolicy;
use crate::span::Span;

/// What a review looks at: one token and what the host has on record beside its dates.
///
/// `K` is the host's key, `P` its permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewItem<K, P> {
    /// The token and its dates.
    pub entry: TokenEntry<K>,
    /// Whether the purpose of its account is written down.
    pub has_purpose: bool,
    /// Whether the host's naming advice has nothing to say.
    pub has_fitting_name: bool,
    /// Whether its account's teams still fit.
    pub has_fitting_teams: bool,
    /// Whether its account still exists.
    pub has_account: bool,
    /// How often it is expected to be used, if anybody has said so.
    pub used_every: Option<Span>,
    /// What it may do.
    pub granted: BTreeSet<P>,
    /// What it was seen to do.
    pub used: BTreeSet<P>,
}

/// The seven questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ReviewQuestion {
    /// Is the purpose documented?
    Purpose,
    /// Does the name fit?
    Name,
    /// Does it expire soon without a successor?
    Succession,
    /// Was it used as expected?
    LastUse,
    /// Does it have no more permissions than it uses?
    LeastPrivilege,
    /// Do the teams fit?
    Teams,
    /// Does its account exist?
    Orphan,
}

/// A question that was not answered well, with what shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReviewFinding<P> {
    /// The purpose is not documented.
    NoPurpose,
    /// The name is advised against.
    UnfittingName,
    /// The token has expired, or its rotation window is open, and there is no successor.
    NoSuccessor {
        /// When it stops working.
        expires_at: UtcDateTime,
    },
    /// The token was not used as often as expected.
    Unused {
        /// When it was last used.
        last_use: Option<UtcDateTime>,
    },
    /// The token has permissions it was never seen to use.
    Overprivileged {
        /// Which permissions.
        unused: Vec<P>,
    },
    /// The teams do not fit.
    UnfittingTeams,
    /// The account is gone, and the token is not revoked.
    Orphaned,
}

/// The answers of one review; `W` is the host's name for an actor.
///
/// ```
/// use service_accounts_lifecycle::{TokenEntry, Environment, TokenFacts, LifecyclePolicy, ReviewQuestion, Review, ReviewItem};
/// use time::{Duration, UtcDateTime};
///
/// let now = UtcDateTime::UNIX_EPOCH;
/// let entry = TokenEntry {
///     key: "ci",
///     environment: Environment::production(),
///     facts: TokenFacts::new(now, now + Duration::days(365)),
/// };
/// let item = ReviewItem {
///     entry,
///     has_purpose: true,
///     has_fitting_name: true,
///     has_fitting_teams: true,
///     has_account: true,
///     used_every: None,
///     granted: ["read", "write"].into(),
///     used: ["read"].into(),
/// };
/// let review = Review::<_, _, &str>::of([&item], &LifecyclePolicy::default(), now);
/// assert_eq!(review.remarks().map(|(key, question, _)| (*key, question)).collect::<Vec<_>>(), [
///     ("ci", ReviewQuestion::LeastPrivilege)
/// ]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review<K, P, W> {
    at: UtcDateTime,
    reviewed: BTreeSet<K>,
    remarks: BTreeMap<(K, ReviewQuestion), ReviewFinding<P>>,
    attestations: Vec<Attestation<W>>,
}

/// Somebody's word that a review was read and acted upon.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attestation<W> {
    /// Who.
    pub by: W,
    /// When.
    pub at: UtcDateTime,
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
    /// Questions answered badly before, of tokens that are no longer reviewed.
    pub gone: Vec<(K, ReviewQuestion)>,
}

impl<K: Clone + Ord, P: Clone + Ord, W> Review<K, P, W> {
    /// Asks the seven questions of every token that was not revoked.
    pub fn of<'a>(
        items: impl IntoIterator<Item = &'a ReviewItem<K, P>>,
        policy: &LifecyclePolicy,
        now: UtcDateTime,
    ) -> Self
    where
        K: 'a,
        P: 'a,
    {
        let mut review =
            Self { at: now, reviewed: BTreeSet::new(), remarks: BTreeMap::new(), attestations: Vec::new() };
        for item in items.into_iter().filter(|item| item.entry.facts.is_live()) {
            let key = &item.entry.key;
            review.reviewed.insert(key.clone());
            review.remarks.extend(item.remarks(policy, now).map(|remark| ((key.clone(), remark.question()), remark)));
        }
        review
    }

    /// When it was made.
    #[must_use]
    pub const fn at(&self) -> UtcDateTime {
        self.at
    }

    /// Every question that was not answered well, by token.
    pub fn remarks(&self) -> impl Iterator<Item = (&K, ReviewQuestion, &ReviewFinding<P>)> {
        self.remarks.iter().map(|((key, question), remark)| (key, *question, remark))
    }

    /// How many tokens were reviewed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reviewed.len()
    }

    /// Whether no token was reviewed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reviewed.is_empty()
    }

    /// Records that somebody stands for the review; a second attestation does not replace the first.
    pub fn attest(&mut self, by: W, at: UtcDateTime) {
        self.attestations.push(Attestation { by, at });
    }

    /// Who stands for the review, in the order in which they did.
    #[must_use]
    pub fn attestations(&self) -> &[Attestation<W>] {
        &self.attestations
    }

    /// What has changed since an earlier review.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> ReviewDelta<K> {
        let (standing, new) = split(&self.remarks, |at| earlier.remarks.contains_key(at));
        let (closed, _) = split(&earlier.remarks, |at| !self.remarks.contains_key(at));
        let (resolved, gone) = closed.into_iter().partition(|(key, _)| self.reviewed.contains(key));
        ReviewDelta { new, standing, resolved, gone }
    }
}

impl<K, P: Clone + Ord> ReviewItem<K, P> {
    fn remarks(&self, policy: &LifecyclePolicy, now: UtcDateTime) -> impl Iterator<Item = ReviewFinding<P>> {
        let findings = policy.assess(&self.entry.environment, &self.entry.facts, now);
        let unused: Vec<_> = self.granted.difference(&self.used).cloned().collect();
        let remarks = [
            (!self.has_purpose).then_some(ReviewFinding::NoPurpose),
            (!self.has_fitting_name).then_some(ReviewFinding::UnfittingName),
            findings.iter().find_map(without_successor),
            self.is_unused(&findings, now).then(|| ReviewFinding::Unused { last_use: self.last_use() }),
            (!unused.is_empty()).then_some(ReviewFinding::Overprivileged { unused }),
            (!self.has_fitting_teams).then_some(ReviewFinding::UnfittingTeams),
            (!self.has_account).then_some(ReviewFinding::Orphaned),
        ];
        remarks.into_iter().flatten()
    }

    fn is_unused(&self, findings: &[LifecycleFinding], now: UtcDateTime) -> bool {
        let facts = &self.entry.facts;
        let last = facts.last_use.max(facts.issued_at);
        let is_late = self.used_every.is_some_and(|every| Moment::of(now) >= last.plus(every));
        is_late || findings.iter().any(|finding| matches!(finding, LifecycleFinding::Idle { .. }))
    }

    fn last_use(&self) -> Option<UtcDateTime> {
        self.entry.facts.last_use.to_utc_if_happened()
    }
}

impl<P> ReviewFinding<P> {
    /// The question it answers.
    #[must_use]
    pub const fn question(&self) -> ReviewQuestion {
        match self {
            Self::NoPurpose => ReviewQuestion::Purpose,
            Self::UnfittingName => ReviewQuestion::Name,
            Self::NoSuccessor { .. } => ReviewQuestion::Succession,
            Self::Unused { .. } => ReviewQuestion::LastUse,
            Self::Overprivileged { .. } => ReviewQuestion::LeastPrivilege,
            Self::UnfittingTeams => ReviewQuestion::Teams,
            Self::Orphaned => ReviewQuestion::Orphan,
        }
    }
}

fn without_successor<P>(finding: &LifecycleFinding) -> Option<ReviewFinding<P>> {
    match *finding {
        LifecycleFinding::RotationDue { expires_at, .. } | LifecycleFinding::Expired { at: expires_at, .. } => {
            Some(ReviewFinding::NoSuccessor { expires_at })
        }
        _ => None,
    }
}

type Places<K> = Vec<(K, ReviewQuestion)>;

fn split<K: Clone, P>(
    remarks: &BTreeMap<(K, ReviewQuestion), ReviewFinding<P>>,
    is_first: impl Fn(&(K, ReviewQuestion)) -> bool,
) -> (Places<K>, Places<K>) {
    remarks.keys().cloned().partition(is_first)
}
