//! Connections, and what is sent over them.

use std::{fmt, future::Future, sync::Arc};

use futures_util::{
    FutureExt,
    future::{join_all, join3},
};
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{
    PostgresError, Prepared, Settings,
    cache::Cache,
    connections::{Connections, Lease},
    deadline::{Bounded, Deadline},
    schema,
    statements::{Statement, Statements},
    within::Within,
};

pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// What every call needs: connections, statements, and the runtime that drives them.
pub(crate) struct Pool {
    pub(crate) connections: Arc<Connections>,
    pub(crate) statements: Statements,
    pub(crate) settings: Settings,
    pub(crate) cache: Option<Arc<Cache>>,
    deadline: Arc<Deadline>,
    /// Places for work that goes on without its caller.
    whole: Arc<Semaphore>,
    runtime: Handle,
}

impl Pool {
    /// Connects once, to find out about wrong settings and to bring the schema up to date.
    pub(crate) async fn open(settings: Settings) -> Result<Arc<Self>, PostgresError> {
        let runtime = Handle::try_current().map_err(|_| PostgresError::NoRuntime)?;
        if settings.cache.is_some() && settings.prepared == Prepared::EachTime {
            return Err(PostgresError::CacheBehindPooler);
        }
        let connections = Connections::new(settings.clone(), runtime.clone());
        let whole = Arc::new(Semaphore::new(settings.connections.min(Semaphore::MAX_PERMITS)));
        let statements = Statements::new(&settings);
        let cache = settings.cache.map(|bounds| Arc::new(Cache::new(bounds.bytes)));
        let deadline = Deadline::new(settings.deadline, settings.connections);
        let pool = Self { connections, statements, settings, cache, deadline, whole, runtime };
        let session = pool.session().await?;
        let (client, schema) = (session.client.client(), &pool.settings.schema);
        if !pool.bounded(schema::is_current(client, schema)).await? {
            schema::migrate(client, schema).await?;
        }
        if pool.cache.is_some() {
            pool.bounded(schema::announce(client, schema)).await?;
        }
        session.finish()?;
        Ok(Arc::new(pool))
    }

    pub(crate) async fn session(&self) -> Result<Session, PostgresError> {
        let client = self.connections.lease().await?;
        Ok(Session { client, prepared: self.settings.prepared })
    }

    /// As [`session`](Self::session), for a change: changes that wait for each other leave a connection to reads.
    pub(crate) async fn session_to_change(&self) -> Result<Session, PostgresError> {
        let client = self.connections.lease_to_change().await?;
        Ok(Session { client, prepared: self.settings.prepared })
    }

    /// Waits without a deadline, on whatever executor the caller has.
    pub(crate) fn within<F: Future>(&self, work: F) -> Within<F> {
        Within::new(&self.runtime, work)
    }

    /// Waits within the deadline, on whatever executor the caller has. If the caller stops waiting, so does the work.
    pub(crate) fn bounded<T, F: Future<Output = Result<T, PostgresError>>>(&self, work: F) -> Within<Bounded<F>> {
        self.within(self.deadline.bound(work))
    }

    /// The same for work of several steps, which goes on to its end when the caller stops waiting.
    ///
    /// Only as much as there are connections goes on so; whoever waits for a place leaves nothing behind.
    pub(crate) async fn whole<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, PostgresError>> + Send + 'static,
    ) -> Result<T, PostgresError> {
        let work = self.deadline.bound(work);
        self.bounded(async {
            let place = self.whole.clone().acquire_owned().await;
            let place = place.map_err(|error| PostgresError::Unavailable(Box::new(error)))?;
            let task = self.runtime.spawn(async move {
                let _place = place;
                work.await
            });
            // A task ends without an answer only when the runtime shuts down.
            task.await.unwrap_or_else(|error| Err(PostgresError::OutcomeUnknown(Box::new(error))))
        })
        .await
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A role may have another level by default; each statement must see what was committed before its turn.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// One connection for as long as a call needs it.
///
/// [`finish`](Self::finish) gives it back at once. In every other end, a dropped future among them, what was not committed is
/// rolled back first, and after an error it is closed: see [`Lease`].
pub(crate) struct Session {
    client: Lease,
    prepared: Prepared,
}

/// One statement of several that are sent together.
pub(crate) struct Step<'a> {
    statement: &'a Statement,
    values: Vec<Box<dyn ToSql + Sync + Send + 'a>>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(statement: &'a Statement) -> Self {
        Self { statement, values: Vec::new() }
    }

    pub(crate) fn with(mut self, value: impl ToSql + Sync + Send + 'a) -> Self {
        self.values.push(Box::new(value));
        self
    }
}

