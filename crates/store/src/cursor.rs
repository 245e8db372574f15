//! How far a reader of the trail has come.

use std::sync::Arc;

use service_accounts_audit::Sequence;

/// The place of one reader of the trail, with what it must remember to go on from there.
///
/// Notifications, detectors and seals read events in ascending order from their cursor. It moves by
/// [`Store::advance`](crate::Store::advance), without an event of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The last event that the reader is done with.
    pub at: Sequence,
    /// What the reader remembers, as JSON; empty if nothing.
    ///
    /// A store neither reads nor bounds it; the facade's readers keep it below 4 MiB.
    pub state: Arc<str>,
}

impl Cursor {
    /// From here on a cursor reads no trail: it stands behind all that can ever happen, as a lease does.
    ///
    /// The trail is not kept for such a cursor, and it moves nowhere: whoever holds it takes it anew.
    pub const BEHIND_EVERYTHING: Sequence = Sequence::new(1 << 62);

    /// Whether it is the place of a reader of the trail.
    #[must_use]
    pub fn reads_the_trail(&self) -> bool {
        self.at < Self::BEHIND_EVERYTHING
    }
}
