//! Reads: on the calling thread, on one of a few read-only connections.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use quick_cache::sync::Cache;
use rusqlite::{Connection, Row, params, types::ValueRef};
use serde::de::DeserializeOwned;
use service_accounts_audit::{Event, Page, Query, Recorded, Sequence};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Credential, LastUsed, ListedToken, Paged, Revision, Token};
use service_accounts_token::{Kind, TokenId};
use time::UtcDateTime;

use crate::{SqliteError, connection};

/// How many records are kept decoded.
const DECODED: usize = 65_536;

const CREDENTIAL: &str = "
    SELECT token.revision, account.revision, token.record, account.record
    FROM token LEFT JOIN account ON account.id = token.account WHERE token.id = ?1";

/// The columns of [`CREDENTIAL`] first, so that one function reads both.
const TOKENS: &str = "
    SELECT token.revision, account.revision, token.record, account.record, token.id, last_used.at, last_used.address
    FROM token LEFT JOIN account ON account.id = token.account LEFT JOIN last_used ON last_used.token = token.id
    WHERE token.account = ?1 AND token.kind = ?2 AND token.id > ?3 ORDER BY token.id LIMIT ?4";

pub(crate) struct Readers {
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
    credentials: Cache<TokenId, Arc<Credential>>,
    accounts: Cache<Revision, Arc<Account>>,
}

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Self, SqliteError> {
        let count = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16);
        let connections = (0..count).map(|_| connection::open_reader(path).map(Mutex::new));
        Ok(Self {
            connections: connections.collect::<Result<_, _>>()?,
            next: AtomicUsize::new(0),
            credentials: Cache::new(DECODED),
            accounts: Cache::new(DECODED),
        })
    }

    pub(crate) fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, SqliteError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(CREDENTIAL)?;
        let mut rows = statement.query([id.as_str()])?;
        rows.next()?.map(|row| self.joined(id, row)).transpose()
    }

    pub(crate) fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, SqliteError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached("SELECT revision, record FROM account WHERE id = ?1")?;
        let mut rows = statement.query([id.as_str()])?;
        rows.next()?.map(|row| self.decoded_account(row, 0, 1)).transpose()
    }

    pub(crate) fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, SqliteError> {
        let connection = self.connection()?;
        let mut statement =
            connection.prepare_cached("SELECT revision, record FROM account WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let mut rows = statement.query(params![after.map_or("", AccountId::as_str), one_more_than(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(self.decoded_account(row, 0, 1)?);
        }
        Ok(Paged::new(found, limit, |account| account.id.clone()))
    }

    pub(crate) fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<ListedToken, TokenId>, SqliteError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(TOKENS)?;
        let after = after.map_or("", TokenId::as_str);
        let mut rows = statement.query(params![account.as_str(), Kind::Token.as_str(), after, one_more_than(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let credential = self.joined(&token_id(row, 4)?, row)?;
            found.push(ListedToken { credential, last_used: last_used(row, 5, 6)? });
        }
        Ok(Paged::new(found, limit, |listed| listed.credential.token().id))
    }

    pub(crate) fn due(&self, now: UtcDateTime, limit: usize) -> Result<Vec<TokenId>, SqliteError> {
        let connection = self.connection()?;
        let mut statement =
            connection.prepare_cached("SELECT id FROM token WHERE next_due <= ?1 ORDER BY next_due, id LIMIT ?2")?;
        let mut rows = statement.query(params![now.unix_timestamp(), i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(token_id(row, 0)?);
        }
        Ok(found)
    }

    pub(crate) fn events(&self, query: &Query) -> Result<Page, SqliteError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(event_query(query))?;
        let mut rows = statement.query(params![
            query.account().map(AsRef::<str>::as_ref),
            query.token().map(AsRef::<str>::as_ref),
            query.action().map(|action| action.as_str()),
            query.earliest().map_or(i64::MIN, UtcDateTime::unix_timestamp),
            query.place().map_or(i64::MAX, Sequence::number),
            one_more_than(query.page_size()),
        ])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let event: Event = decode(row, 1, "event")?;
            found.push(Recorded { sequence: Sequence::new(row.get(0)?), event });
        }
        Ok(query.page(found))
    }

    fn connection(&self) -> Result<MutexGuard<'_, Connection>, SqliteError> {
        let free = self.connections.iter().find_map(|connection| connection.try_lock().ok());
        if let Some(connection) = free {
            return Ok(connection);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len().max(1);
        let connection = self.connections.get(turn).ok_or(SqliteError::Closed)?;
        Ok(connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is already decoded serves again if both revisions are still the same.
    fn joined(&self, id: &TokenId, row: &Row<'_>) -> Result<Arc<Credential>, SqliteError> {
        let revision = revision(row, 0)?;
        let account_revision = row.get_ref(1)?.as_i64().map_err(|_| SqliteError::Corrupt { table: "token" })?;
        if let Some(known) = self.credentials.get(id)
            && known.token().revision == revision
            && known.account().revision.event().number() == account_revision
        {
            return Ok(known);
        }
        let token: Token = decode(row, 2, "token")?;
        let account = self.decoded_account(row, 1, 3)?;
        if token.id != *id || token.account != account.id || token.revision != revision {
            return Err(SqliteError::Corrupt { table: "token" });
        }
        let credential = Arc::new(Credential::new(token, account));
        self.credentials.insert(*id, credential.clone());
        Ok(credential)
    }

    fn decoded_account(
        &self,
        row: &Row<'_>,
        revision_at: usize,
        record_at: usize,
    ) -> Result<Arc<Account>, SqliteError> {
        let revision = revision(row, revision_at)?;
        if let Some(known) = self.accounts.get(&revision) {
            return Ok(known);
        }
        let account: Arc<Account> = Arc::new(decode(row, record_at, "account")?);
        if account.revision != revision {
            return Err(SqliteError::Corrupt { table: "account" });
        }
        self.accounts.insert(revision, account.clone());
        Ok(account)
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

pub(crate) fn decode<T: DeserializeOwned>(row: &Row<'_>, at: usize, table: &'static str) -> Result<T, SqliteError> {
    let ValueRef::Text(text) = row.get_ref(at)? else { return Err(SqliteError::Corrupt { table }) };
    // The reason is dropped: it may quote the row.
    serde_json::from_slice(text).map_err(|_| SqliteError::Corrupt { table })
}

pub(crate) fn token_id(row: &Row<'_>, at: usize) -> Result<TokenId, SqliteError> {
    let text = row.get_ref(at)?.as_str().map_err(|_| SqliteError::Corrupt { table: "token" })?;
    TokenId::parse(text).map_err(|_| SqliteError::Corrupt { table: "token" })
}

fn revision(row: &Row<'_>, at: usize) -> Result<Revision, SqliteError> {
    Ok(Revision::made_by(Sequence::new(row.get(at)?)))
}

fn last_used(row: &Row<'_>, at: usize, address: usize) -> Result<Option<LastUsed>, SqliteError> {
    let corrupt = || SqliteError::Corrupt { table: "last_used" };
    let Some(seconds) = row.get::<_, Option<i64>>(at)? else { return Ok(None) };
    let at = UtcDateTime::from_unix_timestamp(seconds).map_err(|_| corrupt())?;
    let address = row.get_ref(address)?.as_str_or_null().map_err(|_| corrupt())?;
    let address = address.map(|text| text.parse().map_err(|_| corrupt())).transpose()?;
    Ok(Some(LastUsed { at, address }))
}

fn one_more_than(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}
