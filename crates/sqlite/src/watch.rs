//! Whether the files are still those that were opened, and whether anything was committed since.
//!
//! SQLite asks neither: a connection goes on with a file that was deleted or replaced, and what it acknowledges then is
//! lost. The checks cost a system call or two, so each is made where it is needed:
//!
//! - a write makes all of them, before it begins and before it is acknowledged;
//! - a read makes the one that tells of names: nothing in the folder was made, moved or deleted;
//! - a read makes all of them if the last time was some milliseconds ago.

#[cfg(target_os = "linux")]
mod events;
mod folder;
mod index;
mod main_file;

use std::{
    mem,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub(crate) use self::index::Head;
use self::{folder::Folder, index::Index, main_file::MainFile};
use rusqlite::Connection;

use crate::{SqliteError, file};

/// How long a read trusts what only a look at the main file can tell.
const TRUST: Duration = Duration::from_millis(5);

/// The names of the three files for people.
const DATABASE: &str = "database file";
const LOG: &str = "write-ahead log beside the database file";
const INDEX: &str = "index of the write-ahead log beside the database file";

/// Watches the files of one store.
pub(crate) struct Watch {
    log: PathBuf,
    folder: Folder,
    index: Index,
    main: Mutex<MainFile>,
    opened: Instant,
    /// When the main file was last looked at, in microseconds since `opened`.
    looked: AtomicU64,
    is_overwritten: AtomicBool,
}

impl Watch {
    /// Begins to watch; every connection of the store is open by now, so all three files are there.
    pub(crate) fn begin(path: &Path) -> Result<Self, SqliteError> {
        let (log, shared) = (file::beside(path, "-wal"), file::beside(path, "-shm"));
        let index = Index::open(&shared)?;
        let folder = Folder::watch([(DATABASE, path.to_owned()), (LOG, log.clone()), (INDEX, shared)])?;
        let main = Mutex::new(MainFile::look(path, &index)?);
        let (opened, looked) = (Instant::now(), AtomicU64::new(0));
        Ok(Self { log, folder, index, main, opened, looked, is_overwritten: AtomicBool::new(false) })
    }

    /// For a read: the state of the file, where the system tells it without a lock.
    pub(crate) fn look(&self) -> Result<Option<Head>, Damage> {
        self.folder.check()?;
        let now = u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
        let trusted = u64::try_from(TRUST.as_micros()).unwrap_or(u64::MAX);
        if now.saturating_sub(self.looked.load(Ordering::Relaxed)) > trusted {
            self.check_index()?;
            self.check_main()?;
            // On a file system that tells nobody of other machines' changes.
            self.folder.check_names()?;
            self.looked.store(now, Ordering::Relaxed);
        }
        if self.is_overwritten.load(Ordering::Relaxed) {
            return Err(Damage::Overwritten);
        }
        self.index.head()
    }

    /// The state of the file, where the system tells it; nothing is looked at besides.
    pub(crate) fn head(&self) -> Option<Head> {
        self.index.head().ok().flatten()
    }

    /// Before a write begins, and again before it is acknowledged.
    pub(crate) fn check_files(&self) -> Result<(), Damage> {
        self.check_index()?;
        self.folder.check_names()?;
        self.check_main()
    }

    /// While nobody else can write: whether the log is whole, as what is added to one cut short would be lost.
    pub(crate) fn check_log(&self) -> Result<(), Damage> {
        self.index.check_log(&self.log)
    }

    /// How many pages of the log are not in the main file yet, where the system tells.
    pub(crate) fn pages_to_move(&self) -> Option<u64> {
        self.index.pages_to_move()
    }

    /// Whether SQLite can touch the index of the log without ending the process.
    fn check_index(&self) -> Result<(), Damage> {
        if self.index.is_whole() { Ok(()) } else { Err(Damage::Lost(INDEX)) }
    }

    /// Closes a connection, or leaves it open where SQLite could not touch the index.
    pub(crate) fn close(&self, connection: Connection) {
        if self.index.is_whole() {
            drop(connection);
        } else {
            mem::forget(connection);
        }
    }

    fn check_main(&self) -> Result<(), Damage> {
        let mut main = self.main.lock().unwrap_or_else(PoisonError::into_inner);
        if !main.is_explained(&self.index)? {
            self.is_overwritten.store(true, Ordering::Relaxed);
        }
        if self.is_overwritten.load(Ordering::Relaxed) { Err(Damage::Overwritten) } else { Ok(()) }
    }
}

/// What happened to the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// One is gone, is another one, or was cut short.
    Lost(&'static str),
    /// Something else than SQLite wrote to the main one.
    Overwritten,
}

impl From<Damage> for SqliteError {
    fn from(damage: Damage) -> Self {
        match damage {
            Damage::Lost(file) => Self::Lost { file },
            Damage::Overwritten => Self::Overwritten,
        }
    }
}
