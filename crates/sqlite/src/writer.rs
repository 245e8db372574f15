//! Writes: on one thread, one transaction for all that arrived together.

use std::{
    iter,
    sync::{Arc, mpsc},
    thread,
};

use futures_channel::oneshot;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use service_accounts_audit::{Event, Sequence};
use service_accounts_store::{
    Account, Authority, Change, Committed, Facts, Needs, Revision, Token, Usage, Write, decide,
};

use crate::{
    SqliteError,
    reader::Shared,
    rows::{decode_account, decode_token, text, token_id},
    watch::{Damage, Watch},
};

/// How many jobs may share one transaction.
const BATCH: usize = 256;

/// What is asked of the writing thread; a job may be done over, so it is not used up.
pub(crate) enum Job {
    Commit(Box<(Authority, Change, Event)>),
    Append(Vec<Event>),
    Touch(Vec<Usage>),
}

type Answer = Result<Committed, SqliteError>;
type Order = (Job, oneshot::Sender<Answer>);

/// What reaches the writing thread.
enum Message {
    Order(Order),
    /// The last one: everything before it is done, then every connection is closed.
    Close(oneshot::Sender<()>),
}

pub(crate) struct Writer(mpsc::Sender<Message>);

impl Writer {
    /// Starts the thread. It ends by itself when the store is gone and all that was asked for is on disk; it closes its
    /// connection after those in `others`, so that the log is put away.
    pub(crate) fn start(
        mut connection: Connection,
        shared: Arc<Shared>,
        others: impl FnOnce() + Send + 'static,
    ) -> Result<Self, SqliteError> {
        let (messages, incoming) = mpsc::channel();
        let work = move || {
            let closing = work_off(&mut connection, &incoming, &shared.watch);
            others();
            shared.watch.close(connection);
            if let Some(closing) = closing {
                let _ = closing.send(());
            }
        };
        thread::Builder::new().name("service-accounts-sqlite".into()).spawn(work).map_err(SqliteError::File)?;
        Ok(Self(messages))
    }

    pub(crate) async fn run(&self, job: Job) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.0.send(Message::Order((job, answer))).map_err(|_| SqliteError::Closed)?;
        answered.await.map_err(|_| SqliteError::Closed)?
    }

    /// Asks the thread to end after what it was asked for before; the answer comes when all is closed.
    pub(crate) fn close(&self) -> oneshot::Receiver<()> {
        let (closed, answered) = oneshot::channel();
        let _ = self.0.send(Message::Close(closed));
        answered
    }
}

/// Serves until the store is gone or closes; who is told then.
fn work_off(
    connection: &mut Connection,
    incoming: &mpsc::Receiver<Message>,
    watch: &Watch,
) -> Option<oneshot::Sender<()>> {
    let mut closing = None;
    while closing.is_none() {
        let Ok(first) = incoming.recv() else { return None };
        let mut batch = Vec::new();
        for message in iter::once(first).chain(incoming.try_iter().take(BATCH - 1)) {
            match message {
                Message::Order(order) => batch.push(order),
                Message::Close(closed) => closing = Some(closed),
            }
        }
        serve(connection, watch, batch);
    }
    closing
}

/// Why a transaction did not happen.
enum Failure {
    /// It never began, so no job is to blame: another process holds the file, or the file is lost.
    Begin(Arc<rusqlite::Error>),
    /// The files are not those that were opened. Even what was written is not known to be kept.
    Files(Damage),
    /// A job failed, or the disk.
    Work(SqliteError),
}

/// One transaction for all; if a job fails in it, each on its own, so that one job's failure is its own.
fn serve(connection: &mut Connection, watch: &Watch, batch: Vec<Order>) {
    if batch.is_empty() {
        return;
    }
    match transact(connection, watch, batch.iter().map(|(job, _)| job)) {
        Ok(answers) => answer_all(batch, answers.into_iter().map(Ok)),
        // Doing each over would make the last of many wait for as many timeouts.
        Err(Failure::Begin(error)) => {
            answer_all(batch, iter::repeat_with(|| Err(SqliteError::Database(Box::new(error.clone())))));
        }
        Err(Failure::Files(damage)) => answer_all(batch, iter::repeat_with(|| Err(damage.into()))),
        Err(Failure::Work(error)) if batch.len() == 1 => answer_all(batch, iter::once(Err(error))),
        Err(Failure::Work(_)) => batch.into_iter().for_each(|order| serve(connection, watch, vec![order])),
    }
}

/// Whoever asked may have stopped waiting; what was done is done.
fn answer_all(batch: Vec<Order>, answers: impl IntoIterator<Item = Answer>) {
    for ((_, caller), answer) in batch.into_iter().zip(answers) {
        let _ = caller.send(answer);
    }
}

fn transact<'a>(
    connection: &mut Connection,
    watch: &Watch,
    jobs: impl Iterator<Item = &'a Job>,
) -> Result<Vec<Committed>, Failure> {
    watch.check_files().map_err(Failure::Files)?;
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = begun.map_err(|error| Failure::Begin(Arc::new(error)))?;
    watch.check_log().map_err(Failure::Files)?;
    let answers = jobs.map(|job| perform(&transaction, job)).collect::<Result<_, _>>().map_err(Failure::Work)?;
    transaction.commit().map_err(|error| Failure::Work(error.into()))?;
    // Before anybody is told that it is kept.
    watch.check_files().and_then(|()| watch.check_log()).map_err(Failure::Files)?;
    Ok(answers)
}

