//! Decoded records, used again while their rows hold the text they were decoded from.
//!
//! A record is found by its id and compared with the row byte for byte. No number of a row is trusted instead: after the
//! file was rolled back to a backup, a revision stands for another record than before.

mod newcomers;
pub(crate) mod token_row;

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use rusqlite::Row;
use service_accounts_store::{Account, Credential, Token};
use service_accounts_token::TokenId;

use self::{
    newcomers::Newcomers,
    token_row::{ACCOUNT_RECORD, ACCOUNT_REVISION, TokenRow},
};
use crate::{
    SqliteError,
    rows::{decode_account, revision, text},
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

/// The two caches, bounded in bytes, and what is not in them yet.
pub(crate) struct Records {
    credentials: Cache<TokenId, Known, Bytes>,
    accounts: Cache<Box<str>, AccountAt, Bytes>,
    newcomers: Newcomers,
}

/// A credential that was handed out, read when the file was in this state or in a later one.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) credential: Arc<Credential>,
    /// The state of the file since which nothing may have been committed, if this is to serve without its row.
    pub(crate) at: Snapshot,
}

/// The same with its text.
#[derive(Clone)]
struct Known {
    decoded: Arc<Decoded>,
    at: Snapshot,
}

struct Decoded {
    credential: Arc<Credential>,
    text: Box<str>,
    account: Arc<KnownAccount>,
}

/// An account, and when the file was in this state or in a later one; none where it was read for a list.
#[derive(Clone)]
struct AccountAt {
    known: Arc<KnownAccount>,
    at: Option<Snapshot>,
}

pub(crate) struct KnownAccount {
    account: Arc<Account>,
    text: Box<str>,
}

impl Records {
    pub(crate) fn new() -> Self {
        Self {
            credentials: Cache::with_weighter(items(CREDENTIALS), CREDENTIALS, Bytes),
            accounts: Cache::with_weighter(items(ACCOUNTS), ACCOUNTS, Bytes),
            newcomers: Newcomers::new(),
        }
    }

    pub(crate) fn credential(&self, id: &TokenId) -> Option<Seen> {
        match self.credentials.get(id) {
            Some(Known { decoded, at }) => Some(Seen { credential: decoded.credential.clone(), at }),
            None => self.newcomers.get(id),
        }
    }

    /// The credential of a token's row and its account, which were read in the state `at` of the file or both in a later one.
    pub(crate) fn joined(
        &self,
        id: &TokenId,
        row: &Row<'_>,
        account: Arc<KnownAccount>,
        at: Snapshot,
    ) -> Result<Arc<Credential>, SqliteError> {
        let (found, known) = (TokenRow::alone(row)?, self.credentials.get(id));
        if let Some(Known { decoded, .. }) = &known
            && decoded.is_of(&found)
            && decoded.account.is_same(&account)
        {
            return Ok(self.renew(id, decoded, at));
        }
        let token = found.decode(id)?;
        if token.account != account.account.id {
            return Err(SqliteError::Corrupt { table: "token" });
        }
        Ok(self.keep(token, found.text, account, (known.is_some(), at)))
    }

    /// The credential of a row of a list; lists leave what requests need in its place.
    pub(crate) fn listed(&self, id: &TokenId, row: &Row<'_>) -> Result<Arc<Credential>, SqliteError> {
        let found = TokenRow::joined(row)?;
        if let Some(Known { decoded, .. }) = self.credentials.get(id)
            && decoded.is_in(&found, row)?
        {
            return Ok(decoded.credential.clone());
        }
        let token = found.decode(id)?;
        let account = self.known_account(token.account.as_str(), row, ACCOUNT_REVISION, ACCOUNT_RECORD)?;
        Ok(Arc::new(Credential::new(token, account.account.clone())))
    }

    fn renew(&self, id: &TokenId, decoded: &Arc<Decoded>, at: Snapshot) -> Arc<Credential> {
        self.credentials.insert(*id, Known { decoded: decoded.clone(), at });
        decoded.credential.clone()
    }

    /// Keeps a credential that was decoded just now, also where another state of it is kept. What is big is kept where it
    /// is weighed.
    fn keep(
        &self,
        token: Token,
        text: &str,
        account: Arc<KnownAccount>,
        (is_kept, at): (bool, Snapshot),
    ) -> Arc<Credential> {
        let id = token.id;
        let credential = Arc::new(Credential::new(token, account.account.clone()));
        if is_kept || is_big(text) || is_big(&account.text) || self.newcomers.is_known(&id) {
            let decoded = Decoded { credential: credential.clone(), text: text.into(), account };
            self.credentials.insert(id, Known { decoded: Arc::new(decoded), at });
        } else {
            self.newcomers.put(&credential, at);
        }
        credential
    }

