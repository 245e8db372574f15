//! What a review looks at.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use time::UtcDateTime;

use super::{HumanSign, ReviewFinding};
use crate::account::{AccountFacts, AccountFinding};
use crate::entry::TokenEntry;
use crate::environment::Environment;
use crate::facts::TokenFacts;
use crate::finding::LifecycleFinding;
use crate::moment::Moment;
use crate::policy::LifecyclePolicy;
use crate::span::Span;

/// From more networks than this, one use does not explain where an account comes from.
const MOST_NETWORKS: usize = 5;

/// One account or token and what the host has on record beside its dates.
///
/// `K` is the host's key, `P` its permissions. [`token`](Self::token) and [`account`](Self::account) begin with the worst
/// of what is to be documented and the best of what is to be seen: a host states that a purpose is there, and that a
/// secret has leaked. Forgetting a field is then found, or finds nothing that did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewItem<K, P> {
    /// The host's key.
    pub key: K,
    /// Whether it is an account or a token, with its dates.
    pub subject: ReviewSubject,
    /// When somebody last said that it is still required.
    pub confirmed_at: Option<UtcDateTime>,
    /// Whether the purpose of its account is written down.
    pub has_purpose: bool,
    /// Whether the host's naming advice has nothing to say.
    pub has_fitting_name: bool,
    /// Whether its account's teams still fit.
    pub has_fitting_teams: bool,
    /// Whether its account still exists.
    pub has_account: bool,
    /// Whether the owner of its account still exists.
    pub has_owner: bool,
    /// How often it is expected to be used, if anybody has said so.
    pub used_every: Option<Span>,
    /// What it may do.
    pub granted: BTreeSet<P>,
    /// What it was seen to do.
    pub used: BTreeSet<P>,
    /// Whether its secret was found exposed and still works.
    pub is_leaked: bool,
    /// Whether it is stored under a pepper other than the current one.
    pub has_old_pepper: bool,
    /// Whether it never expires.
    pub never_expires: bool,
    /// The environments in which it was seen.
    pub environments: BTreeSet<Environment>,
    /// How many systems use it.
    pub systems: usize,
    /// From how many networks it was seen.
    pub networks: usize,
    /// What looks as if a person used it.
    pub human_signs: BTreeSet<HumanSign>,
}

/// An account or a token, with its dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewSubject {
    /// With the dates of an account, and how it has been used.
    Account(AccountFacts),
    /// A token, and where it may be used.
    Token(Environment, TokenFacts),
}

impl<K, P> ReviewItem<K, P> {
    /// A token of which nothing is documented and nothing was seen.
    pub fn token(entry: TokenEntry<K>) -> Self {
        Self::new(entry.key, ReviewSubject::Token(entry.environment, entry.facts))
    }

    /// An account of which nothing is documented and nothing was seen; that it exists is known.
    pub fn account(key: K, facts: AccountFacts) -> Self {
        Self { has_account: true, ..Self::new(key, ReviewSubject::Account(facts)) }
    }

    fn new(key: K, subject: ReviewSubject) -> Self {
        Self {
            key,
            subject,
            confirmed_at: None,
            has_purpose: false,
            has_fitting_name: false,
            has_fitting_teams: false,
            has_account: false,
            has_owner: false,
            used_every: None,
            granted: BTreeSet::new(),
            used: BTreeSet::new(),
            is_leaked: false,
            has_old_pepper: false,
            never_expires: false,
            environments: BTreeSet::new(),
            systems: 0,
            networks: 0,
            human_signs: BTreeSet::new(),
        }
    }
}

/// What the calendar says of a subject.
struct Dated {
    born: Moment,
    last_use: Moment,
    is_idle: bool,
    is_long_lived: bool,
    no_successor_until: Option<UtcDateTime>,
}

impl ReviewSubject {
    /// Whether it is reviewed: an account that exists, a token that was not revoked.
    pub(super) const fn is_live(&self) -> bool {
        match self {
            Self::Account(_) => true,
            Self::Token(_, facts) => facts.is_live(),
        }
    }

