//! Decoded records, used again while their rows hold the text they were decoded from.
//!
//! A record is found by its id and compared with the row byte for byte. No number of a row is trusted instead: after the
//! file was rolled back to a backup, a revision stands for another record than before.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use rusqlite::Row;
use service_accounts_store::{Account, Credential};
use service_accounts_token::TokenId;

use crate::{
    SqliteError,
    rows::{decode_account, decode_token, revision, text},
    snapshot::Snapshot,
};

/// The most that decoded credentials take, in bytes.
const CREDENTIALS: u64 = 64 << 20;

/// The most that decoded accounts take beside them, in bytes.
const ACCOUNTS: u64 = 16 << 20;

/// What a record of ordinary size takes when it is decoded, in bytes, with its place in the cache.
const RECORD: usize = 1_024;

/// How many bytes of memory one byte of a decoded text takes at most. An allowlist of short addresses comes near it.
const EXPANSION: usize = 12;

/// Where the columns of a joined credential stand in a row.
pub(crate) const TOKEN_REVISION: usize = 0;
pub(crate) const ACCOUNT_REVISION: usize = 1;
pub(crate) const TOKEN_RECORD: usize = 2;
pub(crate) const ACCOUNT_RECORD: usize = 3;

/// The two caches, bounded in bytes.
pub(crate) struct Records {
    credentials: Cache<TokenId, Known, Bytes>,
    accounts: Cache<Box<str>, Arc<KnownAccount>, Bytes>,
}

/// A decoded credential, which was read when the file was in this state or in a later one.
#[derive(Clone)]
pub(crate) struct Known {
    decoded: Arc<Decoded>,
    at: Snapshot,
}

struct Decoded {
    credential: Arc<Credential>,
    text: Box<str>,
    account: Arc<KnownAccount>,
}

struct KnownAccount {
    account: Arc<Account>,
    text: Box<str>,
}

impl Records {
    pub(crate) fn new() -> Self {
        Self {
            credentials: Cache::with_weighter(items(CREDENTIALS), CREDENTIALS, Bytes),
            accounts: Cache::with_weighter(items(ACCOUNTS), ACCOUNTS, Bytes),
        }
    }

    pub(crate) fn credential(&self, id: &TokenId) -> Option<Known> {
        self.credentials.get(id)
    }

    /// The credential of a row that was read in the state `at` of the file or in a later one.
    pub(crate) fn joined(&self, id: &TokenId, row: &Row<'_>, at: Snapshot) -> Result<Arc<Credential>, SqliteError> {
        let decoded = self.decoded(id, row)?;
        let credential = decoded.credential.clone();
        self.credentials.insert(*id, Known { decoded, at });
        Ok(credential)
    }

    /// The credential of a row of a list; lists leave what requests need in its place.
    pub(crate) fn listed(&self, id: &TokenId, row: &Row<'_>) -> Result<Arc<Credential>, SqliteError> {
        Ok(self.decoded(id, row)?.credential.clone())
    }

    fn decoded(&self, id: &TokenId, row: &Row<'_>) -> Result<Arc<Decoded>, SqliteError> {
        // A token without its account is no credential, and no account is to blame.
        row.get_ref(ACCOUNT_REVISION)?.as_i64().map_err(|_| SqliteError::Corrupt { table: "token" })?;
        match self.credentials.get(id) {
            Some(known) if known.decoded.is_in(row)? => Ok(known.decoded),
            _ => Ok(Arc::new(self.decode(id, row)?)),
        }
    }

    fn decode(&self, id: &TokenId, row: &Row<'_>) -> Result<Decoded, SqliteError> {
        let token = decode_token(id.as_str(), row, TOKEN_REVISION, TOKEN_RECORD)?;
        let account = self.known_account(token.account.as_str(), row, ACCOUNT_REVISION, ACCOUNT_RECORD)?;
        let credential = Arc::new(Credential::new(token, account.account.clone()));
        Ok(Decoded { credential, text: text(row, TOKEN_RECORD, "token")?.into(), account })
    }