fn perform(transaction: &Transaction<'_>, job: &Job) -> Result<Committed, SqliteError> {
    match job {
        Job::Commit(asked) => commit(transaction, &asked.0, &asked.1, &asked.2),
        Job::Append(events) => {
            for event in events {
                append(transaction, next_sequence(transaction)?, event)?;
            }
            Ok(Committed::Applied(last_sequence(transaction)?))
        }
        Job::Touch(marks) => {
            for mark in marks {
                touch(transaction, mark)?;
            }
            Ok(Committed::Applied(last_sequence(transaction)?))
        }
    }
}

fn commit(
    transaction: &Transaction<'_>,
    authority: &Authority,
    change: &Change,
    event: &Event,
) -> Result<Committed, SqliteError> {
    let facts = read(transaction, &change.needs(authority))?;
    let sequence = next_sequence(transaction)?;
    match decide(authority, change.clone(), &facts, Revision::made_by(sequence)) {
        Err(refusal) => Ok(Committed::Refused(refusal)),
        Ok(writes) => {
            for row in writes {
                write(transaction, &row)?;
            }
            append(transaction, sequence, event)?;
            Ok(Committed::Applied(sequence))
        }
    }
}

fn read(transaction: &Transaction<'_>, needs: &Needs) -> Result<Facts, SqliteError> {
    let mut facts = Facts::default();
    for id in &needs.accounts {
        let mut statement = transaction.prepare_cached("SELECT revision, record FROM account WHERE id = ?1")?;
        let mut rows = statement.query([id.as_str()])?;
        if let Some(row) = rows.next()? {
            facts.accounts.push(decode_account(id.as_str(), row, 0, 1)?.into());
        }
    }
    for id in &needs.tokens {
        read_tokens(transaction, "SELECT revision, record, id FROM token WHERE id = ?1", id.as_str(), &mut facts)?;
    }
    if let Some(account) = &needs.credentials_of {
        read_tokens(
            transaction,
            "SELECT revision, record, id FROM token WHERE account = ?1",
            account.as_str(),
            &mut facts,
        )?;
    }
    if let Some((account, name)) = &needs.name {
        let mut statement = transaction.prepare_cached("SELECT id FROM token WHERE account = ?1 AND name = ?2")?;
        let mut rows = statement.query([account.as_str(), name.as_str()])?;
        facts.name_holder = rows.next()?.map(|row| token_id(row, 0)).transpose()?;
    }
    Ok(facts)
}

fn read_tokens(transaction: &Transaction<'_>, query: &str, key: &str, facts: &mut Facts) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(query)?;
    let mut rows = statement.query([key])?;
    while let Some(row) = rows.next()? {
        facts.tokens.push(decode_token(text(row, 2, "token")?, row, 0, 1)?);
    }
    Ok(())
}

fn write(transaction: &Transaction<'_>, row: &Write) -> Result<(), SqliteError> {
    match row {
        Write::PutAccount(account) => put_account(transaction, account),
        Write::RemoveAccount(id) => execute(transaction, "DELETE FROM account WHERE id = ?1", id.as_str()),
        Write::PutToken(token) => put_token(transaction, token),
        Write::RemoveToken(id) => execute(transaction, "DELETE FROM token WHERE id = ?1", id.as_str()),
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
        "INSERT INTO token (id, account, kind, name, next_due, revision, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET next_due = excluded.next_due, revision = excluded.revision,
             record = excluded.record",
    )?;
    statement.execute(params![
        token.id.as_str(),
        token.account.as_str(),
        token.class.kind().as_str(),
        token.class.token_name().map(|name| name.as_str()),
        token.next_due.map(time::UtcDateTime::unix_timestamp),
        token.revision.event().number(),
        encode(token)?,
    ])?;
    Ok(())
}

fn touch(transaction: &Transaction<'_>, mark: &Usage) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO last_used (token, at, address) SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM token WHERE id = ?1)
         ON CONFLICT (token) DO UPDATE SET at = excluded.at, address = excluded.address WHERE excluded.at > at",
    )?;
    let address = mark.last.address.map(|address| address.to_string());
    statement.execute(params![mark.token.as_str(), mark.last.at.unix_timestamp(), address])?;
    Ok(())
}

fn append(transaction: &Transaction<'_>, sequence: Sequence, event: &Event) -> Result<(), SqliteError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO event (sequence, at, action, account, token, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement.execute(params![
        sequence.number(),
        event.at().unix_timestamp(),
        event.action().as_str(),
        event.account().map(AsRef::<str>::as_ref),
        event.token().map(AsRef::<str>::as_ref),
        encode(event)?,
    ])?;
    Ok(())
}

fn execute(transaction: &Transaction<'_>, statement: &str, id: &str) -> Result<(), SqliteError> {
    transaction.prepare_cached(statement)?.execute([id])?;
    Ok(())
}

fn next_sequence(transaction: &Transaction<'_>) -> Result<Sequence, SqliteError> {
    Ok(Sequence::new(last_sequence(transaction)?.number().saturating_add(1)))
}

/// SQLite's own counter, because it does not go back when old events are removed.
fn last_sequence(transaction: &Transaction<'_>) -> Result<Sequence, SqliteError> {
    let mut statement = transaction.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'event'")?;
    let last = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(Sequence::new(last.unwrap_or(0)))
}

fn encode(record: &impl serde::Serialize) -> Result<String, SqliteError> {
    serde_json::to_string(record).map_err(|error| SqliteError::Database(Box::new(error)))
}
