//! What requests leave behind, flushed many at a time: last uses and sightings.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use service_accounts_store::{Seen, Sighting, Usage};
use service_accounts_token::TokenId;
use time::UtcDateTime;

use crate::{
    SqliteError,
    rows::{place, text},
};

const CORRUPT: SqliteError = SqliteError::Corrupt { table: "sighting" };

const NUMBER: &str = "SELECT number FROM token WHERE number BETWEEN ?1 AND ?1 + 7 AND id = ?2";

pub(crate) fn note(transaction: &Transaction<'_>, mark: &Usage) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO last_used (token, at, address)
         SELECT number, ?3, ?4 FROM token WHERE number BETWEEN ?1 AND ?1 + 7 AND id = ?2
         ON CONFLICT (token) DO UPDATE SET at = excluded.at, address = excluded.address WHERE excluded.at > at",
    )?;
    let address = mark.last.address.map(|address| address.to_string());
    let (place, id) = (place(&mark.token), mark.token.as_str());
    statement.execute(params![place, id, mark.last.at.unix_timestamp(), address])?;
    Ok(())
}

/// Joins a sighting with its row. A new value that is one too many takes the place of the one seen longest ago.
pub(crate) fn see(transaction: &Transaction<'_>, sighting: &Sighting) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(NUMBER)?;
    let id = &sighting.token;
    let number = statement.query_row(params![place(id), id.as_str()], |row| row.get(0)).optional()?;
    let Some(number) = number else { return Ok(()) };
    join(transaction, number, sighting)?;
    let mut statement = transaction.prepare_cached("SELECT count(*) FROM sighting WHERE token = ?1 AND kind = ?2")?;
    let count: i64 = statement.query_row(params![number, sighting.seen.kind().as_str()], |row| row.get(0))?;
    let is_full = usize::try_from(count).unwrap_or(0) > Sighting::MOST;
    if is_full { drop_stalest(transaction, number, sighting) } else { Ok(()) }
}

fn join(transaction: &Transaction<'_>, number: i64, sighting: &Sighting) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO sighting (token, kind, value, count, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (token, kind, value) DO UPDATE SET
             count = iif(count > 9223372036854775807 - excluded.count, 9223372036854775807, count + excluded.count),
             first = min(first, excluded.first), last = max(last, excluded.last)",
    )?;
    statement.execute(params![
        number,
        sighting.seen.kind().as_str(),
        sighting.seen.value(),
        i64::try_from(sighting.count).unwrap_or(i64::MAX),
        sighting.first.unix_timestamp(),
        sighting.last.unix_timestamp(),
    ])?;
    Ok(())
}

fn drop_stalest(transaction: &Transaction<'_>, number: i64, newest: &Sighting) -> Result<(), SqliteError> {
    let seen = sightings(transaction, &newest.token)?;
    let others = seen.iter().filter(|row| row.seen.kind() == newest.seen.kind() && row.seen != newest.seen);
    let Some(stalest) = others.min_by_key(|row| row.last) else { return Ok(()) };
    let mut statement =
        transaction.prepare_cached("DELETE FROM sighting WHERE token = ?1 AND kind = ?2 AND value = ?3")?;
    statement.execute(params![number, stalest.seen.kind().as_str(), stalest.seen.value()])?;
    Ok(())
}

/// All sightings of a token, in the order of kind and value.
pub(crate) fn sightings(connection: &Connection, token: &TokenId) -> Result<Vec<Sighting>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT sighting.kind, value, count, first, last FROM token JOIN sighting ON sighting.token = number
         WHERE number BETWEEN ?1 AND ?1 + 7 AND id = ?2",
    )?;
    let mut rows = statement.query(params![place(token), token.as_str()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let kind = text(row, 0, "sighting")?.parse().map_err(|_| CORRUPT)?;
        let instant = |at| UtcDateTime::from_unix_timestamp(row.get(at)?).map_err(|_| CORRUPT);
        found.push(Sighting {
            token: *token,
            seen: Seen::restore(kind, text(row, 1, "sighting")?).map_err(|_| CORRUPT)?,
            count: u64::try_from(row.get::<_, i64>(2)?).map_err(|_| CORRUPT)?,
            first: instant(3)?,
            last: instant(4)?,
        });
    }
    found.sort_by(|one, other| one.seen.cmp(&other.seen));
    Ok(found)
}
