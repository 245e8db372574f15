//! The eight steps of a rotation and what proves each.

use time::UtcDateTime;

/// A step of a rotation, in the order in which they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum RotationStep {
    /// A successor was minted.
    Mint,
    /// The successor's secret was handed to whoever runs the client.
    HandOver,
    /// The client's secret store holds the successor.
    UpdateSecrets,
    /// The client was seen to work with the successor.
    Verify,
    /// The last use of both tokens was compared.
    Watch,
    /// The old token was revoked.
    Revoke,
    /// The old token was observed for attempts.
    Observe,
    /// The old token was deleted.
    Delete,
}

impl RotationStep {
    /// All steps, in order.
    pub const ALL: [Self; 8] = [
        Self::Mint,
        Self::HandOver,
        Self::UpdateSecrets,
        Self::Verify,
        Self::Watch,
        Self::Revoke,
        Self::Observe,
        Self::Delete,
    ];

    /// A name that never changes, for logs and interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mint => "mint",
            Self::HandOver => "hand_over",
            Self::UpdateSecrets => "update_secrets",
            Self::Verify => "verify",
            Self::Watch => "watch",
            Self::Revoke => "revoke",
            Self::Observe => "observe",
            Self::Delete => "delete",
        }
    }
}

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StepRecord<W> {
    /// Who, or nobody: a deadline passed, or the successor was used.
    pub by: Option<W>,
    /// When.
    pub at: UtcDateTime,
}

/// What [`StepRecord`] looks like in a document.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "StepRecord", deny_unknown_fields)]
struct StepRecordDocument<W> {
    by: Option<W>,
    #[serde(with = "crate::serial::seconds")]
    at: UtcDateTime,
}

#[cfg(feature = "serde")]
crate::object::reads_objects_only!(StepRecord<W>, via StepRecordDocument<W>);

/// The proof of each step that was done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Evidence<W>([Option<StepRecord<W>>; 8]);

impl<W> Evidence<W> {
    pub(crate) fn minted(mark: StepRecord<W>) -> Self {
        let mut evidence = Self([const { None }; 8]);
        evidence.keep(RotationStep::Mint, mark);
        evidence
    }

    pub(crate) fn of(&self, step: RotationStep) -> Option<&StepRecord<W>> {
        self.entries().find(|(each, _)| *each == step).and_then(|(_, mark)| mark.as_ref())
    }

    /// The first proof stays: a retry must not move the date of what was done before.
    pub(crate) fn keep(&mut self, step: RotationStep, mark: StepRecord<W>) {
        let slot = RotationStep::ALL.into_iter().zip(&mut self.0).find(|(each, _)| *each == step);
        if let Some((_, slot)) = slot {
            slot.get_or_insert(mark);
        }
    }

    pub(crate) fn first_missing(&self) -> Option<RotationStep> {
        self.entries().find(|(_, mark)| mark.is_none()).map(|(step, _)| step)
    }

    fn entries(&self) -> impl Iterator<Item = (RotationStep, &Option<StepRecord<W>>)> {
        RotationStep::ALL.into_iter().zip(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_steps_never_change() {
        let names = ["mint", "hand_over", "update_secrets", "verify", "watch", "revoke", "observe", "delete"];
        assert_eq!(RotationStep::ALL.map(RotationStep::as_str), names);
    }
}
