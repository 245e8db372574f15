//! What a rotation looks like in a document.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use time::UtcDateTime;

use super::step::Evidence;
use super::{Overlap, Rotation, RotationKey, StepRecord};
use crate::object::reads_objects_only;
use crate::serial::{optional_seconds, seconds};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Rotation", deny_unknown_fields)]
struct RotationDocument<T, W> {
    key: RotationKey,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spent: Vec<RotationKey>,
    predecessor: T,
    successor: T,
    overlap: Overlap,
    #[serde(with = "seconds")]
    deadline: UtcDateTime,
    #[serde(with = "optional_seconds")]
    predecessor_last_use: Option<UtcDateTime>,
    #[serde(with = "optional_seconds")]
    successor_last_use: Option<UtcDateTime>,
    evidence: Evidence<W>,
    cancelled: Option<StepRecord<W>>,
}

reads_objects_only!(Rotation<T, W>, via RotationDocument<T, W>);