    /// The account, if it was read in this state of the file or in a later one.
    pub(crate) fn account_at(&self, id: &str, at: Snapshot) -> Option<Arc<KnownAccount>> {
        self.accounts.get(id).filter(|account| account.at == Some(at)).map(|account| account.known)
    }

    /// The account of a row, which was read in the state `at` or in a later one, as is remembered from here on.
    pub(crate) fn read_account(&self, id: &str, row: &Row<'_>, at: Snapshot) -> Result<Arc<KnownAccount>, SqliteError> {
        let known = self.known_account(id, row, 0, 1)?;
        self.accounts.insert(id.into(), AccountAt { known: known.clone(), at: Some(at) });
        Ok(known)
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
            Some(AccountAt { known, .. }) if known.is_in(row, revision_at, record_at)? => Ok(known.account.clone()),
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
        if let Some(AccountAt { known, .. }) = self.accounts.get(id)
            && known.is_in(row, revision_at, record_at)?
        {
            return Ok(known);
        }
        let account = Arc::new(decode_account(id, row, revision_at, record_at)?);
        let known = Arc::new(KnownAccount { account, text: text(row, record_at, "account")?.into() });
        self.accounts.insert(id.into(), AccountAt { known: known.clone(), at: None });
        Ok(known)
    }
}

impl Seen {
    /// Whether this is what was handed out.
    pub(crate) fn is(&self, credential: &Arc<Credential>) -> bool {
        Arc::ptr_eq(&self.credential, credential)
    }
}

impl Decoded {
    fn is_of(&self, found: &TokenRow<'_>) -> bool {
        *self.text == *found.text && self.credential.token().revision == found.revision
    }

    fn is_in(&self, found: &TokenRow<'_>, row: &Row<'_>) -> Result<bool, SqliteError> {
        Ok(self.is_of(found) && self.account.is_in(row, ACCOUNT_REVISION, ACCOUNT_RECORD)?)
    }
}

impl KnownAccount {
    fn is_same(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        Arc::ptr_eq(self, other) || (self.text == other.text && self.account.revision == other.account.revision)
    }

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
        let account = &known.decoded.account.text;
        let shared = if is_big(account) { weight(account) } else { 0 };
        weight(&known.decoded.text).saturating_add(shared)
    }
}

impl Weighter<Box<str>, AccountAt> for Bytes {
    fn weight(&self, _: &Box<str>, account_at: &AccountAt) -> u64 {
        weight(&account_at.known.text)
    }
}

/// Of a text of ordinary length a small part only is a list, so the first kilobyte is not multiplied.
fn weight(text: &str) -> u64 {
    let long = text.len().saturating_sub(RECORD).saturating_mul(EXPANSION);
    u64::try_from(text.len().saturating_add(RECORD).saturating_add(long)).unwrap_or(u64::MAX)
}

fn is_big(text: &str) -> bool {
    weight(text) > 4 * u64::try_from(RECORD).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use service_accounts_store::{MemoryStore, conformance::Subject};

    use super::*;

    /// Sessions with long lists filled the memory of a cache that counted records and not bytes.
    #[test]
    fn what_is_remembered_of_long_records_is_bounded_in_bytes() {
        let subject = Subject::new(MemoryStore::new());
        let account = Arc::new(Subject::<MemoryStore>::account("pipeline"));
        let text: Box<str> = "a".repeat(64 << 10).into();
        for (of_token, of_account) in [(&*text, "{}"), ("{}", &*text)] {
            let records = Records::new();
            let known = Arc::new(KnownAccount { account: account.clone(), text: of_account.into() });
            for number in 0..400 {
                let token = subject.token(&account.id, &format!("token-{number}"));
                let (id, credential) = (token.id, Arc::new(Credential::new(token, account.clone())));
                let decoded = Arc::new(Decoded { credential, text: of_token.into(), account: known.clone() });
                records.credentials.insert(id, Known { decoded, at: Snapshot::Reader { number: 0, version: 1 } });
            }
            let most = usize::try_from(CREDENTIALS).unwrap() / (EXPANSION * text.len());
            assert!((10..=most).contains(&records.credentials.len()), "{}", records.credentials.len());
        }
    }
}
