//! Texts that many events name, each kept once under a number.
//!
//! Actions, actors, accounts and tokens stand in the rows as numbers, and what no column says is JSON: an access of
//! the default setting takes about 170 bytes with its four indices, where the whole record beside its columns took
//! 520. Given up: a column that was changed in the file is not noticed by its own record; seals notice it.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::SqliteError;

/// Whether any event still names a label.
const IS_NAMED: &str =
    "EXISTS (SELECT 1 FROM event WHERE account = ?1) OR EXISTS (SELECT 1 FROM event WHERE token = ?1)
    OR EXISTS (SELECT 1 FROM event WHERE actor = ?1) OR EXISTS (SELECT 1 FROM event WHERE action = ?1)";

/// The numbers of texts within one transaction, which may write new ones.
pub(crate) struct Labels<'t, 'e> {
    transaction: &'t Transaction<'t>,
    known: HashMap<&'e str, i64>,
}

impl<'t, 'e> Labels<'t, 'e> {
    pub(crate) fn within(transaction: &'t Transaction<'t>) -> Self {
        Self { transaction, known: HashMap::new() }
    }

    /// The number of a text, which is new where no event named it before.
    pub(crate) fn number(&mut self, text: &'e str) -> Result<i64, SqliteError> {
        if let Some(number) = self.known.get(text) {
            return Ok(*number);
        }
        let number = match find(self.transaction, text)? {
            Some(number) => number,
            None => self.transaction.prepare_cached("INSERT INTO label (text) VALUES (?1)")?.insert([text])?,
        };
        self.known.insert(text, number);
        Ok(number)
    }
}

/// The number of a text that some event names.
pub(crate) fn find(connection: &Connection, text: &str) -> Result<Option<i64>, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT number FROM label WHERE text = ?1")?;
    Ok(statement.query_row([text], |row| row.get(0)).optional()?)
}

/// The numbers that the oldest events below a place name, at most so many events.
pub(crate) fn named_below(transaction: &Transaction<'_>, place: i64, limit: i64) -> Result<Vec<i64>, SqliteError> {
    let mut statement = transaction.prepare_cached(
        "WITH old AS (SELECT action, actor, account, token FROM event WHERE sequence < ?1 ORDER BY sequence LIMIT ?2)
         SELECT action FROM old UNION SELECT actor FROM old
         UNION SELECT account FROM old WHERE account IS NOT NULL UNION SELECT token FROM old WHERE token IS NOT NULL",
    )?;
    let numbers = statement.query_map(params![place, limit], |row| row.get(0))?;
    Ok(numbers.collect::<Result<_, _>>()?)
}

/// Removes those that no event names any more: each session brings a new one.
pub(crate) fn forget_unnamed(transaction: &Transaction<'_>, numbers: &[i64]) -> Result<(), SqliteError> {
    let mut statement =
        transaction.prepare_cached(&format!("DELETE FROM label WHERE number = ?1 AND NOT ({IS_NAMED})"))?;
    numbers.iter().try_for_each(|number| statement.execute([number]).map(drop))?;
    Ok(())
}
