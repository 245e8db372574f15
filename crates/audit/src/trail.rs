//! Where events are kept, and how they are read back.

use core::{fmt, future::Future};

use crate::{Event, Page, Query};

/// Keeps events in the order of their arrival.
///
/// `append` keeps all of `events` or none. Nothing changes or removes an event once it is kept.
pub trait Trail {
    /// Why the storage failed.
    type Error;

    /// Adds events at the end.
    ///
    /// # Errors
    /// The storage failed and none of `events` was kept.
    fn append(&self, events: &[Event]) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Reads one page, in the order of the query.
    ///
    /// # Errors
    /// The storage failed, or holds something that is no event.
    fn read(&self, query: &Query) -> impl Future<Output = Result<Page, Self::Error>> + Send;
}

/// The place of an event in its trail; later events have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Sequence(i64);

impl Sequence {
    /// The place with this number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// For who keeps it as a plain integer; [`new`](Self::new) takes it back.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An event and its place in the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Recorded {
    /// Given at the commit; later events have greater ones.
    pub sequence: Sequence,
    /// As it was written, however the records it tells of have changed since.
    pub event: Event,
}
