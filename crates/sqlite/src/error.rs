//! Why the database failed.

use std::error::Error;

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
    /// The database is in memory or temporary, where each connection would have one of its own.
    #[error("the path names no file that a second connection can open")]
    NotAFile,
    /// The writing thread has ended.
    #[error("the database is shutting down")]
    Closed,
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Box::new(error))
    }
}
