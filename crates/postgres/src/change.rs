//! A change and its event, in one transaction of two round trips.
//!
//! The first begins it, takes the turn and reads what the change needs; the second writes and commits. Whoever has the
//! turn is alone: no other change, on whichever node, reads or writes until it ends. So what was read is still true when
//! it is written, no two changes can deadlock, and events are numbered in the order in which they become visible.

use service_accounts_audit::{Event, Sequence};
use service_accounts_store::{
    Account, Applied, Authority, Change, Class, Committed, Document, Records, Revision, Token, Write, decide,
};

use crate::{
    PostgresError,
    decoded::Decoded,
    needs,
    pool::{Pool, Session, Step},
    rows::encode,
    statements::Statements,
};

pub(crate) async fn commit(
    (pool, decoded): (&Pool, &Decoded),
    authority: &Authority,
    change: &Change,
    event: &Event,
) -> Result<Committed, PostgresError> {
    let session = pool.session_to_change().await?;
    let asked = change.needs(authority);
    let answers = session.begin(&needs::reads(&pool.statements, &asked)).await?;
    let (sequence, records) = needs::read_back(decoded, &asked, answers)?;
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
