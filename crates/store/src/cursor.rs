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
