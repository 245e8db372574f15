//! What to do, what is coming, and what another policy would change.
//!
//! All three are pure: the same facts, policy and instant give the same plan, so a plan can be shown
//! before it is carried out, and a policy tried before it is adopted.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use time::{Date, UtcDateTime};

use crate::entry::TokenEntry;
use crate::finding::LifecycleFinding;
use crate::moment::Moment;
use crate::policy::LifecyclePolicy;
use crate::span::Span;
use crate::task::{Task, tasks_of};

/// What is to be done now, the weightiest first.
///
/// A token that is to be revoked gets no other task, and one that is to be rotated need not be replaced
/// as well.
///
/// ```
/// use service_accounts_lifecycle::{TaskKind, TokenEntry, Environment, TokenFacts, LifecyclePolicy, plan};
/// use time::{Duration, UtcDateTime};
///
/// let issued_at = UtcDateTime::UNIX_EPOCH;
/// let facts = TokenFacts::new(issued_at, issued_at + Duration::days(365));
/// let inventory = [TokenEntry { key: "ci", environment: Environment::production(), facts }];
///
/// let tasks = plan(&inventory, &LifecyclePolicy::default(), issued_at + Duration::days(90));
/// assert_eq!((tasks[0].key, tasks[0].kind), ("ci", TaskKind::Revoke), "nobody has ever used it");
/// ```
#[must_use]
pub fn plan<'a, K: Clone + 'a>(
    entries: impl IntoIterator<Item = &'a TokenEntry<K>>,
    policy: &LifecyclePolicy,
    now: UtcDateTime,
) -> Vec<Task<K>> {
    let tasks = |entry: &TokenEntry<K>| tasks_of(&entry.key, policy.assess(&entry.environment, &entry.facts, now));
    let mut plan: Vec<_> = entries.into_iter().flat_map(tasks).collect();
    plan.sort_by_key(|task| core::cmp::Reverse(task.severity()));
    plan
}

/// Something that will be found of a token if nobody acts before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ComingFinding<K> {
    /// When.
    pub at: UtcDateTime,
    /// Which token, by the key that the caller gave with it.
    pub key: K,
    /// What will be found.
    pub finding: LifecycleFinding,
}

/// What will be found until a horizon if nobody acts, by day.
///
/// What is found already is no forecast; see [`plan`].
#[must_use]
pub fn forecast<'a, K: Clone + 'a>(
    entries: impl IntoIterator<Item = &'a TokenEntry<K>>,
    policy: &LifecyclePolicy,
    now: UtcDateTime,
    horizon: Span,
) -> BTreeMap<Date, Vec<ComingFinding<K>>> {
    let end = Moment::of(now).plus(horizon).to_utc();
    let mut days: BTreeMap<Date, Vec<ComingFinding<K>>> = BTreeMap::new();
    for coming in entries.into_iter().flat_map(|entry| coming_of(entry, policy, now, end)) {
        days.entry(coming.at.date()).or_default().push(coming);
    }
    days.values_mut().for_each(|coming| coming.sort_by_key(|each| each.at));
    days
}

/// One step for each change of the answer; a token has five at most, so it ends.
fn coming_of<K: Clone>(
    entry: &TokenEntry<K>,
    policy: &LifecyclePolicy,
    now: UtcDateTime,
    end: UtcDateTime,
) -> Vec<ComingFinding<K>> {
    let schedule = policy.schedule(&entry.environment);
    let mut known = schedule.assess(&entry.facts, now);
    let mut coming = Vec::new();
    let mut last = now;
    while let Some(at) = schedule.next_due(&entry.facts, last).filter(|at| *at <= end) {
        let found = schedule.assess(&entry.facts, at);
        let new = found.iter().filter(|finding| !known.contains(finding));
        coming.extend(new.map(|finding| ComingFinding { at, key: entry.key.clone(), finding: *finding }));
        (known, last) = (found, at);
    }
    coming
}

/// What another policy would change for one token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyDifference<K> {
    /// Which token, by the key that the caller gave with it.
    pub key: K,
    /// What would be found that is not found now.
    pub appears: Vec<LifecycleFinding>,
    /// What is found now and would not be.
    pub disappears: Vec<LifecycleFinding>,
    /// When the answer next changes, now and then.
    pub next_due: (Option<UtcDateTime>, Option<UtcDateTime>),
}

/// What replacing one policy by another would do to these tokens, now; tokens it does nothing to are left out.
///
/// A finding whose dates only move is neither new nor gone; that its date moves shows in `next_due`.
#[must_use]
pub fn diff<'a, K: Clone + 'a>(
    entries: impl IntoIterator<Item = &'a TokenEntry<K>>,
    from: &LifecyclePolicy,
    to: &LifecyclePolicy,
    now: UtcDateTime,
) -> Vec<PolicyDifference<K>> {
    let difference = |entry: &TokenEntry<K>| {
        let (from, to) = (from.schedule(&entry.environment), to.schedule(&entry.environment));
        let (before, after) = (from.assess(&entry.facts, now), to.assess(&entry.facts, now));
        PolicyDifference {
            key: entry.key.clone(),
            appears: without(&after, &before),
            disappears: without(&before, &after),
            next_due: (from.next_due(&entry.facts, now), to.next_due(&entry.facts, now)),
        }
    };
    entries.into_iter().map(difference).filter(PolicyDifference::is_any).collect()
}

impl<K> PolicyDifference<K> {
    fn is_any(&self) -> bool {
        !self.appears.is_empty() || !self.disappears.is_empty() || self.next_due.0 != self.next_due.1
    }
}

fn without(findings: &[LifecycleFinding], others: &[LifecycleFinding]) -> Vec<LifecycleFinding> {
    let is_other = |finding: &&LifecycleFinding| others.iter().any(|other| other.code() == finding.code());
    findings.iter().filter(|finding| !is_other(finding)).copied().collect()
}
