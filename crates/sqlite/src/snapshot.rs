//! A connection that reads, and the states of the file as it names them.

use std::path::Path;

use rusqlite::Connection;

use crate::{
    SqliteError,
    connection::{self, Role},
    watch::Head,
};

/// A connection that cannot write.
pub(crate) struct Reader {
    connection: Connection,
    number: usize,
}

/// A state of the file. Two that are equal have nothing committed between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Snapshot {
    /// By the log's last commit, alike for all.
    Log(Head),
    /// As one reader tells it where the log is not asked.
    Reader {
        /// Which reader.
        number: usize,
        /// SQLite's `data_version`: changes whenever another connection commits, and a reader commits nothing itself.
        version: i64,
    },
}

impl Reader {
    /// Opens the reader with this number, which no other reader of the store has.
    pub(crate) fn open(path: &Path, number: usize, cache: i32) -> Result<Self, SqliteError> {
        Ok(Self { connection: connection::open(path, Role::Reader { cache })?, number })
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn into_connection(self) -> Connection {
        self.connection
    }

    /// The state of the file; a row that is read afterwards is of this state or of a later one.
    pub(crate) fn state(&self, head: Option<Head>) -> Result<Snapshot, SqliteError> {
        if let Some(head) = head {
            return Ok(Snapshot::Log(head));
        }
        Ok(Snapshot::Reader { number: self.number, version: data_version(&self.connection)? })
    }
}

/// A number that changes whenever another connection commits, and never by a commit of this one.
pub(crate) fn data_version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
