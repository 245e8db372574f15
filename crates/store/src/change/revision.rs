//! The state of a record, named by the event that made it.

use std::fmt;

use serde::{Deserialize, Serialize};
use service_accounts_audit::Sequence;

/// Which event last changed a record.
///
/// Because it is the event's place in the trail, no two states of a record share a revision, not even across a deletion
/// and a new creation under the same id.
///
/// A change names the revision it was judged by, and is refused where the record has moved on. Compare revisions for
/// equality; their order is that of the events.
///
/// ```
/// use service_accounts_audit::Sequence;
/// use service_accounts_store::Revision;
///
/// let made = Revision::made_by(Sequence::new(7));
/// assert_eq!((made.event(), made.to_string().as_str()), (Sequence::new(7), "7"));
/// assert!(Revision::NEW < made);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(Sequence);

impl Revision {
    /// Of a record that no store has seen yet.
    pub const NEW: Self = Self(Sequence::new(0));

    /// The revision that an event makes.
    #[must_use]
    pub const fn made_by(event: Sequence) -> Self {
        Self(event)
    }

    /// The event that made it.
    #[must_use]
    pub const fn event(self) -> Sequence {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