    pub(crate) fn account(
        &self,
        id: &str,
        row: &Row<'_>,
        revision_at: usize,
        record_at: usize,
    ) -> Result<Arc<Account>, SqliteError> {
        Ok(self.known_account(id, row, revision_at, record_at)?.account.clone())
    }

    /// The account of a row of a list, which is not kept.
    pub(crate) fn listed_account(
        &self,
        id: &str,
        row: &Row<'_>,
        revision_at: usize,
        record_at: usize,
    ) -> Result<Arc<Account>, SqliteError> {
        match self.accounts.get(id) {
            Some(known) if known.is_in(row, revision_at, record_at)? => Ok(known.account.clone()),
            _ => Ok(Arc::new(decode_account(id, row, revision_at, record_at)?)),
        }
    }

    fn known_account(
        &self,
        id: &str,
        row: &Row<'_>,
        revision_at: usize,
        record_at: usize,
    ) -> Result<Arc<KnownAccount>, SqliteError> {
        if let Some(known) = self.accounts.get(id)
            && known.is_in(row, revision_at, record_at)?
        {
            return Ok(known);
        }
        let account = Arc::new(decode_account(id, row, revision_at, record_at)?);
        let known = Arc::new(KnownAccount { account, text: text(row, record_at, "account")?.into() });
        self.accounts.insert(id.into(), known.clone());
        Ok(known)
    }
}

impl Known {
    pub(crate) fn credential(&self) -> Arc<Credential> {
        self.decoded.credential.clone()
    }

    /// Whether this is what was handed out.
    pub(crate) fn is(&self, credential: &Arc<Credential>) -> bool {
        Arc::ptr_eq(&self.decoded.credential, credential)
    }

    /// The state of the file since which nothing may have been committed, if this is to serve without its row.
    pub(crate) const fn at(&self) -> Snapshot {
        self.at
    }
}

impl Decoded {
    fn is_in(&self, row: &Row<'_>) -> Result<bool, SqliteError> {
        let is_token = *self.text == *text(row, TOKEN_RECORD, "token")?
            && self.credential.token().revision == revision(row, TOKEN_REVISION, "token")?;
        Ok(is_token && self.account.is_in(row, ACCOUNT_REVISION, ACCOUNT_RECORD)?)
    }
}

impl KnownAccount {
    fn is_in(&self, row: &Row<'_>, revision_at: usize, record_at: usize) -> Result<bool, SqliteError> {
        Ok(*self.text == *text(row, record_at, "account")?
            && self.account.revision == revision(row, revision_at, "account")?)
    }
}

/// How many ordinary records a cache of so many bytes holds.
fn items(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX) / (2 * RECORD)
}

/// What a record takes: its text as it is, and decoded.
#[derive(Clone)]
struct Bytes;

impl Weighter<TokenId, Known> for Bytes {
    /// A big account counts with each of its credentials: they may be the last that hold it.
    fn weight(&self, _: &TokenId, known: &Known) -> u64 {
        let account = weight(&known.decoded.account.text);
        let shared = if account > 4 * ordinary() { account } else { 0 };
        weight(&known.decoded.text).saturating_add(shared)
    }
}

impl Weighter<Box<str>, Arc<KnownAccount>> for Bytes {
    fn weight(&self, _: &Box<str>, known: &Arc<KnownAccount>) -> u64 {
        weight(&known.text)
    }
}

/// Of a text of ordinary length a small part only is a list, so the first kilobyte is not multiplied.
fn weight(text: &str) -> u64 {
    let long = text.len().saturating_sub(RECORD).saturating_mul(EXPANSION);
    u64::try_from(text.len().saturating_add(RECORD).saturating_add(long)).unwrap_or(u64::MAX)
}

fn ordinary() -> u64 {
    u64::try_from(RECORD).unwrap_or(u64::MAX)
}
