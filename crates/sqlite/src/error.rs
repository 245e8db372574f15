//! Why the database failed.

use std::{error::Error, io};

/// Why the database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// SQLite reported an error.
    #[error("the SQLite database failed")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// A row is not what this crate wrote. It is refused rather than guessed at.
    #[error("a row of the table `{table}` cannot be read back; restore the database from a backup")]
    Corrupt {
        /// Where it stands.
        table: &'static str,
    },
    /// The file was written by a newer release.
    #[error("the database has schema {found}, this release knows up to {known}; use a newer release")]
    TooNew {
        /// The schema of the file.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// The database is in memory, temporary or named by a URI, where each connection would have one of its own.
    #[error("the path names no file that a second connection can open; give the path of a file")]
    NotAFile,
    /// The file cannot be made, found or asked for.
    #[error("the file of the database cannot be reached; check its folder and rights")]
    File(#[source] io::Error),
    /// The file is a database, but not this crate's. Nothing was written to it.
    #[error("the file is another program's database; choose another path")]
    Foreign,
    /// The file can be read only.
    #[error("the database file cannot be written; let the service's user write the file and its folder")]
    ReadOnly,
    /// SQLite refused the write-ahead log, without which an acknowledged change could be lost or held up by readers.
    #[error("the database stays in journal mode `{mode}`; put it on a local file system that has shared memory")]
    NoWriteAheadLog {
        /// The mode that SQLite kept instead.
        mode: String,
    },
    /// SQLite ignored a setting that this crate stands on.
    #[error("this SQLite ignores the pragma `{pragma}`; use the bundled one")]
    Unsupported {
        /// Its name in SQLite.
        pragma: &'static str,
    },
    /// One of the files was moved, deleted, replaced or cut short while the store was open.
    #[error("the {file} is not the one that was opened; put it back, or restore a backup and start the service again")]
    Lost {
        /// Which of them.
        file: &'static str,
    },
    /// Something else than SQLite wrote to the database file while the store was open.
    #[error("the database file was written over; stop all that use it, restore a backup and start the service again")]
    Overwritten,
    /// More long reads wait than the store queues.
    #[error("too many long reads wait for the database; ask again later")]
    Overloaded,
    /// The store was closed, or one of its threads has ended.
    #[error("the database is shutting down")]
    Closed,
}

impl SqliteError {
    pub(crate) const fn from_io(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Box::new(error))
    }
}
