//! A change and its event, in one transaction of two round trips.
//!
//! The first begins it, takes the turn and reads what the change needs; the second writes and commits. Whoever has the
//! turn is alone: no other change, on whichever node, reads or writes until it ends. So what was read is still true when
//! it is written, no two changes can deadlock, and events are numbered in the order in which they become visible.

use service_accounts_audit::{Event, Sequence};
use service_accounts_naming::AccountId;
use service_accounts_store::{
    Account, Applied, Authority, Change, Class, Committed, Document, Needs, Records, Revision, Token, Write, decide,
};
use service_accounts_token::TokenId;
use tokio_postgres::Row;

use crate::{
    PostgresError,
    decoded::Decoded,
    pool::{Pool, Session, Step},
    rows::{self, column, encode, limit},
    statements::Statements,
};

pub(crate) async fn commit(
    (pool, decoded): (&Pool, &Decoded),
    authority: &Authority,
    change: &Change,
    event: &Event,
) -> Result<Committed, PostgresError> {
    let session = pool.session().await?;
    let needs = change.needs(authority);
    let answers = session.begin(&reads(&pool.statements, &needs)).await?;
    let (sequence, records) = read_back(decoded, &needs, answers)?;
    match decide(authority, change.clone(), &records, Revision::made_by(sequence)) {
        Ok(writes) => write(pool, session, (Applied { sequence, writes }, &records), event).await,
        Err(refusal) => {
            session.rollback().await?;
            session.finish()?;
            Ok(Committed::Refused(refusal))
        }
    }
}

async fn write(
    pool: &Pool,
    session: Session,
    (applied, records): (Applied, &Records),
    event: &Event,
) -> Result<Committed, PostgresError> {
    if session.has_ended() {
        // Found out before the commit is sent, so another try cannot do it twice.
        return Err(PostgresError::Unavailable("the connection ended before the commit".into()));
    }
    let steps = steps(&pool.statements, &applied, records, event)?;
    let committed = session.commit(&steps).await;
    drop(steps);
    // Though the answer may be lost, or the change refused: this node never answers with what it may have changed.
    if let Some(cache) = &pool.cache {
        cache.forget_written(&applied.writes);
    }
    committed.map_err(PostgresError::after_sending)?;
    session.finish()?;
    Ok(Committed::Applied(applied))
}

/// What is written, each change with its event.
fn steps<'a>(
    statements: &'a Statements,
    applied: &'a Applied,
    records: &Records,
    event: &'a Event,
) -> Result<Vec<Step<'a>>, PostgresError> {
    if let [Write::PutToken(new)] = applied.writes.as_slice()
        && records.tokens.iter().all(|token| token.id != new.id)
    {
        // It was looked for, and nobody else writes meanwhile: an insert need not look for it again.
        let step = with_token(Step::new(&statements.add_token_and_event), new)?;
        return Ok(vec![with_event(step, applied.sequence, event)?]);
    }
    let mut steps = writes(statements, &applied.writes)?;
    steps.extend(event_steps(statements, applied, event)?);
    Ok(steps)
}

/// One step for each thing needed, in the order in which [`read_back`] takes the answers.
fn reads<'a>(statements: &'a Statements, needs: &'a Needs) -> Vec<Step<'a>> {
    let mut steps = vec![Step::new(&statements.take_turn)];
    let (name, count) = (needs.name.as_ref(), needs.token_count_of.as_ref());
    if let Some((account, token)) = one_of_each(needs) {
        let name = name.map(|(_, name)| name.as_str());
        let asked = |statement| Step::new(statement).with(account.as_str()).with(token.as_str()).with(name);
        steps.push(match count {
            None => asked(&statements.account_token_and_name),
            Some((_, most)) => asked(&statements.account_token_name_and_count).with(limit(*most)),
        });
    } else {
        let accounts: Vec<_> = needs.accounts.iter().map(|id| id.as_str()).collect();
        let tokens: Vec<_> = needs.tokens.iter().map(|id| id.as_str()).collect();
        steps.push(Step::new(&statements.accounts_by_id).with(accounts));
        steps.push(Step::new(&statements.tokens_by_id).with(tokens));
        steps.extend(name.map(|(id, name)| Step::new(&statements.name_holder).with(id.as_str()).with(name.as_str())));
        steps.extend(count.map(|(id, most)| Step::new(&statements.token_count).with(id.as_str()).with(limit(*most))));
    }
    steps.extend(needs.secrets_of.as_ref().map(|id| Step::new(&statements.secrets_of).with(id.as_str())));
    let credentials = needs.credentials_of.as_ref();
    steps.extend(
        credentials.map(|(id, most)| Step::new(&statements.credentials_of).with(id.as_str()).with(limit(*most))),
    );
    let sessions = needs.sessions_of.as_ref();
    steps.extend(sessions.map(|(id, most)| Step::new(&statements.sessions_of).with(id.as_str()).with(limit(*most))));
    steps.extend(needs.newest_of.as_ref().map(|id| Step::new(&statements.newest_of).with(id.as_str())));
    let documents = needs.documents.iter();
    steps.extend(documents.map(|(kind, id)| Step::new(&statements.document).with(kind.as_str()).with(id.as_str())));
    steps
}

