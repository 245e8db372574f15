//! Lists of accounts and credentials, and what is counted or found among all of them.

mod threads;

use std::sync::Arc;

use rusqlite::{Connection, Rows, params};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::{Account, AccountFilter, Listed, Paged};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    SqliteError,
    reader::Shared,
    rows::{instant, last_used, one_more_than, text, token_id},
};

pub(crate) use threads::Lists;

/// A digest is kept as scheme, pepper and tag between dots. A record without one must not make a pepper look unused.
const UNDER: &str = "
    SELECT count(*) FILTER (WHERE instr(digest, '.' || ?1 || '.') > 0), count(*) FILTER (WHERE digest IS NULL)
    FROM (SELECT record ->> '$.digest' AS digest FROM token)";

/// The columns of a joined credential first, so that one function reads both.
macro_rules! listed {
    ($condition:literal) => {
        concat!(
            "SELECT token.revision, account.revision, token.record, account.record, token.id, last_used.at,
                 last_used.address, (SELECT max(last) FROM sighting WHERE sighting.token = token.number AND kind = 'tried')
             FROM token LEFT JOIN account ON account.id = token.account
                 LEFT JOIN last_used ON last_used.token = token.number
             WHERE ",
            $condition
        )
    };
}

const CREDENTIALS: &str =
    listed!("token.account = ?1 AND token.kind = ?2 AND token.id > ?3 ORDER BY token.id LIMIT ?4");

/// The first expression is the one that is indexed: the realm of the account.
const DUE: &str = listed!(
    "substr(token.account, instr(token.account, '@') + 1) = ?1 AND token.next_due <= ?2
     ORDER BY token.next_due, token.id LIMIT ?3"
);

/// Whether anything at all is due, by one look at the index.
const IS_ANY_DUE: &str = "
    SELECT 1 FROM token WHERE substr(account, instr(account, '@') + 1) = ?1 AND next_due <= ?2 LIMIT 1";

const ACCOUNTS: &str = "SELECT revision, record, id FROM account WHERE id > ?1 ORDER BY id LIMIT ?2";

/// How many accounts one page of a filtered list looks at, beyond those that it shows.
const LOOKS: usize = 1_000;

pub(crate) fn accounts(
    connection: &Connection,
    shared: &Shared,
    filter: &AccountFilter,
    after: Option<&AccountId>,
    limit: usize,
) -> Result<Paged<Arc<Account>, AccountId>, SqliteError> {
    let mut statement = connection.prepare_cached(ACCOUNTS)?;
    let looks = limit.saturating_add(LOOKS);
    let mut rows = statement.query(params![after.map_or("", AccountId::as_str), one_more_than(looks)])?;
    let (mut found, mut looked) = (Vec::new(), 0);
    let mut last = None;
    while let Some(row) = rows.next()? {
        if looked == looks {
            return Ok(Paged { items: found, next: last });
        }
        looked += 1;
        let account = shared.records.listed_account(text(row, 2, "account")?, row, 0, 1)?;
        if filter.matches(&account) {
            if found.len() == limit {
                return Ok(Paged { next: found.last().map(|last: &Arc<Account>| last.id.clone()), items: found });
            }
            found.push(account.clone());
        }
        last = Some(account.id.clone());
    }
    Ok(Paged { items: found, next: None })
}

pub(crate) fn credentials(
    connection: &Connection,
    shared: &Shared,
    (account, kind): (&AccountId, Kind),
    after: Option<&TokenId>,
    limit: usize,
) -> Result<Paged<Listed, TokenId>, SqliteError> {
    let mut statement = connection.prepare_cached(CREDENTIALS)?;
    let after = after.map_or("", TokenId::as_str);
    let rows = statement.query(params![account.as_str(), kind.as_str(), after, one_more_than(limit)])?;
    Ok(Paged::new(listed(shared, rows)?, limit, |listed| listed.credential.token().id))
}

/// Whether a search for what is due would find something; cheap enough for the calling thread.
pub(crate) fn is_any_due(connection: &Connection, realm: &Realm, now: UtcDateTime) -> Result<bool, SqliteError> {
    Ok(connection.prepare_cached(IS_ANY_DUE)?.exists(params![realm.as_str(), now.unix_timestamp()])?)
}

pub(crate) fn due(
    connection: &Connection,
    shared: &Shared,
    realm: &Realm,
    now: UtcDateTime,
    limit: usize,
) -> Result<Vec<Listed>, SqliteError> {
    let mut statement = connection.prepare_cached(DUE)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    listed(shared, statement.query(params![realm.as_str(), now.unix_timestamp(), limit])?)
}

fn listed(shared: &Shared, mut rows: Rows<'_>) -> Result<Vec<Listed>, SqliteError> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let credential = shared.records.listed(&token_id(row, 4)?, row)?;
        found.push(Listed { credential, last_used: last_used(row, 5, 6)?, last_attempt: instant(row, 7, "sighting")? });
    }
    Ok(found)
}

pub(crate) fn count_under(connection: &Connection, pepper: PepperId) -> Result<u64, SqliteError> {
    let mut statement = connection.prepare_cached(UNDER)?;
    let (under, unreadable): (i64, i64) =
        statement.query_row([pepper.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match u64::try_from(under) {
        Ok(under) if unreadable == 0 => Ok(under),
        _ => Err(SqliteError::Corrupt { table: "token" }),
    }
}
