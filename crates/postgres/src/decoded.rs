//! Records that need not be decoded again.
//!
//! Each read asks the database. What is kept here serves only while the rows hold the very texts it was decoded from, so a
//! database that was restored from a backup revives nothing.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Credential};
use service_accounts_token::TokenId;
use tokio_postgres::Row;

use crate::{
    PostgresError,
    rows::{self, text},
};

/// How many bytes of records are kept decoded, counted by their texts.
const MOST_BYTES: u64 = 64 << 20;

pub(crate) struct Decoded {
    credentials: Cache<TokenId, Arc<Known<Credential>>, ByText>,
    accounts: Cache<AccountId, Arc<Known<Account>>, ByText>,
}

struct Known<T> {
    texts: [Box<str>; 2],
    record: Arc<T>,
}

#[derive(Clone)]
struct ByText;

impl<K, T> Weighter<K, Arc<Known<T>>> for ByText {
    fn weight(&self, _: &K, known: &Arc<Known<T>>) -> u64 {
        known.texts.iter().fold(256, |sum, text| sum + u64::try_from(text.len()).unwrap_or(u64::MAX / 4))
    }
}

impl Decoded {
    pub(crate) fn new() -> Self {
        Self {
            credentials: Cache::with_weighter(10_000, MOST_BYTES, ByText),
            accounts: Cache::with_weighter(1_000, MOST_BYTES / 4, ByText),
        }
    }

    /// The columns id, revision and record of a token and then of its account, from `at` on.
    pub(crate) fn credential(&self, row: &Row, at: usize) -> Result<Arc<Credential>, PostgresError> {
        let id = rows::token_id(row, at)?;
        let own = text(row, at + 2, "token")?;
        // A credential without its account is corrupt: the account's columns are then null.
        let of_account = text(row, at + 5, "account")?;
        if let Some(known) = self.credentials.get(&id)
            && *known.texts[0] == *own
            && *known.texts[1] == *of_account
            && known.record.token().revision == rows::revision(row, at + 1)?
            && known.record.account().revision == rows::revision(row, at + 4)?
        {
            return Ok(known.record.clone());
        }
        let token = rows::token(row, at)?;
        let account = self.account(row, at + 3)?;
        if token.account != account.id {
            return Err(PostgresError::corrupt("token"));
        }
        let record = Arc::new(Credential::new(token, account));
        self.credentials.insert(id, Arc::new(Known { texts: [own.into(), of_account.into()], record: record.clone() }));
        Ok(record)
    }

    /// The columns id, revision and record from `at` on.
    pub(crate) fn account(&self, row: &Row, at: usize) -> Result<Arc<Account>, PostgresError> {
        let own = text(row, at + 2, "account")?;
        let id = AccountId::parse(text(row, at, "account")?).map_err(|_| PostgresError::corrupt("account"))?;
        if let Some(known) = self.accounts.get(&id)
            && *known.texts[0] == *own
            && known.record.revision == rows::revision(row, at + 1)?
        {
            return Ok(known.record.clone());
        }
        let record = Arc::new(rows::account(row, at)?);
        self.accounts.insert(id, Arc::new(Known { texts: [own.into(), "".into()], record: record.clone() }));
        Ok(record)
    }
}