/// Nearly every change is about one account, one token of it, a name and how many there are: one statement reads them faster
/// than four.
fn one_of_each(needs: &Needs) -> Option<(&AccountId, &TokenId)> {
    let ([account], [token]) = (needs.accounts.as_slice(), needs.tokens.as_slice()) else { return None };
    let is_of_account = needs.name.as_ref().is_none_or(|(of, _)| of == account);
    let is_counted = needs.token_count_of.as_ref().is_none_or(|(of, _)| of == account);
    (is_of_account && is_counted).then_some((account, token))
}

fn read_back(decoded: &Decoded, needs: &Needs, answers: Vec<Vec<Row>>) -> Result<(Sequence, Records), PostgresError> {
    // The first answer is that of BEGIN.
    let mut answers = answers.into_iter().skip(1);
    let mut next = |is_asked: bool| if is_asked { answers.next().unwrap_or_default() } else { Vec::new() };
    let turn = next(true);
    let turn = turn.first().ok_or(PostgresError::corrupt("turn"))?;
    let mut records = Records::default();
    if one_of_each(needs).is_some() {
        read_one_of_each(decoded, &next(true), needs, &mut records)?;
    } else {
        records.accounts = next(true).iter().map(|row| decoded.account(row, 0)).collect::<Result<_, _>>()?;
        records.tokens = next(true).iter().map(|row| rows::token(row, 0)).collect::<Result<_, _>>()?;
        let holder = next(needs.name.is_some());
        records.name_holder = holder.first().map(|row| rows::token_id(row, 0)).transpose()?;
        let counted = next(needs.token_count_of.is_some());
        records.token_count = counted.first().map_or(Ok(0), |row| rows::count(row, 0))?;
    }
    for row in next(needs.secrets_of.is_some()) {
        records.tokens.push(rows::token(&row, 0)?);
    }
    let ids = |rows: Vec<Row>| rows.iter().map(|row| rows::token_id(row, 0)).collect::<Result<_, _>>();
    records.credentials = ids(next(needs.credentials_of.is_some()))?;
    records.sessions = ids(next(needs.sessions_of.is_some()))?;
    let newest = next(needs.newest_of.is_some());
    records.newest = newest.first().map(|row| rows::revision(row, 0)).transpose()?;
    for (kind, _) in &needs.documents {
        let found = next(true);
        let found = found.iter().map(|row| crate::documents::read(*kind, row));
        records.documents.extend(found.collect::<Result<Vec<_>, _>>()?);
    }
    Ok((rows::sequence(turn, 0, "turn")?, records))
}

/// One row, where the columns of what does not exist are null.
fn read_one_of_each(
    decoded: &Decoded,
    found: &[Row],
    needs: &Needs,
    records: &mut Records,
) -> Result<(), PostgresError> {
    let row = found.first().ok_or(PostgresError::corrupt("account"))?;
    if column::<Option<&str>>(row, 0, "account")?.is_some() {
        records.accounts.push(decoded.account(row, 0)?);
    }
    if column::<Option<&str>>(row, 3, "token")?.is_some() {
        records.tokens.push(rows::token(row, 3)?);
    }
    if column::<Option<&str>>(row, 6, "token")?.is_some() {
        records.name_holder = Some(rows::token_id(row, 6)?);
    }
    if needs.token_count_of.is_some() {
        records.token_count = rows::count(row, 7)?;
    }
    Ok(())
}

/// The writes in an order in which every reference holds: accounts come before their tokens, and go after them.
fn writes<'a>(statements: &'a Statements, writes: &'a [Write]) -> Result<Vec<Step<'a>>, PostgresError> {
    let mut steps = Vec::new();
    for account in
        writes.iter().filter_map(|write| if let Write::PutAccount(account) = write { Some(account) } else { None })
    {
        steps.push(put_account(statements, account)?);
    }
    let removed: Vec<_> = writes
        .iter()
        .filter_map(|write| if let Write::RemoveToken(id) = write { Some(id.as_str()) } else { None })
        .collect();
    if !removed.is_empty() {
        steps.push(Step::new(&statements.remove_tokens).with(removed));
    }
    let put: Vec<_> = writes
        .iter()
        .filter_map(|write| if let Write::PutToken(token) = write { Some(&**token) } else { None })
        .collect();
    if !put.is_empty() {
        steps.push(put_tokens(statements, &put)?);
    }
    for write in writes {
        match write {
            Write::RemoveAccount(id) => steps.push(Step::new(&statements.remove_account).with(id.as_str())),
            Write::PutDocument(document) => steps.push(put_document(statements, document)),
            Write::RemoveDocument(kind, id) => {
                steps.push(Step::new(&statements.remove_document).with(kind.as_str()).with(id.as_str()));
            }
            Write::PutAccount(_) | Write::PutToken(_) | Write::RemoveToken(_) | Write::Append(_) => {}
        }
    }
    Ok(steps)
}