    fn dated(&self, policy: &LifecyclePolicy, now: UtcDateTime) -> Dated {
        match self {
            Self::Account(facts) => {
                let findings = policy.assess_account(facts, now);
                let (born, last_use) = facts.used_since();
                Dated {
                    born,
                    last_use,
                    is_idle: findings.iter().any(|found| matches!(found, AccountFinding::Inactive { .. })),
                    is_long_lived: findings.iter().any(|found| matches!(found, AccountFinding::SecretDue { .. })),
                    no_successor_until: None,
                }
            }
            Self::Token(environment, facts) => {
                let findings = policy.assess(environment, facts, now);
                let is_any = |is: fn(&LifecycleFinding) -> bool| findings.iter().any(is);
                Dated {
                    born: facts.issued_at,
                    last_use: facts.last_use,
                    is_idle: is_any(|found| matches!(found, LifecycleFinding::Idle { .. })),
                    is_long_lived: is_any(|found| matches!(found, LifecycleFinding::LifetimeTooLong { .. })),
                    no_successor_until: findings.iter().find_map(without_successor),
                }
            }
        }
    }
}

impl<K, P: Clone + Ord> ReviewItem<K, P> {
    /// In the order of the questions.
    pub(super) fn findings(&self, policy: &LifecyclePolicy, now: UtcDateTime) -> Vec<ReviewFinding<P>> {
        let dated = self.subject.dated(policy, now);
        let mut findings = self.checklist(&dated, policy, now);
        findings.extend(self.risks(&dated));
        findings.sort_by_key(ReviewFinding::question);
        findings
    }

    fn checklist(&self, dated: &Dated, policy: &LifecyclePolicy, now: UtcDateTime) -> Vec<ReviewFinding<P>> {
        let unused: Vec<_> = self.granted.difference(&self.used).cloned().collect();
        let last_use = dated.last_use.to_utc_if_happened();
        let findings = [
            self.is_unconfirmed(dated, policy, now)
                .then_some(ReviewFinding::Unconfirmed { last_confirmed: self.confirmed_at }),
            (!self.has_purpose).then_some(ReviewFinding::NoPurpose),
            (!self.has_fitting_name).then_some(ReviewFinding::UnfittingName),
            dated.no_successor_until.map(|expires_at| ReviewFinding::NoSuccessor { expires_at }),
            self.is_unused(dated, now).then_some(ReviewFinding::Unused { last_use }),
            (!unused.is_empty()).then_some(ReviewFinding::Overprivileged { unused }),
            (!self.has_fitting_teams).then_some(ReviewFinding::UnfittingTeams),
            (!self.has_account).then_some(ReviewFinding::Orphaned),
        ];
        findings.into_iter().flatten().collect()
    }

    fn risks(&self, dated: &Dated) -> Vec<ReviewFinding<P>> {
        let is_reused = self.systems > 1 || self.networks > MOST_NETWORKS;
        let signs: Vec<_> = self.human_signs.iter().copied().collect();
        let environments = self.environments_seen();
        let findings = [
            (!self.has_owner).then_some(ReviewFinding::OwnerGone),
            self.is_leaked.then_some(ReviewFinding::Leaked),
            self.has_old_pepper.then_some(ReviewFinding::OldPepper),
            self.never_expires.then_some(ReviewFinding::NoExpiry),
            dated.is_long_lived.then_some(ReviewFinding::LongLived),
            (environments > 1).then_some(ReviewFinding::SeveralEnvironments { environments }),
            is_reused.then_some(ReviewFinding::Reused { systems: self.systems, networks: self.networks }),
            (!signs.is_empty()).then_some(ReviewFinding::HumanUse { signs }),
        ];
        findings.into_iter().flatten().collect()
    }

    /// What is new has been required since it was made.
    fn is_unconfirmed(&self, dated: &Dated, policy: &LifecyclePolicy, now: UtcDateTime) -> bool {
        let confirmed = self.confirmed_at.map_or(Moment::NEVER, Moment::of);
        Moment::of(now) >= confirmed.max(dated.born).plus(policy.review_every())
    }

    fn is_unused(&self, dated: &Dated, now: UtcDateTime) -> bool {
        let last = dated.last_use.max(dated.born);
        dated.is_idle || self.used_every.is_some_and(|every| Moment::of(now) >= last.plus(every))
    }

    /// A token's own environment counts, seen or not.
    fn environments_seen(&self) -> usize {
        let own = match &self.subject {
            ReviewSubject::Token(environment, _) => usize::from(!self.environments.contains(environment)),
            ReviewSubject::Account(_) => 0,
        };
        self.environments.len() + own
    }
}

const fn without_successor(finding: &LifecycleFinding) -> Option<UtcDateTime> {
    match *finding {
        LifecycleFinding::RotationDue { expires_at, .. } | LifecycleFinding::Expired { at: expires_at, .. } => {
            Some(expires_at)
        }
        _ => None,
    }
}
