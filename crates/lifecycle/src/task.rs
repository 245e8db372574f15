//! What to do with one token, and why.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::finding::{LifecycleFinding, Severity, TaskKind};

/// One thing to do with one token, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task<K> {
    /// Which token, by the key that the caller gave with it.
    pub key: K,
    /// What to do.
    pub kind: TaskKind,
    /// Why; there is always a reason.
    pub reasons: Vec<LifecycleFinding>,
}

impl<K> Task<K> {
    /// How much it matters: as much as its weightiest reason.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.reasons.iter().map(LifecycleFinding::severity).max().unwrap_or(Severity::Notice)
    }
}

/// The findings of one token as tasks, one for each kind.
pub(crate) fn tasks_of<K: Clone>(key: &K, findings: Vec<LifecycleFinding>) -> Vec<Task<K>> {
    let mut by_kind: BTreeMap<TaskKind, Vec<LifecycleFinding>> = BTreeMap::new();
    for finding in findings {
        by_kind.entry(finding.task()).or_default().push(finding);
    }
    if let Some(reasons) = by_kind.remove(&TaskKind::Revoke) {
        by_kind = BTreeMap::from([(TaskKind::Revoke, reasons)]);
    }
    if let Some(rotate) = by_kind.get_mut(&TaskKind::Rotate).map(core::mem::take) {
        let mut reasons = by_kind.remove(&TaskKind::Replace).unwrap_or_default();
        reasons.extend(rotate);
        by_kind.insert(TaskKind::Rotate, reasons);
    }
    by_kind.into_iter().map(|(kind, reasons)| Task { key: key.clone(), kind, reasons }).collect()
}
