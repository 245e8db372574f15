//! What to do, what is coming, and what another policy would change.
//!
//! All three are pure: the same facts, policy and instant give the same plan, so a plan can be shown
//! before it is carried out, and a policy tried before it is adopted.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use time::{Date, UtcDateTime};

use crate::finding::{Action, Finding, Severity};
use crate::inventory::Entry;
use crate::moment::Moment;
use crate::policy::LifecyclePolicy;
use crate::span::Span;

/// One thing to do with one token, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task<K> {
    /// The token.
    pub key: K,
    /// What to do.
    pub action: Action,
    /// Why; there is always a reason.
    pub reasons: Vec<Finding>,
}

impl<K> Task<K> {
    /// How much it matters: as much as its weightiest reason.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.reasons.iter().map(Finding::severity).max().unwrap_or(Severity::Notice)
    }
}

/// What is to be done now, the weightiest first.
///
/// A token that is to be revoked gets no other task, and one that is to be rotated need not be replaced
/// as well.
///
/// ```
/// use service_accounts_lifecycle::{Action, Entry, Environment, Facts, LifecyclePolicy, plan};
/// use time::{Duration, UtcDateTime};
///
/// let issued_at = UtcDateTime::UNIX_EPOCH;
/// let facts = Facts::new(issued_at, issued_at + Duration::days(365));
/// let inventory = [Entry { key: "ci", environment: Environment::production(), facts }];
///
/// let tasks = plan(&inventory, &LifecyclePolicy::default(), issued_at + Duration::days(90));
/// assert_eq!((tasks[0].key, tasks[0].action), ("ci", Action::Revoke), "nobody has ever used it");
/// ```
#[must_use]
pub fn plan<'a, K: Clone + 'a>(
    entries: impl IntoIterator<Item = &'a Entry<K>>,
    policy: &LifecyclePolicy,
    now: UtcDateTime,
) -> Vec<Task<K>> {
    let tasks = |entry: &Entry<K>| tasks_of(&entry.key, policy.assess(&entry.environment, &entry.facts, now));
    let mut plan: Vec<_> = entries.into_iter().flat_map(tasks).collect();
    plan.sort_by_key(|task| core::cmp::Reverse(task.severity()));
    plan
}

/// The findings of one token as tasks, one for each action.
pub(crate) fn tasks_of<K: Clone>(key: &K, findings: Vec<Finding>) -> Vec<Task<K>> {
    let mut by_action: BTreeMap<Action, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        by_action.entry(finding.action()).or_default().push(finding);
    }
    if let Some(reasons) = by_action.remove(&Action::Revoke) {
        by_action = BTreeMap::from([(Action::Revoke, reasons)]);
    }
    if let Some(rotate) = by_action.get_mut(&Action::Rotate).map(core::mem::take) {
        let mut reasons = by_action.remove(&Action::Replace).unwrap_or_default();
        reasons.extend(rotate);
        by_action.insert(Action::Rotate, reasons);
    }
    by_action.into_iter().map(|(action, reasons)| Task { key: key.clone(), action, reasons }).collect()
}

/// Something that will be found of a token if nobody acts before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coming<K> {
    /// When.
    pub at: UtcDateTime,
    /// The token.
    pub key: K,
    /// What will be found.
    pub finding: Finding,
}

/// What will be found until a horizon if nobody acts, by day.
///
/// What is found already is no forecast; see [`plan`].
#[must_use]
pub fn forecast<'a, K: Clone + 'a>(
    entries: impl IntoIterator<Item = &'a Entry<K>>,
    policy: &LifecyclePolicy,
    now: UtcDateTime,
    horizon: Span,
) -> BTreeMap<Date, Vec<Coming<K>>> {
    let end = Moment::of(now).plus(horizon).to_utc();
    let mut days: BTreeMap<Date, Vec<Coming<K>>> = BTreeMap::new();
    for coming in entries.into_iter().flat_map(|entry| coming_of(entry, policy, now, end)) {
        days.entry(coming.at.date()).or_default().push(coming);
    }
    days.values_mut().for_each(|coming| coming.sort_by_key(|each| each.at));
    days
}

/// One step for each change of the answer; a token has five at most, so it ends.
fn coming_of<K: Clone>(
    entry: &Entry<K>,
    policy: &LifecyclePolicy,
    now: UtcDateTime,
    end: UtcDateTime,
) -> Vec<Coming<K>> {
    let schedule = policy.schedule(&entry.environment);
    let mut known = schedule.assess(&entry.facts, now);
    let mut coming = Vec::new();
    let mut last = now;
    while let Some(at) = schedule.next_due(&entry.facts, last).filter(|at| *at <= end) {
        let found = schedule.assess(&entry.facts, at);
        let new = found.iter().filter(|finding| !known.contains(finding));
        coming.extend(new.map(|finding| Coming { at, key: entry.key.clone(), finding: *finding }));
        (known, last) = (found, at);
    }
    coming
}

/// What another policy would change for one token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Difference<K> {
    /// The token.
    pub key: K,
    /// What would be found that is not found now.
    pub appears: Vec<Finding>,
    /// What is found now and would not be.
    pub disappears: Vec<Finding>,
    /// When the answer next changes, now and then.
    pub next_due: (Option<UtcDateTime>, Option<UtcDateTime>),
}

/// What replacing one policy by another would do to these tokens, now; tokens it does nothing to are left out.
///
/// A finding whose dates only move is neither new nor gone; that its date moves shows in `next_due`.
#[must_use]
pub fn diff<'a, K: Clone + 'a>(
    entries: impl IntoIterator<Item = &'a Entry<K>>,
    from: &LifecyclePolicy,
    to: &LifecyclePolicy,
    now: UtcDateTime,
) -> Vec<Difference<K>> {
    let difference = |entry: &Entry<K>| {
        let (from, to) = (from.schedule(&entry.environment), to.schedule(&entry.environment));
        let (before, after) = (from.assess(&entry.facts, now), to.assess(&entry.facts, now));
        Difference {
            key: entry.key.clone(),
            appears: without(&after, &before),
            disappears: without(&before, &after),
            next_due: (from.next_due(&entry.facts, now), to.next_due(&entry.facts, now)),
        }
    };
    entries.into_iter().map(difference).filter(Difference::is_any).collect()
}

impl<K> Difference<K> {
    fn is_any(&self) -> bool {
        !self.appears.is_empty() || !self.disappears.is_empty() || self.next_due.0 != self.next_due.1
    }
}

fn without(findings: &[Finding], others: &[Finding]) -> Vec<Finding> {
    let is_other = |finding: &&Finding| others.iter().any(|other| other.code() == finding.code());
    findings.iter().filter(|finding| !is_other(finding)).copied().collect()
}
