//! How a host has its trail sealed, and for how long it keeps what is sealed.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};

use service_accounts_audit::{
    Sequence,
    seal::{Seal, SealError, SealKey, Sealer},
};
use time::Duration;

/// How the trail is sealed and trimmed, for [`Builder::seal`](crate::Builder::seal).
///
/// ```
/// use service_accounts::{Sealing, audit::seal::SealKey};
///
/// # let text = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// let sealing = Sealing::under(SealKey::parse(text)?).retaining_days(400);
/// # Ok::<(), service_accounts::audit::seal::SealKeyError>(())
/// ```
#[derive(Clone)]
pub struct Sealing {
    pub(crate) key: SealKey,
    /// Keys that seals were made under before, the latest first.
    pub(crate) earlier: Vec<SealKey>,
    pub(crate) most_events: usize,
    pub(crate) longest: Duration,
    pub(crate) retention_days: Option<u16>,
    pub(crate) archive: Option<Arc<dyn Archive>>,
}

impl Sealing {
    /// Seals under this key, which must be used for nothing else; keep it where whoever can write to the store cannot read
    /// it. A segment has at most 1,000 events and closes after an hour. Nothing is trimmed.
    #[must_use]
    pub const fn under(key: SealKey) -> Self {
        Self {
            key,
            earlier: Vec::new(),
            most_events: 1000,
            longest: Duration::HOUR,
            retention_days: None,
            archive: None,
        }
    }

    /// The chain was sealed under this key before, and goes on under the new one; call it again for a key before that.
    ///
    /// Change the key in every process. One that has the earlier key only seals nothing more, and its upkeep says so. A
    /// verifier needs the earlier key for as long as the trail has seals of it.
    #[must_use]
    pub fn replacing(mut self, earlier: SealKey) -> Self {
        self.earlier.push(earlier);
        self
    }

    /// Closes a segment at so many events, at most [`Sealer::MOST_EVENTS`], or when its first event is so old.
    ///
    /// A segment that holds nothing but events about the trail itself (`trail.sealed` and the like) waits for another event:
    /// a quiet trail is not sealed for its own seals.
    #[must_use]
    pub fn closing_at(self, most_events: usize, longest: Duration) -> Self {
        Self { most_events: most_events.clamp(1, Sealer::MOST_EVENTS), longest, ..self }
    }

    /// Upkeep removes segments that were sealed more than so many days ago, at least one, alerts and reviews of that age, and
    /// incidents that nobody has written to for so long. Without this call segments, reviews and incidents stay for ever.
    ///
    /// The trail is the store's. Where several realms share a store, the longest retention of them decides for the trail and
    /// its alerts, and nothing of the trail is removed where one of them keeps it for ever. A realm has a say from its first
    /// upkeep on, also one that seals nothing: it keeps everything. Its days count for as long after its last upkeep, so
    /// a realm that has gone holds the trail no longer than its events were to be kept; one that runs and seals no
    /// longer keeps everything from then on. One that kept everything and has gone holds it until its upkeep runs once
    /// with a retention. Reviews and incidents are removed by their own realm, after its own days. All processes of a realm
    /// must have the same retention.
    ///
    /// Only what is sealed, and what every reader of the trail is done with, is removed; the newest segment always stays.
    #[must_use]
    pub fn retaining_days(self, days: u16) -> Self {
        Self { retention_days: Some(days.max(1)), ..self }
    }

    /// Hands each segment to this archive before it is removed.
    ///
    /// A failing archive removes nothing, so the trail grows until it works again.
    #[must_use]
    pub fn archiving_to(self, archive: impl Archive) -> Self {
        Self { archive: Some(Arc::new(archive)), ..self }
    }
}

impl Sealing {
    /// Whether a seal was made under the present key or an earlier one.
    pub(crate) fn is_genuine(&self, seal: &Seal) -> bool {
        seal.is_genuine(&self.key) || self.earlier.iter().any(|key| seal.is_genuine(key))
    }

    /// What goes on after the last seal that is kept.
    pub(crate) fn sealer_after(&self, seal: &Seal) -> Result<Sealer, SealError> {
        match self.earlier.iter().find(|earlier| seal.is_genuine(earlier)) {
            Some(earlier) => Sealer::succeeding(self.key.clone(), earlier, seal),
            None => Sealer::after(self.key.clone(), seal),
        }
    }
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealing").field("retention_days", &self.retention_days).finish_non_exhaustive()
    }
}

/// Where segments go before they are removed from the trail, such as a bucket or a folder.
pub trait Archive: Send + Sync + 'static {
    /// Keeps a segment for good. It may come again, under the same name and with the same lines, where a process ended
    /// between this call and the removal.
    ///
    /// # Errors
    /// It is not kept. Nothing is removed then, and the next upkeep tries again.
    fn keep(&self, segment: ArchivedSegment) -> Archiving<'_>;
}

/// What [`Archive::keep`] waits for.
pub type Archiving<'a> = Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// A sealed segment as a file of its own, which the verifier of `audit` reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedSegment {
    /// A file name: in the order of names, segments follow each other.
    pub name: String,
    /// Its first event.
    pub first: Sequence,
    /// Its last event.
    pub last: Sequence,
    /// JSON Lines: the events, their seal, and the end of the file.
    pub lines: String,
}