pub(crate) fn put_account<'a>(statements: &'a Statements, account: &'a Account) -> Result<Step<'a>, PostgresError> {
    let step = Step::new(&statements.put_account).with(account.id.as_str()).with(account.id.realm());
    Ok(step.with(account.revision.event().number()).with(encode(account)?))
}

pub(crate) fn put_document<'a>(statements: &'a Statements, document: &'a Document) -> Step<'a> {
    let step = Step::new(&statements.put_document).with(document.kind.as_str()).with(document.id.as_str());
    step.with(document.revision.event().number()).with(&*document.body)
}

fn with_token<'a>(step: Step<'a>, token: &'a Token) -> Result<Step<'a>, PostgresError> {
    Ok(step
        .with(token.id.as_str())
        .with(token.account.as_str())
        .with(token.account.realm())
        .with(token.class.kind().as_str())
        .with(token.class.token_name().map(|name| name.as_str()))
        .with(end(token))
        .with(seconds(token.next_due))
        .with(token.digest.pepper().as_str().to_owned())
        .with(token.revision.event().number())
        .with(encode(token)?))
}

/// The end of a credential; a session without one comes after all other sessions.
fn end(token: &Token) -> Option<i64> {
    let endless = matches!(token.class, Class::Session { .. }).then_some(i64::MAX);
    seconds(token.expires_at).or(endless)
}

fn seconds(at: Option<time::UtcDateTime>) -> Option<i64> {
    at.map(time::UtcDateTime::unix_timestamp)
}

pub(crate) fn put_tokens<'a>(statements: &'a Statements, tokens: &[&'a Token]) -> Result<Step<'a>, PostgresError> {
    if let [only] = tokens {
        return with_token(Step::new(&statements.put_token), only);
    }
    let records = tokens.iter().map(encode).collect::<Result<Vec<_>, _>>()?;
    Ok(Step::new(&statements.put_tokens)
        .with(tokens.iter().map(|token| token.id.as_str()).collect::<Vec<_>>())
        .with(tokens.iter().map(|token| token.account.as_str()).collect::<Vec<_>>())
        .with(tokens.iter().map(|token| token.account.realm()).collect::<Vec<_>>())
        .with(tokens.iter().map(|token| token.class.kind().as_str()).collect::<Vec<_>>())
        .with(tokens.iter().map(|token| token.class.token_name().map(|name| name.as_str())).collect::<Vec<_>>())
        .with(tokens.iter().map(|token| end(token)).collect::<Vec<_>>())
        .with(tokens.iter().map(|token| seconds(token.next_due)).collect::<Vec<_>>())
        .with(tokens.iter().map(|token| token.digest.pepper().as_str().to_owned()).collect::<Vec<_>>())
        .with(tokens.iter().map(|token| token.revision.event().number()).collect::<Vec<_>>())
        .with(records))
}

/// The event of the change, and behind it those that the change brings along, with the turn moved past them.
fn event_steps<'a>(
    statements: &'a Statements,
    applied: &'a Applied,
    event: &'a Event,
) -> Result<Vec<Step<'a>>, PostgresError> {
    let more =
        applied.writes.iter().filter_map(|write| if let Write::Append(event) = write { Some(&**event) } else { None });
    let mut last = applied.sequence.number();
    let mut steps = vec![event_step(statements, applied.sequence, event)?];
    for event in more {
        last = last.saturating_add(1);
        steps.push(event_step(statements, Sequence::new(last), event)?);
    }
    if steps.len() > 1 {
        steps.push(Step::new(&statements.set_turn).with(last));
    }
    Ok(steps)
}

pub(crate) fn event_step<'a>(
    statements: &'a Statements,
    sequence: Sequence,
    event: &'a Event,
) -> Result<Step<'a>, PostgresError> {
    with_event(Step::new(&statements.put_event), sequence, event)
}

fn with_event<'a>(step: Step<'a>, sequence: Sequence, event: &'a Event) -> Result<Step<'a>, PostgresError> {
    Ok(step
        .with(sequence.number())
        .with(event.at().unix_timestamp())
        .with(event.action().as_str())
        .with(event.actor().as_str())
        .with(event.account().map(|label| label.as_str()))
        .with(event.token().map(|label| label.as_str()))
        .with(encode(event)?))
}
