//! Connections, each opened within one timeout and asked whether it is what was wanted.
//!
//! Each commit waits for the disk (`synchronous = FULL`), since an acknowledged revocation must survive a power cut,
//! and no file is mapped into memory, since one that is cut short while it is mapped ends the process with a signal.
//! Given up: about 0.2 ms for each lone change, and some speed of cold reads.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use crate::{SqliteError, file, schema};

/// How long to wait for another process that holds the file.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// How long to wait between two attempts where SQLite itself does not wait.
const PAUSE: Duration = Duration::from_millis(3);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Writes, and brings the schema up to date.
    Writer,
    /// Moves the pages of the log to the main file.
    Mover,
    /// Reads only; `cache` is the most that its pages take, in KiB.
    Reader {
        /// The most that pages take, in KiB.
        cache: i32,
    },
}

/// Opens a connection; what another process is doing to a new file at the same time is waited for.
///
/// SQLite's own timeout does not cover it: the switch to a write-ahead log never waits.
pub(crate) fn open(path: &Path, role: Role) -> Result<Connection, SqliteError> {
    let deadline = Instant::now() + BUSY;
    loop {
        match attempt(path, role, deadline) {
            Err(SqliteError::Database(error)) if is_passing(error.as_ref()) && Instant::now() < deadline => {
                thread::sleep(PAUSE);
            }
            opened => return opened,
        }
    }
}

fn attempt(path: &Path, role: Role, deadline: Instant) -> Result<Connection, SqliteError> {
    let mut connection = Connection::open_with_flags(path, role.flags())?;
    connection.busy_timeout(deadline.saturating_duration_since(Instant::now()))?;
    match role {
        Role::Reader { .. } => configure(&connection, role)?,
        Role::Mover => {
            configure(&connection, role)?;
            // What is moved must be on disk before the log begins anew.
            set(&connection, "synchronous", 2)?;
        }
        Role::Writer => {
            if connection.is_readonly("main")? {
                return Err(SqliteError::ReadOnly);
            }
            // Before anything is written: the file may be another program's.
            let found = schema::identify(&connection.unchecked_transaction()?)?;
            if found.needs_privacy() {
                file::make_private(path).map_err(SqliteError::from_io)?;
            }
            configure(&connection, role)?;
            set(&connection, "foreign_keys", 0)?;
            keep_a_log(&connection)?;
            schema::migrate(&mut connection)?;
            set(&connection, "foreign_keys", 1)?;
        }
    }
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

fn configure(connection: &Connection, role: Role) -> Result<(), SqliteError> {
    connection.set_prepared_statement_cache_capacity(64);
    // Or some releases of SQLite plan a statement anew for each value bound to it, at ten times the price of the read.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    set(connection, "trusted_schema", 0)?;
    set(connection, "cache_size", -i64::from(role.cache()))?;
    // A file that is cut short while it is mapped ends the process.
    connection.pragma_update_and_check(None, "mmap_size", 0, |row| row.get::<_, i64>(0)).map(drop).or_else(no_row)?;
    Ok(())
}

/// Durable from the call's return on, and readable while somebody writes.
fn keep_a_log(connection: &Connection) -> Result<(), SqliteError> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(SqliteError::NoWriteAheadLog { mode });
    }
    set(connection, "synchronous", 2)
}

/// After how many pages in the log a commit moves them itself.
pub(crate) fn let_the_log_grow(connection: &Connection, pages: i64) -> Result<(), SqliteError> {
    set(connection, "wal_autocheckpoint", pages)
}

/// Sets a pragma and reads it back: SQLite ignores what it does not know or cannot do.
fn set(connection: &Connection, pragma: &'static str, value: i64) -> Result<(), SqliteError> {
    connection.pragma_update(None, pragma, value)?;
    let found: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
    if found == value { Ok(()) } else { Err(SqliteError::Unsupported { pragma }) }
}

/// An SQLite that was built without memory maps has no such pragma.
fn no_row(error: rusqlite::Error) -> Result<(), rusqlite::Error> {
    if matches!(error, rusqlite::Error::QueryReturnedNoRows) { Ok(()) } else { Err(error) }
}

/// Whether another process, which opens or closes the same file, is the reason.
fn is_passing(error: &(dyn std::error::Error + 'static)) -> bool {
    let code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error);
    code.is_some_and(|error| match error.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => true,
        // A reader finds the log's index gone or half made; a plain READONLY or CANTOPEN is for good.
        ErrorCode::ReadOnly | ErrorCode::CannotOpen => error.extended_code > 0xff,
        _ => false,
    })
}

impl Role {
    fn flags(self) -> OpenFlags {
        let access = match self {
            Self::Writer => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            Self::Mover => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Self::Reader { .. } => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        access | OpenFlags::SQLITE_OPEN_NO_MUTEX
    }

    /// In KiB. The writer touches few pages more than once.
    const fn cache(self) -> i32 {
        match self {
            Self::Writer => 16_384,
            Self::Mover => 1_024,
            Self::Reader { cache } => cache,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The releases of SQLite that need it are not all in the lock file, so a timing alone would not miss it.
    #[test]
    fn every_connection_plans_its_statements_once_and_maps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        for connection in [open(&path, Role::Writer).unwrap(), open(&path, Role::Reader { cache: 2_048 }).unwrap()] {
            assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG).unwrap());
            let mapped: i64 = connection.pragma_query_value(None, "mmap_size", |row| row.get(0)).unwrap();
            assert_eq!(mapped, 0);
        }
    }
}