/// A statement as it is sent.
enum Ready<'a> {
    Named(tokio_postgres::Statement),
    Unnamed(&'a Statement),
}

type Answer = Result<Vec<Row>, tokio_postgres::Error>;

impl Session {
    /// Gives the connection back; no transaction may be open on it.
    ///
    /// # Errors
    /// The server said that it did not wait for a standby with what was committed.
    pub(crate) fn finish(self) -> Result<(), PostgresError> {
        if self.client.is_unreplicated() {
            return Err(PostgresError::NotReplicated);
        }
        self.client.give_back();
        Ok(())
    }

    pub(crate) async fn rows(&self, statement: &Statement, values: Parameters<'_>) -> Answer {
        self.send(&self.ready(statement).await?, values).await
    }

    /// How many rows a statement wrote.
    pub(crate) async fn execute(
        &self,
        statement: &Statement,
        values: Parameters<'_>,
    ) -> Result<u64, tokio_postgres::Error> {
        let client = self.client.client();
        match self.ready(statement).await? {
            Ready::Named(named) => self.client.noted(client.execute(&named, values).await),
            Ready::Unnamed(statement) => {
                // A role behind a pooler may have another level by default, and no setting of ours.
                self.client.begins();
                let values = typed(statement, values);
                let written = client.execute_typed(&statement.text, &values);
                let (begun, written, ended) = join3(self.simple(BEGIN), written, self.simple("COMMIT")).await;
                // The first failure is the cause of the others.
                begun.and(self.client.noted(written)).and_then(|count| ended.map(|_| count))
            }
        }
    }

    /// Begins a transaction and carries out the steps, all in one round trip.
    pub(crate) async fn begin(&self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        self.together(Some(BEGIN), steps, None).await
    }

    /// Carries out the steps and commits, all in one round trip. Where one fails the server commits nothing.
    pub(crate) async fn commit(&self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        self.together(None, steps, Some("COMMIT")).await
    }

    /// Carries out the steps inside of an open transaction, all in one round trip.
    pub(crate) async fn all(&self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        self.together(None, steps, None).await
    }

    /// Whether it has ended, so that whatever is sent now never arrives.
    pub(crate) fn has_ended(&self) -> bool {
        self.client.client().is_closed()
    }

    pub(crate) async fn rollback(&self) -> Result<(), tokio_postgres::Error> {
        self.simple("ROLLBACK").await.map(drop)
    }

    /// All statements are prepared before the first is sent: a statement that waits for its preparation would come late.
    async fn together(
        &self,
        first: Option<&str>,
        steps: &[Step<'_>],
        last: Option<&str>,
    ) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        let mut ready = Vec::new();
        for step in steps {
            let mut values: Vec<&(dyn ToSql + Sync)> = Vec::new();
            for value in &step.values {
                values.push(&**value);
            }
            ready.push((self.ready(step.statement).await?, values));
        }
        if first.is_some() {
            self.client.begins();
        }
        let first = first.into_iter().map(|text| self.simple(text).boxed());
        let between = ready.iter().map(|(statement, values)| self.send(statement, values).boxed());
        let last = last.into_iter().map(|text| self.simple(text).boxed());
        // Polled in their order, and so sent in their order.
        join_all(first.chain(between).chain(last)).await.into_iter().collect()
    }

    async fn simple(&self, text: &str) -> Answer {
        self.client.noted(self.client.client().batch_execute(text).await).map(|()| Vec::new())
    }

    async fn ready<'a>(&self, statement: &'a Statement) -> Result<Ready<'a>, tokio_postgres::Error> {
        match self.prepared {
            Prepared::Once => self.client.noted(self.client.prepared(statement).await).map(Ready::Named),
            Prepared::EachTime => Ok(Ready::Unnamed(statement)),
        }
    }

    async fn send(&self, statement: &Ready<'_>, values: Parameters<'_>) -> Answer {
        let client = self.client.client();
        self.client.noted(match statement {
            Ready::Named(named) => client.query(named, values).await,
            Ready::Unnamed(statement) => client.query_typed(&statement.text, &typed(statement, values)).await,
        })
    }
}

fn typed<'v>(statement: &Statement, values: Parameters<'v>) -> Vec<(&'v (dyn ToSql + Sync), Type)> {
    values.iter().copied().zip(statement.types.iter().cloned()).collect()
}
