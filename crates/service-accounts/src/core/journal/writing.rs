//! One write of the journal, which outlives whoever waits for it.
//!
//! At most one write is under way. It is shared: whoever flushes waits for it, and where all of them stop waiting, the
//! next flush polls it on.

use std::{
    error::Error,
    fmt,
    panic::AssertUnwindSafe,
    ptr,
    sync::{Arc, MutexGuard, PoisonError, Weak},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use service_accounts_audit::{Batch, BatchId, Event};
use service_accounts_store::{Sighting, Store, Usage};
use time::UtcDateTime;

use super::{Access, BATCH, Journal, access::sightings};

/// A write under way; every clone waits for the same one.
pub(super) type Writing = Shared<BoxFuture<'static, Result<(), Failed>>>;

/// How long a write may take, in seconds, before the next flush gives it up and writes the same rows anew.
const DEADLINE: i64 = 30;

/// A write with what it takes to begin it anew.
///
/// It holds what it writes, so that a write which is given up can be begun anew.
pub(super) struct UnderWay {
    work: Writing,
    /// The write knows itself by it, and that it was given up by its absence.
    own: Arc<Own>,
    waited: Waited,
    /// The accesses that it writes; none where it writes last uses alone.
    batch: Option<BatchId>,
    uses: Vec<Usage>,
}

/// Tells one write from those before and after it.
struct Own;

/// How long a write has been waited for, in seconds by the host's clock.
///
/// It is summed from look to look, so that a clock which is set back holds no write longer: what has passed stays counted.
/// A clock that jumps ahead gives a write up early, and its rows may be written twice.
struct Waited {
    seconds: i64,
    last_look: UtcDateTime,
}

impl Waited {
    const fn since(now: UtcDateTime) -> Self {
        Self { seconds: 0, last_look: now }
    }

    /// Whether it is too long by now.
    fn is_too_long(&mut self, now: UtcDateTime) -> bool {
        let passed = now.unix_timestamp().saturating_sub(self.last_look.unix_timestamp());
        self.seconds = self.seconds.saturating_add(passed.max(0));
        self.last_look = now;
        self.seconds >= DEADLINE
    }
}

/// The store's error, for everybody who waited for the write.
#[derive(Clone, Debug)]
pub(super) struct Failed(Arc<dyn Error + Send + Sync>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl Failed {
    fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }
}

impl Journal {
    /// The write under way, to wait for.
    pub(super) fn writing(&self) -> Option<Writing> {
        self.under_way().as_ref().map(|writing| writing.work.clone())
    }

    /// Gives up a write whose store has not answered in time: a store that hangs must not stop the trail for good.
    pub(super) fn give_up_late_write(&self, now: UtcDateTime) {
        let late = self.under_way().take_if(|writing| writing.waited.is_too_long(now));
        if let Some(late) = late {
            tracing::error!(target: "service_accounts::audit", "a write of access events hangs; they are written anew");
            late.batch.map(|batch| self.accesses().give_back(batch));
            self.marks.put_back(&late.uses);
        }
    }

    /// The write that is under way, or a new one of what is closed; none if there is nothing to write.
    ///
    /// Nothing is awaited between taking the rows and keeping the write, so a dropped future loses none.
    pub(super) fn begin<S: Store + 'static>(self: &Arc<Self>, store: &Arc<S>, now: UtcDateTime) -> Option<Writing> {
        let mut under_way = self.under_way();
        if let Some(writing) = &*under_way {
            return Some(writing.work.clone());
        }
        let batch = self.accesses().take(BATCH);
        let uses = self.marks.take();
        if batch.is_none() && uses.is_empty() {
            return None;
        }
        let id = batch.as_ref().map(Batch::id);
        let own = Arc::new(Own);
        let journal = Held { journal: Arc::downgrade(self), own: Arc::downgrade(&own) };
        let work = write(journal, store.clone(), batch, uses.clone()).boxed().shared();
        *under_way = Some(UnderWay { work: work.clone(), own, waited: Waited::since(now), batch: id, uses });
        Some(work)
    }

    /// A poisoned lock is taken as it is: the write under it is whole or none.
    fn under_way(&self) -> MutexGuard<'_, Option<UnderWay>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a write holds of its journal: weakly, because the journal holds it.
struct Held {
    journal: Weak<Journal>,
    own: Weak<Own>,
}

impl Held {
    /// What became of the batch. A write that was given up leaves what it did not write to the one that took its place.
    ///
    /// Told before anything else is awaited, so that nothing that hangs later has it written again.
    fn appended(&self, batch: BatchId, is_written: bool) {
        let Some(journal) = self.journal.upgrade() else { return };
        if is_written {
            journal.accesses().confirm(batch);
        } else if self.own.strong_count() > 0 {
            journal.accesses().give_back(batch);
        }
    }

    /// The write is over, and another one may begin, unless one has begun since this one was given up.
    fn touched(&self, uses: &[Usage], is_written: bool) {
        let Some(journal) = self.journal.upgrade() else { return };
        if !is_written {
            journal.marks.put_back(uses);
        }
        let is_this = |present: &mut UnderWay| ptr::eq(Arc::as_ptr(&present.own), self.own.as_ptr());
        journal.under_way().take_if(is_this);
    }
}

/// Events first, then last uses and sightings. What the store did not take goes back and is written by the next flush;
/// sightings of a batch that was written are not repeated, so that nothing is counted twice.
async fn write<S: Store>(
    journal: Held,
    store: Arc<S>,
    batch: Option<Batch<Access>>,
    uses: Vec<Usage>,
) -> Result<(), Failed> {
    let appended = match &batch {
        Some(batch) => caught(async { store.append(&events_of(batch)).await }).await,
        None => Ok(()),
    };
    if let Some(batch) = &batch {
        journal.appended(batch.id(), appended.is_ok());
    }
    let seen = batch.as_ref().filter(|_| appended.is_ok()).map_or_else(Vec::new, seen_in);
    let touched = caught(async { store.touch(&uses, &seen).await }).await;
    journal.touched(&uses, touched.is_ok());
    appended.and(touched)
}

/// A panic of the store as an error. It would end the write for all who share it, and each later flush until it is given up.
async fn caught<E: Error + Send + Sync + 'static>(work: impl Future<Output = Result<(), E>>) -> Result<(), Failed> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => done.map_err(Failed::new),
        Err(_) => Err(Failed::new(Panicked)),
    }
}

/// The panic's own text went to the host's panic hook.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the store panicked")]
struct Panicked;

fn events_of(batch: &Batch<Access>) -> Vec<Event> {
    batch.rows().iter().map(|row| row.event(Access::event)).collect()
}

/// What a written batch says of its tokens.
fn seen_in(batch: &Batch<Access>) -> Vec<Sighting> {
    batch.rows().iter().filter_map(sightings).collect()
}
