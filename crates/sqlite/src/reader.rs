//! Reads: on the calling thread, on one of a few read-only connections.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use rusqlite::params;
use service_accounts_audit::{Page, Query, Recorded, Sequence};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Credential, ListedToken, Paged};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    SqliteError,
    records::Records,
    rows::{decode, last_used, text, token_id},
    snapshot::Reader,
};

/// A digest is kept as scheme, pepper and tag between dots. A record without one must not make a pepper look unused.
const UNDER: &str = "
    SELECT count(*) FILTER (WHERE instr(digest, '.' || ?1 || '.') > 0), count(*) FILTER (WHERE digest IS NULL)
    FROM (SELECT record ->> '$.digest' AS digest FROM token)";

const CREDENTIAL: &str = "
    SELECT token.revision, account.revision, token.record, account.record
    FROM token LEFT JOIN account ON account.id = token.account WHERE token.id = ?1";

/// The columns of [`CREDENTIAL`] first, so that one function reads both.
const TOKENS: &str = "
    SELECT token.revision, account.revision, token.record, account.record, token.id, last_used.at, last_used.address
    FROM token LEFT JOIN account ON account.id = token.account LEFT JOIN last_used ON last_used.token = token.id
    WHERE token.account = ?1 AND token.kind = ?2 AND token.id > ?3 ORDER BY token.id LIMIT ?4";

pub(crate) struct Readers {
    readers: Vec<Mutex<Reader>>,
    next: AtomicUsize,
    records: Records,
}

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Self, SqliteError> {
        let count = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16);
        let readers = (0..count).map(|number| Reader::open(path, number).map(Mutex::new));
        Ok(Self { readers: readers.collect::<Result<_, _>>()?, next: AtomicUsize::new(0), records: Records::new() })
    }

    pub(crate) fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, SqliteError> {
        let mut reader = self.reader()?;
        if let Some(known) = self.records.credential(id)
            && reader.is_still(known.at())?
        {
            return Ok(Some(known.into_credential()));
        }
        let mut statement = reader.connection().prepare_cached(CREDENTIAL)?;
        let mut rows = statement.query([id.as_str()])?;
        rows.next()?.map(|row| self.records.joined(id, row, reader.seen())).transpose()
    }

    pub(crate) fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, SqliteError> {
        let reader = self.reader()?;
        let mut statement = reader.connection().prepare_cached("SELECT revision, record FROM account WHERE id = ?1")?;
        let mut rows = statement.query([id.as_str()])?;
        rows.next()?.map(|row| self.records.account(id.as_str(), row, 0, 1)).transpose()
    }

    pub(crate) fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, SqliteError> {
        let reader = self.reader()?;
        let mut statement = reader
            .connection()
            .prepare_cached("SELECT revision, record, id FROM account WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let mut rows = statement.query(params![after.map_or("", AccountId::as_str), one_more_than(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(self.records.account(text(row, 2, "account")?, row, 0, 1)?);
        }
        Ok(Paged::new(found, limit, |account| account.id.clone()))
    }

    pub(crate) fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<ListedToken, TokenId>, SqliteError> {
        let reader = self.reader()?;
        let mut statement = reader.connection().prepare_cached(TOKENS)?;
        let after = after.map_or("", TokenId::as_str);
        let mut rows = statement.query(params![account.as_str(), Kind::Token.as_str(), after, one_more_than(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let id = token_id(row, 4)?;
            let credential = self.records.joined(&id, row, reader.seen())?;
            found.push(ListedToken { credential, last_used: last_used(row, 5, 6)? });
        }
        Ok(Paged::new(found, limit, |listed| listed.credential.token().id))
    }

    pub(crate) fn due(&self, now: UtcDateTime, limit: usize) -> Result<Vec<TokenId>, SqliteError> {
        let reader = self.reader()?;
        let mut statement = reader
            .connection()
            .prepare_cached("SELECT id FROM token WHERE next_due <= ?1 ORDER BY next_due, id LIMIT ?2")?;
        let mut rows = statement.query(params![now.unix_timestamp(), i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(token_id(row, 0)?);
        }
        Ok(found)
    }

    pub(crate) fn events(&self, query: &Query) -> Result<Page, SqliteError> {
        let reader = self.reader()?;
        let mut statement = reader.connection().prepare_cached(event_query(query))?;
        let mut rows = statement.query(params![
            query.account().map(AsRef::<str>::as_ref),
            query.token().map(AsRef::<str>::as_ref),
            query.action().map(|action| action.as_str()),
            query.earliest().map_or(i64::MIN, first_second_from),
            query.place().map_or(i64::MAX, Sequence::number),
            one_more_than(query.page_size()),
        ])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let recorded = Recorded { sequence: Sequence::new(row.get(0)?), event: decode(row, 1, "event")? };
            // A row found by what its record does not say would otherwise be left out as if it were not there.
            if !query.matches(&recorded) {
                return Err(SqliteError::Corrupt { table: "event" });
            }
            found.push(recorded);
        }
        Ok(query.page(found))
    }

    pub(crate) fn count_under(&self, pepper: PepperId) -> Result<u64, SqliteError> {
        let reader = self.reader()?;
        let mut statement = reader.connection().prepare_cached(UNDER)?;
        let (under, unreadable): (i64, i64) =
            statement.query_row([pepper.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        match u64::try_from(under) {
            Ok(under) if unreadable == 0 => Ok(under),
            _ => Err(SqliteError::Corrupt { table: "token" }),
        }
    }

    fn reader(&self) -> Result<MutexGuard<'_, Reader>, SqliteError> {
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        if let Some(reader) = free {
            return Ok(reader);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.readers.len().max(1);
        let reader = self.readers.get(turn).ok_or(SqliteError::Closed)?;
        Ok(reader.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One statement for each index that can serve; the conditions are the same in all.
fn event_query(query: &Query) -> &'static str {
    macro_rules! select {
        ($index:literal) => {
            concat!(
                "SELECT sequence, record FROM event ",
                $index,
                " WHERE (?1 IS NULL OR account = ?1) AND (?2 IS NULL OR token = ?2) AND (?3 IS NULL OR action = ?3)
                  AND at >= ?4 AND sequence < ?5 ORDER BY sequence DESC LIMIT ?6"
            )
        };
        ($index:literal, $condition:literal) => {
            concat!(
                "SELECT sequence, record FROM event INDEXED BY ",
                $index,
                " WHERE ",
                $condition,
                " AND (?1 IS NULL OR account = ?1) AND (?2 IS NULL OR token = ?2) AND (?3 IS NULL OR action = ?3)
                  AND at >= ?4 AND sequence < ?5 ORDER BY sequence DESC LIMIT ?6"
            )
        };
    }
    match (query.token(), query.account(), query.action()) {
        (Some(_), _, _) => select!("event_by_token", "token = ?2"),
        (None, Some(_), _) => select!("event_by_account", "account = ?1"),
        (None, None, Some(_)) => select!("event_by_action", "action = ?3"),
        (None, None, None) => select!("NOT INDEXED"),
    }
}

/// Rows keep whole seconds, so one that begins within a second is not before it.
fn first_second_from(instant: UtcDateTime) -> i64 {
    let second = instant.unix_timestamp();
    if instant.nanosecond() == 0 { second } else { second.saturating_add(1) }
}

fn one_more_than(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}
