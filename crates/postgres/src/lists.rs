//! Reads of accounts and credentials.

use std::sync::Arc;

use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::{Account, AccountFilter, Credential, Listed, Paged};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;
use tokio_postgres::Row;

use crate::{
    PostgresError,
    decoded::Decoded,
    pool::Pool,
    rows::{self, column, instant, limit, one_more_than, text},
};

/// How many accounts one page looks at, so that a rare filter never reads all of them in one call.
const MOST_LOOKED_AT: usize = 4_096;
const LOOK: usize = 512;

pub(crate) async fn credential(
    pool: &Pool,
    decoded: &Decoded,
    id: &TokenId,
) -> Result<Option<Arc<Credential>>, PostgresError> {
    let cache = pool.cache.as_ref().and_then(|cache| Some((cache, cache.mark()?)));
    let session = pool.session().await?;
    let found = session.rows(&pool.statements.credential, &[&id.as_str()]).await?;
    session.finish()?;
    let Some(row) = found.first() else { return Ok(None) };
    let credential = decoded.credential(id, row, 0)?;
    if let Some((cache, mark)) = cache {
        cache.keep(mark, &credential, text(row, 1, "token")?.len() + text(row, 3, "account")?.len());
    }
    Ok(Some(credential))
}

pub(crate) async fn account(
    pool: &Pool,
    decoded: &Decoded,
    id: &AccountId,
) -> Result<Option<Arc<Account>>, PostgresError> {
    let session = pool.session().await?;
    let found = session.rows(&pool.statements.account, &[&id.as_str()]).await?;
    session.finish()?;
    found.first().map(|row| decoded.account(row, 0)).transpose()
}

pub(crate) async fn accounts(
    pool: &Pool,
    decoded: &Decoded,
    filter: &AccountFilter,
    after: Option<&AccountId>,
    most: usize,
) -> Result<Paged<Arc<Account>, AccountId>, PostgresError> {
    let session = pool.session().await?;
    let (mut found, mut after, mut looked_at) = (Vec::new(), after.cloned(), 0);
    let is_whole_realm = *filter == AccountFilter::of(filter.realm.clone());
    let look = if is_whole_realm { most.saturating_add(1).clamp(2, LOOK) } else { LOOK };
    let next = loop {
        let behind = after.as_ref().map_or("", AccountId::as_str);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&filter.realm.as_str(), &behind, &limit(look)];
        let rows = session.rows(&pool.statements.accounts_of_realm, &values).await?;
        for row in &rows {
            let account = decoded.account(row, 0)?;
            after = Some(account.id.clone());
            found.extend(filter.matches(&account).then_some(account));
        }
        looked_at += rows.len();
        if found.len() > most || rows.len() < look {
            break None;
        }
        if looked_at >= MOST_LOOKED_AT {
            break after;
        }
    };
    session.finish()?;
    let page = Paged::new(found, most, |account: &Arc<Account>| account.id.clone());
    Ok(Paged { next: page.next.or(next), ..page })
}

pub(crate) async fn credentials(
    pool: &Pool,
    decoded: &Decoded,
    (account, kind): (&AccountId, Kind),
    after: Option<&TokenId>,
    most: usize,
) -> Result<Paged<Listed, TokenId>, PostgresError> {
    let session = pool.session().await?;
    let after = after.map_or("", TokenId::as_str);
    let statement = &pool.statements.credentials_of_account;
    let found = session.rows(statement, &[&account.as_str(), &kind.as_str(), &after, &one_more_than(most)]).await?;
    session.finish()?;
    let found = found.iter().map(|row| listed(decoded, row)).collect::<Result<_, _>>()?;
    Ok(Paged::new(found, most, |listed: &Listed| listed.credential.token().id))
}

pub(crate) async fn due(
    pool: &Pool,
    decoded: &Decoded,
    realm: &Realm,
    now: UtcDateTime,
    most: usize,
) -> Result<Vec<Listed>, PostgresError> {
    let session = pool.session().await?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&realm.as_str(), &now.unix_timestamp(), &limit(most)];
    let found = session.rows(&pool.statements.due, &values).await?;
    session.finish()?;
    found.iter().map(|row| listed(decoded, row)).collect()
}

pub(crate) async fn count_under(pool: &Pool, pepper: PepperId) -> Result<u64, PostgresError> {
    let session = pool.session().await?;
    let found = session.rows(&pool.statements.count_under, &[&pepper.as_str()]).await?;
    session.finish()?;
    let count: Option<i64> = found.first().map(|row| column(row, 0, "token")).transpose()?;
    count.and_then(|count| u64::try_from(count).ok()).ok_or(PostgresError::corrupt("token"))
}

fn listed(decoded: &Decoded, row: &Row) -> Result<Listed, PostgresError> {
    let attempt: Option<i64> = column(row, 7, "sighting")?;
    Ok(Listed {
        credential: decoded.credential(&rows::token_id(row, 0)?, row, 1)?,
        last_used: rows::last_used(row, 5)?,
        last_attempt: attempt.map(|seconds| instant(seconds, "sighting")).transpose()?,
    })
}
