//! Rows, read back whole or refused.

use serde::Serialize;
use service_accounts_audit::Sequence;
use service_accounts_store::{Account, LastUsed, Revision, Token};
use service_accounts_token::TokenId;
use time::UtcDateTime;
use tokio_postgres::{Row, types::FromSql};

use crate::PostgresError;

/// One column, in the type it was made with.
pub(crate) fn column<'r, T: FromSql<'r>>(row: &'r Row, at: usize, table: &'static str) -> Result<T, PostgresError> {
    row.try_get(at).map_err(|_| PostgresError::corrupt(table))
}

pub(crate) fn text<'r>(row: &'r Row, at: usize, table: &'static str) -> Result<&'r str, PostgresError> {
    column(row, at, table)
}

/// The record of the account of this id, if it says what its columns say.
pub(crate) fn account_of(id: &str, revision: Revision, record: &str) -> Result<Account, PostgresError> {
    let account: Account = decode(record, "account")?;
    let is_this = account.id.as_str() == id && account.revision == revision;
    if is_this { Ok(account) } else { Err(PostgresError::corrupt("account")) }
}

/// The columns id, revision and record from `at` on, as a token whose record says what its columns say.
pub(crate) fn token(row: &Row, at: usize) -> Result<Token, PostgresError> {
    token_of(text(row, at, "token")?, revision(row, at + 1)?, text(row, at + 2, "token")?)
}

/// The record of the token of this id, if it says what its columns say.
pub(crate) fn token_of(id: &str, revision: Revision, record: &str) -> Result<Token, PostgresError> {
    let token: Token = decode(record, "token")?;
    let is_this = token.id.as_str() == id && token.revision == revision;
    if is_this { Ok(token) } else { Err(PostgresError::corrupt("token")) }
}

/// The reason why a text is no record is dropped: it may quote the record.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(text: &str, table: &'static str) -> Result<T, PostgresError> {
    serde_json::from_str(text).map_err(|_| PostgresError::corrupt(table))
}

pub(crate) fn encode(record: &impl Serialize) -> Result<String, PostgresError> {
    serde_json::to_string(record).map_err(|error| PostgresError::Database(Box::new(error)))
}

pub(crate) fn revision(row: &Row, at: usize) -> Result<Revision, PostgresError> {
    Ok(Revision::made_by(sequence(row, at, "revision")?))
}

pub(crate) fn sequence(row: &Row, at: usize, table: &'static str) -> Result<Sequence, PostgresError> {
    column(row, at, table).map(Sequence::new)
}

pub(crate) fn token_id(row: &Row, at: usize) -> Result<TokenId, PostgresError> {
    TokenId::parse(text(row, at, "token")?).map_err(|_| PostgresError::corrupt("token"))
}

pub(crate) fn instant(seconds: i64, table: &'static str) -> Result<UtcDateTime, PostgresError> {
    UtcDateTime::from_unix_timestamp(seconds).map_err(|_| PostgresError::corrupt(table))
}

/// The columns at and address of a last use, where there is one.
pub(crate) fn last_used(row: &Row, at: usize) -> Result<Option<LastUsed>, PostgresError> {
    let Some(seconds) = column::<Option<i64>>(row, at, "last_used")? else { return Ok(None) };
    let address: Option<&str> = column(row, at + 1, "last_used")?;
    let address = address.map(|text| text.parse().map_err(|_| PostgresError::corrupt("last_used"))).transpose()?;
    Ok(Some(LastUsed { at: instant(seconds, "last_used")?, address }))
}

/// How many tokens were counted.
pub(crate) fn count(row: &Row, at: usize) -> Result<usize, PostgresError> {
    usize::try_from(column::<i64>(row, at, "token")?).map_err(|_| PostgresError::corrupt("token"))
}

/// A count of items as SQL has it.
pub(crate) fn limit(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

/// One more item than a page holds, to tell whether there is another page.
pub(crate) fn one_more_than(items: usize) -> i64 {
    limit(items).saturating_add(1)
}
