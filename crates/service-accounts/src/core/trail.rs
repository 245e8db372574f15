//! The trail as a whole: what a host chose about it, and how far those who read it in upkeep have come.

pub(crate) mod alerts;
pub(crate) mod reading;
mod realm;
pub(crate) mod sealing;
pub(crate) mod seals;

use std::sync::{Mutex, PoisonError};

use service_accounts_audit::detect;
use time::UtcDateTime;

use self::{alerts::Watching, sealing::Sealing, seals::OpenSegment};

/// What a host chose about its trail; by default nothing is sealed, trimmed or watched.
#[derive(Default)]
pub(crate) struct TrailRules {
    pub(crate) sealing: Option<Sealing>,
    pub(crate) detectors: Option<detect::Settings>,
}

/// What upkeep remembers of the trail between two calls, so that a call with nothing to do reads next to nothing.
///
/// A call takes what it needs and puts it back when it is done. One that is dropped midway puts nothing back, and the next
/// reads from the store again.
#[derive(Default)]
pub(crate) struct Followers {
    pub(crate) segment: Slot<OpenSegment>,
    pub(crate) watching: Slot<Watching>,
    /// When it was last looked for what is too old.
    pub(crate) cleaned: Slot<UtcDateTime>,
    /// Since when the note of this realm's retention looks as if it counted for too long.
    pub(crate) note_is_long: Slot<UtcDateTime>,
}

/// A value that one call has at a time.
///
/// Whoever finds it empty reads from the store: two at once both work, and the store decides whose result counts.
pub(crate) struct Slot<T>(Mutex<Option<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Slot<T> {
    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }
}
