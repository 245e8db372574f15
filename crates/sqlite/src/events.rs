//! The trail's other end: new events, and old ones that are trimmed.

use std::borrow::Borrow;

use rusqlite::{OptionalExtension, Transaction, params};
use service_accounts_audit::{Event, Sequence};

use crate::{
    SqliteError,
    event_row::encode_rest,
    labels::{self, Labels},
};

/// How many places share one row that tells between which instants their events happened.
pub(crate) const BLOCK: i64 = 512;

pub(crate) fn append<E: Borrow<Event>>(transaction: &Transaction<'_>, events: &[E]) -> Result<(), SqliteError> {
    let mut place = next(transaction)?.number();
    let mut labels = Labels::within(transaction);
    for event in events {
        insert(transaction, &mut labels, place, event.borrow())?;
        place = place.saturating_add(1);
    }
    Ok(())
}

/// The place of the event that is appended next.
pub(crate) fn next(transaction: &Transaction<'_>) -> Result<Sequence, SqliteError> {
    // SQLite's own counter, because it does not go back when old events are removed.
    let mut statement = transaction.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'event'")?;
    let last: Option<i64> = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(Sequence::new(last.unwrap_or(0).saturating_add(1)))
}

fn insert<'e>(
    transaction: &Transaction<'_>,
    labels: &mut Labels<'_, 'e>,
    place: i64,
    event: &'e Event,
) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO event (sequence, at, action, actor, account, token, rest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let at = event.at().unix_timestamp();
    statement.execute(params![
        place,
        at,
        labels.number(event.action().as_str())?,
        labels.number(event.actor().as_str())?,
        event.account().map(|account| labels.number(account.as_str())).transpose()?,
        event.token().map(|token| labels.number(token.as_str())).transpose()?,
        encode_rest(event)?,
    ])?;
    note_instant(transaction, place, at)
}

/// Widens the span of the block that a place belongs to.
fn note_instant(transaction: &Transaction<'_>, place: i64, at: i64) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO event_block (block, earliest, latest) VALUES (?1, ?2, ?2)
         ON CONFLICT (block) DO UPDATE SET earliest = min(earliest, ?2), latest = max(latest, ?2)
         WHERE ?2 NOT BETWEEN earliest AND latest",
    )?;
    statement.execute([place / BLOCK, at])?;
    Ok(())
}

/// Removes the oldest events below a place, at most so many.
pub(crate) fn trim(transaction: &Transaction<'_>, place: Sequence, limit: usize) -> Result<usize, SqliteError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let named = labels::named_below(transaction, place.number(), limit)?;
    let mut statement = transaction.prepare_cached(
        "DELETE FROM event WHERE sequence IN
             (SELECT sequence FROM event WHERE sequence < ?1 ORDER BY sequence LIMIT ?2)",
    )?;
    let removed = statement.execute([place.number(), limit])?;
    labels::forget_unnamed(transaction, &named)?;
    let mut statement = transaction
        .prepare_cached("DELETE FROM event_block WHERE block < (SELECT coalesce(min(sequence), ?1) FROM event) / ?2")?;
    statement.execute([place.number(), BLOCK])?;
    Ok(removed)
}
