//! One write of the journal, which outlives whoever waits for it.

use std::{
    error::Error,
    fmt,
    sync::{Arc, PoisonError, Weak},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use service_accounts_audit::{Batch, Event};
use service_accounts_store::{Sighting, Store, Usage};

use super::{Access, BATCH, Journal, access::sightings};

/// A write under way; every clone waits for the same one.
pub(super) type Writing = Shared<BoxFuture<'static, Result<(), Failed>>>;

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
    pub(super) fn writing(&self) -> Option<Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_writing(&self) -> bool {
        self.writing().is_some()
    }

    /// The write that is under way, or a new one of what is closed; none if there is nothing to write.
    pub(super) fn begin<S: Store + 'static>(self: &Arc<Self>, store: &Arc<S>) -> Option<Writing> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writing) = &*writing {
            return Some(writing.clone());
        }
        let batch = self.accesses().take(BATCH);
        let uses = self.marks.take();
        if batch.is_none() && uses.is_empty() {
            return None;
        }
        let work = write(Arc::downgrade(self), store.clone(), batch, uses).boxed().shared();
        *writing = Some(work.clone());
        Some(work)
    }

    fn end_writing(&self) {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// It holds the journal weakly, because the journal holds it.
async fn write<S: Store>(
    journal: Weak<Journal>,
    store: Arc<S>,
    batch: Option<Batch<Access>>,
    uses: Vec<Usage>,
) -> Result<(), Failed> {
    let appended = match &batch {
        Some(batch) => store.append(&events_of(batch)).await.map_err(Failed::new),
        None => Ok(()),
    };
    let seen = batch.as_ref().filter(|_| appended.is_ok()).map_or_else(Vec::new, seen_in);
    let touched = store.touch(&uses, &seen).await.map_err(Failed::new);
    if let Some(journal) = journal.upgrade() {
        if let Some(batch) = &batch {
            let mut accesses = journal.accesses();
            let _known = if appended.is_ok() { accesses.confirm(batch.id()) } else { accesses.give_back(batch.id()) };
        }
        if touched.is_err() {
            journal.marks.put_back(&uses);
        }
        journal.end_writing();
    }
    appended.and(touched)
}

fn events_of(batch: &Batch<Access>) -> Vec<Event> {
    batch.rows().iter().map(|row| row.event(Access::event)).collect()
}

fn seen_in(batch: &Batch<Access>) -> Vec<Sighting> {
    batch.rows().iter().filter_map(sightings).collect()
}
