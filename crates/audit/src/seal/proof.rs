//! That one event is in a segment, without showing the others.

use alloc::vec::Vec;

use super::{key::Digest, merkle, record::Seal};
use crate::{LineError, Recorded, Sequence, to_line};

/// The way from one event's line to the root of its segment.
///
/// It proves that the event is what the seal covers. That the seal is genuine is for who holds the key to say, by
/// [`Seal::is_genuine`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    index: u32,
    count: u32,
    path: Vec<Digest>,
}

impl Proof {
    /// The proof for one event of a segment, of which all events are needed; `None` if it is not among them.
    ///
    /// # Errors
    /// An event has no text.
    pub fn of(segment: &[Recorded], event: Sequence) -> Result<Option<Self>, LineError> {
        let Some(at) = segment.iter().position(|recorded| recorded.sequence == event) else { return Ok(None) };
        let leaves = segment.iter().map(leaf).collect::<Result<Vec<_>, _>>()?;
        let (Ok(index), Ok(count)) = (u32::try_from(at), u32::try_from(leaves.len())) else { return Ok(None) };
        Ok(Some(Self { index, count, path: merkle::path(&leaves, at) }))
    }

    /// Whether the event stands in the segment of this seal, at the place that the proof names.
    #[must_use]
    pub fn holds(&self, event: &Recorded, seal: &Seal) -> bool {
        let Ok(leaf) = leaf(event) else { return false };
        usize::try_from(self.count) == Ok(seal.count())
            && merkle::root_by(&self.path, leaf, self.index, self.count) == Some(seal.root)
    }
}

fn leaf(recorded: &Recorded) -> Result<Digest, LineError> {
    Ok(merkle::leaf(to_line(recorded)?.trim_end().as_bytes()))
}
