//! The pages of the log are moved to the main file beside the writer, so that no commit waits for them.
//!
//! SQLite moves them after a commit, on the thread that committed, once there are a thousand. Here a thread of its own does
//! that; commits go on in the log meanwhile. While commits never stop, some page is always left, so the log cannot begin
//! anew and grows. From [`MOST`] pages on a commit moves what is left, as SQLite would have from the start.
//!
//! Given up: while commits never stop, the log grows to 32 MiB before a commit moves
//! what is left.

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{self, Receiver, SyncSender},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;

use crate::{
    SqliteError,
    connection::{self, Role},
    reader::Shared,
    watch::Watch,
};

/// How many pages may wait before they are moved.
const WAITING: u64 = 1_000;

/// How many pages the log may have before a commit moves what is left of them: 32 MiB at 4 KiB each.
const MOST: i64 = 8_192;

/// Wakes the thread that moves pages.
pub(crate) struct Checkpoints(SyncSender<()>);

impl Checkpoints {
    /// Starts the thread, which ends when this is dropped; none where the system does not tell how many pages wait. There
    /// SQLite's own way stays.
    pub(crate) fn start(path: &Path, shared: &Arc<Shared>) -> Result<Option<(Self, JoinHandle<()>)>, SqliteError> {
        if shared.watch.pages_to_move().is_none() {
            return Ok(None);
        }
        let (wake, woken) = mpsc::sync_channel(1);
        let (mover, shared) = (connection::open(path, Role::Mover)?, shared.clone());
        let work = move || {
            move_pages(&mover, &woken, &shared.watch);
            shared.watch.close(mover);
        };
        let thread = thread::Builder::new().name("service-accounts-checkpoints".into()).spawn(work);
        Ok(Some((Self(wake), thread.map_err(SqliteError::File)?)))
    }

    /// Leaves the moving of pages to the thread, on the connection that commits.
    pub(crate) fn relieve(writer: &Connection) -> Result<(), SqliteError> {
        connection::let_the_log_grow(writer, MOST)
    }

    /// After a commit.
    pub(crate) fn wake(&self, watch: &Watch) {
        if watch.pages_to_move().is_some_and(|pages| pages >= WAITING) {
            // It is at work already where there is no place.
            let _ = self.0.try_send(());
        }
    }
}

fn move_pages(mover: &Connection, woken: &Receiver<()>, watch: &Watch) {
    while woken.recv().is_ok() {
        // Pages of the log must not be laid over a file that they do not fit.
        let is_sound = watch.check_files().and_then(|()| watch.check_log()).is_ok();
        if is_sound {
            // What fails here is tried again after a commit, at last by the commit itself.
            let _ = mover.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        }
    }
}
