//! Connections, and the schema they expect.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use crate::SqliteError;

/// Each entry takes the schema one version further; what has been released is never edited.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE account (
        id TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE token (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES account (id),
        kind TEXT NOT NULL,
        name TEXT,
        next_due INTEGER,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX token_by_account ON token (account, kind, id);
    CREATE UNIQUE INDEX token_by_name ON token (account, name) WHERE name IS NOT NULL;
    CREATE INDEX token_by_due ON token (next_due, id) WHERE next_due IS NOT NULL;

    CREATE TABLE last_used (
        token TEXT PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        address TEXT
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE event (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        action TEXT NOT NULL,
        account TEXT,
        token TEXT,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_by_account ON event (account, sequence);
    CREATE INDEX event_by_token ON event (token, sequence);
    CREATE INDEX event_by_action ON event (action, sequence);
"];

/// The most of the file that SQLite maps into memory, in bytes: its own upper bound, in address space only.
const LARGEST_MAP: i64 = 0x7fff_0000;

/// Opens the connection that writes, and brings the schema up to date.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, SqliteError> {
    let mut connection = Connection::open(path)?;
    // SQLite gives no path for a database that only this connection has.
    if connection.path().is_none_or(str::is_empty) {
        return Err(SqliteError::NotAFile);
    }
    configure(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Opens a connection that cannot write.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, SqliteError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), SqliteError> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Or some releases of SQLite plan a statement anew for each value bound to it, at ten times the price of the read.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "mmap_size", LARGEST_MAP)?;
    Ok(())
}

/// Two processes that open the same new file at once take turns here.
fn migrate(connection: &mut Connection) -> Result<(), SqliteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(SqliteError::TooNew { found, known });
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The releases of SQLite that need it are not all in the lock file, so a timing alone would not miss it.
    #[test]
    fn every_connection_plans_its_statements_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        for connection in [open_writer(&path).unwrap(), open_reader(&path).unwrap()] {
            assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG).unwrap());
        }
    }
}
