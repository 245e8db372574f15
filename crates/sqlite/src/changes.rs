//! One change: what it must read, what was decided, and its rows.

use rusqlite::{Transaction, params};
use service_accounts_audit::Event;
use service_accounts_naming::AccountId;
use service_accounts_store::{
    Account, Applied, Authority, Change, Class, Committed, Needs, Records, Revision, Token, Write, decide,
};
use service_accounts_token::{Kind, TokenId};

use crate::{
    SqliteError, documents, events,
    rows::{SLOTS, decode_account, decode_token, encode, place, revision, text, token_id},
};

const ACCOUNT: &str = "SELECT revision, record FROM account WHERE id = ?1";
const TOKEN: &str = "SELECT revision, record, id FROM token WHERE number BETWEEN ?1 AND ?1 + 7 AND id = ?2";
const SECRETS: &str = "SELECT revision, record, id FROM token WHERE account = ?1 AND kind = ?2";
const CREDENTIALS: &str = "SELECT id FROM token WHERE account = ?1 LIMIT ?2";
const SESSIONS: &str = "SELECT id FROM token WHERE account = ?1 AND kind = 'ses' ORDER BY ends, id LIMIT ?2";
const COUNT: &str = "SELECT count(*) FROM (SELECT 1 FROM token WHERE account = ?1 AND kind = 'sat' LIMIT ?2)";
const NEWEST: &str =
    "SELECT revision FROM token WHERE account = ?1 AND kind IN ('sat', 'sec') ORDER BY revision DESC LIMIT 1";
const NAMED: &str = "SELECT id FROM token WHERE account = ?1 AND name = ?2";

/// Makes a change with its event, or says why not; then nothing was written.
pub(crate) fn commit(
    transaction: &Transaction<'_>,
    authority: &Authority,
    change: &Change,
    event: &Event,
) -> Result<Committed, SqliteError> {
    let records = read(transaction, &change.needs(authority))?;
    let sequence = events::next(transaction)?;
    match decide(authority, change.clone(), &records, Revision::made_by(sequence)) {
        Err(refusal) => Ok(Committed::Refused(refusal)),
        Ok(writes) => {
            writes.iter().try_for_each(|row| write(transaction, row))?;
            events::append(transaction, &every_event(event, &writes))?;
            Ok(Committed::Applied(Applied { sequence, writes }))
        }
    }
}

/// The event of the change and those that follow it.
fn every_event<'a>(event: &'a Event, writes: &'a [Write]) -> Vec<&'a Event> {
    let more = writes.iter().filter_map(|row| if let Write::Append(event) = row { Some(&**event) } else { None });
    [event].into_iter().chain(more).collect()
}

fn read(transaction: &Transaction<'_>, needs: &Needs) -> Result<Records, SqliteError> {
    let mut records = Records::default();
    for id in &needs.accounts {
        read_account(transaction, id, &mut records)?;
    }
    for id in &needs.tokens {
        let mut statement = transaction.prepare_cached(TOKEN)?;
        read_tokens(&mut statement.query(params![place(id), id.as_str()])?, &mut records.tokens)?;
    }
    if let Some(account) = &needs.secrets_of {
        let mut statement = transaction.prepare_cached(SECRETS)?;
        read_tokens(&mut statement.query([account.as_str(), Kind::Secret.as_str()])?, &mut records.tokens)?;
    }
    if let Some((account, most)) = &needs.credentials_of {
        records.credentials = read_ids(transaction, CREDENTIALS, account, *most)?;
    }
    if let Some((account, most)) = &needs.sessions_of {
        records.sessions = read_ids(transaction, SESSIONS, account, *most)?;
    }
    if let Some((account, most)) = &needs.token_count_of {
        records.token_count = count(transaction, account, *most)?;
    }
    if let Some(account) = &needs.newest_of {
        records.newest = newest(transaction, account)?;
    }
    if let Some((account, name)) = &needs.name {
        let mut statement = transaction.prepare_cached(NAMED)?;
        let mut rows = statement.query([account.as_str(), name.as_str()])?;
        records.name_holder = rows.next()?.map(|row| token_id(row, 0)).transpose()?;
    }
    for (kind, id) in &needs.documents {
        records.documents.extend(documents::get(transaction, *kind, id)?);
    }
    Ok(records)
}

