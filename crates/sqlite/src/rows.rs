//! Rows, read back whole or refused.

use rusqlite::Row;
use serde::de::DeserializeOwned;
use service_accounts_audit::Sequence;
use service_accounts_store::{Account, LastUsed, Revision, Token};
use service_accounts_token::TokenId;
use time::UtcDateTime;

use crate::SqliteError;

/// An account whose record says what its columns say.
pub(crate) fn decode_account(
    id: &str,
    row: &Row<'_>,
    revision_at: usize,
    record_at: usize,
) -> Result<Account, SqliteError> {
    let account: Account = decode(row, record_at, "account")?;
    let is_this = account.id.as_str() == id && account.revision == revision(row, revision_at, "account")?;
    if is_this { Ok(account) } else { Err(SqliteError::Corrupt { table: "account" }) }
}

/// A token whose record says what its columns say.
pub(crate) fn decode_token(id: &str, record: &str, revision: Revision) -> Result<Token, SqliteError> {
    let token: Token = decode_text(record, "token")?;
    let is_this = token.id.as_str() == id && token.revision == revision;
    if is_this { Ok(token) } else { Err(SqliteError::Corrupt { table: "token" }) }
}

pub(crate) fn decode<T: DeserializeOwned>(row: &Row<'_>, at: usize, table: &'static str) -> Result<T, SqliteError> {
    decode_text(text(row, at, table)?, table)
}

fn decode_text<T: DeserializeOwned>(text: &str, table: &'static str) -> Result<T, SqliteError> {
    // The reason is dropped: it may quote the row.
    serde_json::from_str(text).map_err(|_| SqliteError::Corrupt { table })
}

pub(crate) fn token_id(row: &Row<'_>, at: usize) -> Result<TokenId, SqliteError> {
    TokenId::parse(text(row, at, "token")?).map_err(|_| SqliteError::Corrupt { table: "token" })
}

pub(crate) fn text<'r>(row: &'r Row<'_>, at: usize, table: &'static str) -> Result<&'r str, SqliteError> {
    row.get_ref(at)?.as_str().map_err(|_| SqliteError::Corrupt { table })
}

pub(crate) fn revision(row: &Row<'_>, at: usize, table: &'static str) -> Result<Revision, SqliteError> {
    let number = row.get_ref(at)?.as_i64().map_err(|_| SqliteError::Corrupt { table })?;
    Ok(Revision::made_by(Sequence::new(number)))
}

pub(crate) fn last_used(row: &Row<'_>, at: usize, address: usize) -> Result<Option<LastUsed>, SqliteError> {
    let corrupt = || SqliteError::Corrupt { table: "last_used" };
    let Some(at) = instant(row, at, "last_used")? else { return Ok(None) };
    let address = row.get_ref(address)?.as_str_or_null().map_err(|_| corrupt())?;
    let address = address.map(|text| text.parse().map_err(|_| corrupt())).transpose()?;
    Ok(Some(LastUsed { at, address }))
}

pub(crate) fn instant(row: &Row<'_>, at: usize, table: &'static str) -> Result<Option<UtcDateTime>, SqliteError> {
    let seconds = row.get_ref(at)?.as_i64_or_null().map_err(|_| SqliteError::Corrupt { table })?;
    seconds.map(|at| UtcDateTime::from_unix_timestamp(at).map_err(|_| SqliteError::Corrupt { table })).transpose()
}

/// How many numbers belong to one place.
pub(crate) const SLOTS: i64 = 8;

/// The number of a token's row; where ids begin alike, one of the seven numbers behind it.
///
/// A text key makes pages with few keys, so that a search reads many of them. Numbers make pages of hundreds: a cold read
/// takes one page that is not in memory. Numbers follow the order of ids, so tokens made in that order fill one page
/// after the other.
pub(crate) fn place(id: &TokenId) -> i64 {
    let value = id.as_str().bytes().take(10).fold(0_i64, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => byte.wrapping_sub(b'a').wrapping_add(36),
        };
        value.wrapping_mul(62).wrapping_add(i64::from(digit))
    });
    value.wrapping_mul(SLOTS)
}

/// One row more than a page holds tells that there is a next page.
pub(crate) fn one_more_than(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

pub(crate) fn encode(record: &impl serde::Serialize) -> Result<String, SqliteError> {
    serde_json::to_string(record).map_err(|error| SqliteError::Database(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_the_order_of_ids_and_leave_room() {
        let ids = ["0000000000000000", "0000000001000000", "00000000A0000000", "00000000a0000000", "zzzzzzzzzzzzzzzz"];
        let places = ids.map(|id| place(&TokenId::parse(id).unwrap()));
        assert!(places.is_sorted() && places.windows(2).all(|pair| pair[1] - pair[0] >= SLOTS), "{places:?}");
        assert_eq!(places[0], 0);
        assert!(places[4] < i64::MAX - SLOTS);
    }
}
