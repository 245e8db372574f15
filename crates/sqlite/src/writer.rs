//! Writes: on one thread, one transaction for all that arrived together.

use std::{
    iter,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use futures_channel::oneshot;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use service_accounts_audit::{Event, Sequence};
use service_accounts_store::{Authority, Change, Committed, Cursor, DocumentId, Sighting, Usage, Write};

use crate::{
    SqliteError, begun::Begun, changes, checkpoints::Checkpoints, documents, events, later::Later, reader::Shared,
    uses, watch::Damage,
};

/// How many jobs may share one transaction.
const BATCH: usize = 256;

/// What is asked of the writing thread; a job may be done over, so it is not used up.
pub(crate) enum Job {
    Commit(Box<(Authority, Change, Event)>),
    Append(Vec<Event>),
    Touch(Vec<Usage>, Vec<Sighting>),
    Trim(Sequence, usize),
    Advance(DocumentId, Option<Sequence>, Option<Cursor>),
}

/// What a job has to say.
pub(crate) enum Done {
    Committed(Committed),
    Trimmed(usize),
    Advanced(bool),
    Kept,
}

type Answer = Result<Done, SqliteError>;
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
        (checkpoints, others): (Option<Checkpoints>, impl FnOnce() + Send + 'static),
    ) -> Result<Self, SqliteError> {
        if checkpoints.is_some() {
            Checkpoints::relieve(&connection)?;
        }
        let (messages, incoming) = mpsc::channel();
        let work = move || {
            let mut serving = Serving { connection: &mut connection, shared: &shared, checkpoints };
            let closing = work_off(&mut serving, &incoming);
            drop(serving);
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

/// What the thread works with.
struct Serving<'a> {
    connection: &'a mut Connection,
    shared: &'a Shared,
    checkpoints: Option<Checkpoints>,
}

/// Serves until the store is gone or closes; who is told then.
fn work_off(serving: &mut Serving<'_>, incoming: &mpsc::Receiver<Message>) -> Option<oneshot::Sender<()>> {
    let mut later = Later::new(Instant::now());
    let mut closing = None;
    while closing.is_none() {
        let first = match next(incoming, later.patience(Instant::now())) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut batch = Vec::new();
        for message in first.into_iter().chain(incoming.try_iter().take(BATCH - 1)) {
            match message {
                Message::Order(order) if order.0.can_wait() => later.put_off(order),
                Message::Order(order) => batch.push(order),
                Message::Close(closed) => closing = Some(closed),
            }
        }
        serve_with_a_step(serving, batch, &mut later);
    }
    later.into_steps().into_iter().for_each(|order| serve(serving, vec![order]));
    closing
}

/// The next message; while steps of long jobs wait, only as long as they should.
fn next(incoming: &mpsc::Receiver<Message>, patience: Option<Duration>) -> Result<Message, RecvTimeoutError> {
    match patience {
        None => incoming.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(patience) => incoming.recv_timeout(patience),
    }
}

/// What others ask for, and a step of a long job that is due: together, so that it costs no write to disk of its own.
fn serve_with_a_step(serving: &mut Serving<'_>, mut batch: Vec<Order>, later: &mut Later<Order>) {
    let began = Instant::now();
    if !batch.is_empty() {
        later.give_way(began);
    }
    let step = later.next(began);
    let has_step = step.is_some();
    batch.extend(step);
    serve(serving, batch);
    if has_step {
        later.rest(began, Instant::now());
    }
}

impl Job {
    /// Whether it is a step of something long, which nobody waits for as for an answer to a request.
    fn can_wait(&self) -> bool {
        match self {
            Self::Commit(asked) => matches!(asked.1, Change::PurgeAccount { .. }),
            Self::Trim(..) => true,
            Self::Append(_) | Self::Touch(..) | Self::Advance(..) => false,
        }
    }
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
fn serve(serving: &mut Serving<'_>, batch: Vec<Order>) {
    if batch.is_empty() {
        return;
    }
    match transact(serving.connection, serving.shared, batch.iter().map(|(job, _)| job)) {
        Ok(answers) => {
            answer_all(batch, answers.into_iter().map(Ok));
            serving.checkpoints.iter().for_each(|checkpoints| checkpoints.wake(&serving.shared.watch));
        }
        // Doing each over would make the last of many wait for as many timeouts.
        Err(Failure::Begin(error)) => {
            answer_all(batch, iter::repeat_with(|| Err(SqliteError::Database(Box::new(error.clone())))));
        }
        Err(Failure::Files(damage)) => answer_all(batch, iter::repeat_with(|| Err(damage.into()))),
        Err(Failure::Work(error)) if batch.len() == 1 => answer_all(batch, iter::once(Err(error))),
        Err(Failure::Work(_)) => batch.into_iter().for_each(|order| serve(serving, vec![order])),
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
    shared: &Shared,
    jobs: impl Iterator<Item = &'a Job>,
) -> Result<Vec<Done>, Failure> {
    let watch = &shared.watch;
    watch.check_files().map_err(Failure::Files)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = transaction.map_err(|error| Failure::Begin(Arc::new(error)))?;
    watch.check_log().map_err(Failure::Files)?;
    let begun = Begun::now(&transaction, watch);
    let answers = jobs.map(|job| perform(&transaction, job)).collect::<Result<Vec<_>, _>>().map_err(Failure::Work)?;
    transaction.commit().map_err(|error| Failure::Work(error.into()))?;
    // Before anybody is told that it is kept.
    watch.check_files().and_then(|()| watch.check_log()).map_err(Failure::Files)?;
    if let Some(begun) = begun {
        begun.follow(connection, shared, answers.iter().flat_map(Done::writes));
    }
    Ok(answers)
}

impl Done {
    fn writes(&self) -> &[Write] {
        if let Self::Committed(Committed::Applied(applied)) = self { &applied.writes } else { &[] }
    }
}

fn perform(transaction: &Transaction<'_>, job: &Job) -> Answer {
    Ok(match job {
        Job::Commit(asked) => Done::Committed(changes::commit(transaction, &asked.0, &asked.1, &asked.2)?),
        Job::Append(events) => {
            events::append(transaction, events)?;
            Done::Kept
        }
        Job::Touch(uses, sightings) => {
            uses.iter().try_for_each(|mark| uses::note(transaction, mark))?;
            sightings.iter().try_for_each(|sighting| uses::see(transaction, sighting))?;
            Done::Kept
        }
        Job::Trim(place, limit) => Done::Trimmed(events::trim(transaction, *place, *limit)?),
        Job::Advance(reader, from, to) => Done::Advanced(documents::advance(transaction, reader, *from, to.as_ref())?),
    })
}