/// No further than `most`, so that an account of many tokens holds nobody up.
fn count(transaction: &Transaction<'_>, account: &AccountId, most: usize) -> Result<usize, SqliteError> {
    let mut statement = transaction.prepare_cached(COUNT)?;
    let count: i64 = statement.query_row(params![account.as_str(), limit(most)], |row| row.get(0))?;
    usize::try_from(count).map_err(|_| SqliteError::Corrupt { table: "token" })
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// None where the account has neither a token nor a client secret.
fn newest(transaction: &Transaction<'_>, account: &AccountId) -> Result<Option<Revision>, SqliteError> {
    let mut statement = transaction.prepare_cached(NEWEST)?;
    let mut rows = statement.query([account.as_str()])?;
    rows.next()?.map(|row| revision(row, 0, "token")).transpose()
}

fn read_account(transaction: &Transaction<'_>, id: &AccountId, records: &mut Records) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(ACCOUNT)?;
    let mut rows = statement.query([id.as_str()])?;
    if let Some(row) = rows.next()? {
        records.accounts.push(decode_account(id.as_str(), row, 0, 1)?.into());
    }
    Ok(())
}

fn read_tokens(rows: &mut rusqlite::Rows<'_>, tokens: &mut Vec<Token>) -> Result<(), SqliteError> {
    while let Some(row) = rows.next()? {
        let [id, record] = [text(row, 2, "token")?, text(row, 1, "token")?];
        tokens.push(decode_token(id, record, revision(row, 0, "token")?)?);
    }
    Ok(())
}

fn read_ids(
    transaction: &Transaction<'_>,
    statement: &str,
    account: &AccountId,
    most: usize,
) -> Result<Vec<TokenId>, SqliteError> {
    let mut statement = transaction.prepare_cached(statement)?;
    let mut rows = statement.query(params![account.as_str(), limit(most)])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(token_id(row, 0)?);
    }
    Ok(ids)
}

fn write(transaction: &Transaction<'_>, row: &Write) -> Result<(), SqliteError> {
    match row {
        Write::PutAccount(account) => put_account(transaction, account),
        Write::RemoveAccount(id) => remove_account(transaction, id),
        Write::PutToken(token) => put_token(transaction, token),
        Write::RemoveToken(id) => remove_token(transaction, id),
        Write::PutDocument(document) => documents::put(transaction, document),
        Write::RemoveDocument(kind, id) => documents::remove(transaction, *kind, id),
        // Appended behind the event of the change.
        Write::Append(_) => Ok(()),
    }
}

fn put_account(transaction: &Transaction<'_>, account: &Account) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO account (id, revision, record) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, record = excluded.record",
    )?;
    statement.execute(params![account.id.as_str(), account.revision.event().number(), encode(account)?])?;
    Ok(())
}

fn put_token(transaction: &Transaction<'_>, token: &Token) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO token (id, account, kind, name, next_due, ends, revision, record, number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (number) DO UPDATE SET next_due = excluded.next_due, ends = excluded.ends,
             revision = excluded.revision, record = excluded.record",
    )?;
    statement.execute(params![
        token.id.as_str(),
        token.account.as_str(),
        token.class.kind().as_str(),
        token.class.token_name().map(|name| name.as_str()),
        token.next_due.map(time::UtcDateTime::unix_timestamp),
        ends(token),
        token.revision.event().number(),
        encode(token)?,
        number(transaction, &token.id)?,
    ])?;
    Ok(())
}

/// The end of a session; one without an end comes after all others.
fn ends(token: &Token) -> Option<i64> {
    let end = || token.expires_at.map_or(i64::MAX, time::UtcDateTime::unix_timestamp);
    matches!(token.class, Class::Session { .. }).then(end)
}

/// The number of a token that is there, or the first one that is free for it.
fn number(transaction: &Transaction<'_>, id: &TokenId) -> Result<i64, SqliteError> {
    let first = place(id);
    let mut statement = transaction
        .prepare_cached("SELECT number, id FROM token WHERE number BETWEEN ?1 AND ?1 + 7 ORDER BY number")?;
    let (mut rows, mut free) = (statement.query([first])?, first);
    while let Some(row) = rows.next()? {
        let number = row.get(0)?;
        if text(row, 1, "token")? == id.as_str() {
            return Ok(number);
        }
        if number == free {
            free = free.saturating_add(1);
        }
    }
    if free < first.saturating_add(SLOTS) { Ok(free) } else { Err(SqliteError::Corrupt { table: "token" }) }
}

fn remove_token(transaction: &Transaction<'_>, id: &TokenId) -> Result<(), SqliteError> {
    let mut statement =
        transaction.prepare_cached("DELETE FROM token WHERE number BETWEEN ?1 AND ?1 + 7 AND id = ?2")?;
    statement.execute(params![place(id), id.as_str()])?;
    Ok(())
}

fn remove_account(transaction: &Transaction<'_>, id: &AccountId) -> Result<(), SqliteError> {
    transaction.prepare_cached("DELETE FROM account WHERE id = ?1")?.execute([id.as_str()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, types::Value};

    use super::*;
    use crate::schema;

    /// Everybody else's changes wait meanwhile, so nothing may be read that grows with an account.
    #[test]
    fn what_a_change_reads_comes_in_the_order_of_an_index() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        for statement in [ACCOUNT, TOKEN, SECRETS, CREDENTIALS, SESSIONS, COUNT, NEWEST, NAMED] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let values = vec![Value::Integer(1); plan.parameter_count()];
            let rows = plan.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<_> = rows.map(Result::unwrap).collect();
            // What a limited subquery found is counted from memory.
            let is_bounded = |step: &String| step.starts_with("SEARCH") || step.ends_with("(subquery-1)");
            assert!(steps.iter().all(is_bounded), "{statement}: {steps:?}");
        }
    }
}
