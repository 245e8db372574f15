//! A connection that reads, and knows whether anybody has written since.

use std::path::Path;

use rusqlite::Connection;

use crate::{SqliteError, connection};

/// A connection that cannot write.
pub(crate) struct Reader {
    connection: Connection,
    seen: Snapshot,
}

/// A state of the file, as one reader names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    reader: usize,
    /// SQLite's `data_version`: another one after each commit of others, and a reader makes none of its own.
    version: i64,
}

impl Reader {
    /// Opens the reader with this number, which no other reader of the store has.
    pub(crate) fn open(path: &Path, reader: usize) -> Result<Self, SqliteError> {
        let connection = connection::open_reader(path)?;
        let version = data_version(&connection)?;
        Ok(Self { connection, seen: Snapshot { reader, version } })
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The state of the file when it was last looked at; there may be a newer one.
    pub(crate) const fn seen(&self) -> Snapshot {
        self.seen
    }

    /// Looks at the file: whether nothing has been committed since this state.
    ///
    /// It answers no without a look where the state is another reader's, or older than what was seen already.
    pub(crate) fn is_still(&mut self, snapshot: Snapshot) -> Result<bool, SqliteError> {
        if snapshot != self.seen {
            return Ok(false);
        }
        self.seen.version = data_version(&self.connection)?;
        Ok(snapshot == self.seen)
    }
}

fn data_version(connection: &Connection) -> Result<i64, SqliteError> {
    Ok(connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}
