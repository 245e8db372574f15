//! Connections, and what is sent over them.

use std::{fmt, future::Future, sync::Arc};

use futures_util::{FutureExt, future::join_all};
use tokio::runtime::Handle;
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
    connections: Arc<Connections>,
    pub(crate) statements: Statements,
    pub(crate) settings: Settings,
    pub(crate) cache: Option<Arc<Cache>>,
    deadline: Arc<Deadline>,
    runtime: Handle,
}

impl Pool {
    /// Connects once, to find out about wrong settings and to bring the schema up to date.
    pub(crate) async fn open(settings: Settings) -> Result<Arc<Self>, PostgresError> {
        let runtime = Handle::try_current().map_err(|_| PostgresError::NoRuntime)?;
        if settings.cache.is_some() && settings.prepared == Prepared::EachTime {
            return Err(PostgresError::CacheBehindPooler);
        }
        let connections = Connections::new(settings.connections);
        let statements = Statements::new(&settings.schema);
        let cache = settings.cache.map(|bounds| Arc::new(Cache::new(bounds.bytes)));
        let deadline = Deadline::new(settings.deadline, settings.connections);
        let pool = Self { connections, statements, settings, cache, deadline, runtime };
        let session = pool.session().await?;
        schema::migrate(session.client.client(), &pool.settings.schema).await?;
        if pool.cache.is_some() {
            schema::announce(session.client.client(), &pool.settings.schema).await?;
        }
        session.finish();
        Ok(Arc::new(pool))
    }

    pub(crate) async fn session(&self) -> Result<Session, PostgresError> {
        let client = self.connections.lease(&self.settings).await?;
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
    pub(crate) async fn whole<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, PostgresError>> + Send + 'static,
    ) -> Result<T, PostgresError> {
        let work = self.deadline.bound(work);
        // A task ends without an answer only when the runtime shuts down.
        self.runtime.spawn(work).await.unwrap_or_else(|error| Err(PostgresError::OutcomeUnknown(Box::new(error))))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// One connection for as long as a call needs it.
///
/// Only [`finish`](Self::finish) gives it back. In every other end, a dropped future among them, it is closed: the server
/// rolls back what was not committed, and nobody waits behind a statement whose answer nobody wants.
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
    pub(crate) fn finish(self) {
        self.client.give_back();
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
        match self.ready(statement).await? {
            Ready::Named(named) => self.client.client().execute(&named, values).await,
            Ready::Unnamed(statement) => {
                self.client.client().execute_typed(&statement.text, &typed(statement, values)).await
            }
        }
    }

    /// Begins a transaction and carries out the steps, all in one round trip.
    pub(crate) async fn begin(&self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        // A role may have another level by default; each statement must see what was committed before its turn.
        self.together(Some("BEGIN ISOLATION LEVEL READ COMMITTED"), steps, None).await
    }

    /// Carries out the steps and commits, all in one round trip. Where one fails the server commits nothing.
    pub(crate) async fn commit(&self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        self.together(None, steps, Some("COMMIT")).await
    }

    /// Carries out the steps inside of an open transaction, all in one round trip.
    pub(crate) async fn all(&self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        self.together(None, steps, None).await
    }

    pub(crate) async fn rollback(&self) -> Result<(), tokio_postgres::Error> {
        self.client.client().batch_execute("ROLLBACK").await
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
        let first = first.into_iter().map(|text| self.simple(text).boxed());
        let between = ready.iter().map(|(statement, values)| self.send(statement, values).boxed());
        let last = last.into_iter().map(|text| self.simple(text).boxed());
        // Polled in their order, and so sent in their order.
        join_all(first.chain(between).chain(last)).await.into_iter().collect()
    }

    async fn simple(&self, text: &str) -> Answer {
        self.client.client().batch_execute(text).await.map(|()| Vec::new())
    }

    async fn ready<'a>(&self, statement: &'a Statement) -> Result<Ready<'a>, tokio_postgres::Error> {
        match self.prepared {
            Prepared::Once => self.client.prepared(statement).await.map(Ready::Named),
            Prepared::EachTime => Ok(Ready::Unnamed(statement)),
        }
    }

    async fn send(&self, statement: &Ready<'_>, values: Parameters<'_>) -> Answer {
        match statement {
            Ready::Named(named) => self.client.client().query(named, values).await,
            Ready::Unnamed(statement) => {
                self.client.client().query_typed(&statement.text, &typed(statement, values)).await
            }
        }
    }
}

fn typed<'v>(statement: &Statement, values: Parameters<'v>) -> Vec<(&'v (dyn ToSql + Sync), Type)> {
    values.iter().copied().zip(statement.types.iter().cloned()).collect()
}
