//! Connections that stay open between calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    task::JoinHandle,
};
use tokio_postgres::{Client, Connection, NoTls};

use crate::{PostgresError, Settings, settings::Tls, statements::Statement};

/// At most so many connections; those that nobody uses wait for the next call.
///
/// A connection is taken without a wait where one is free, and the last one used first: its server process has the rows
/// that are read most in its own memory.
pub(crate) struct Connections {
    free: Semaphore,
    idle: Mutex<Vec<Link>>,
}

/// A connection, the task that drives it, and the statements that were prepared on it.
struct Link {
    client: Client,
    task: JoinHandle<()>,
    prepared: Mutex<Vec<(String, tokio_postgres::Statement)>>,
}

/// A connection that is closed when it is dropped, unless it is given back.
///
/// So the server rolls back at once whatever was not committed.
pub(crate) struct Lease {
    /// None while it is being opened, and when it was given back.
    link: Option<Link>,
    home: Arc<Connections>,
}

impl Connections {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        // More than a semaphore can count would be more than a server can bear.
        Arc::new(Self { free: Semaphore::new(most.min(Semaphore::MAX_PERMITS)), idle: Mutex::default() })
    }

    pub(crate) async fn lease(self: &Arc<Self>, settings: &Settings) -> Result<Lease, PostgresError> {
        match self.free.try_acquire() {
            Ok(permit) => permit.forget(),
            Err(_) => self.free.acquire().await.map_err(|error| PostgresError::Unavailable(Box::new(error)))?.forget(),
        }
        // From here on the lease gives the place back, also when nobody waits for the connection any more.
        let mut lease = Lease { link: self.idle(), home: self.clone() };
        if lease.link.is_none() {
            // Apart, or every call would carry the room that opening takes.
            let opened = Box::pin(Link::open(settings)).await;
            // Nothing was changed, whatever the server said.
            lease.link = Some(opened.map_err(|error| PostgresError::Unavailable(Box::new(error)))?);
        }
        Ok(lease)
    }

    fn idle(&self) -> Option<Link> {
        let mut idle = locked(&self.idle);
        loop {
            let link = idle.pop()?;
            if !link.client.is_closed() {
                return Some(link);
            }
        }
    }
}

impl Link {
    async fn open(settings: &Settings) -> Result<Self, tokio_postgres::Error> {
        let config = settings.connection();
        Ok(match settings.tls.clone() {
            Tls::Off => Self::driven(config.connect(NoTls).await?),
            #[cfg(feature = "rustls")]
            Tls::Rustls(tls) => Self::driven(config.connect(tls).await?),
        })
    }

    fn driven<S, T>((client, connection): (Client, Connection<S, T>)) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Why it ended is told to whoever uses it.
        let task = tokio::spawn(async { drop(connection.await) });
        Self { client, task, prepared: Mutex::default() }
    }
}

impl Drop for Link {
    /// Closes at once; by itself the task would first wait for every answer that is on its way.
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Lease {
    pub(crate) fn client(&self) -> &Client {
        &self.link().client
    }

    #[expect(clippy::expect_used, reason = "only `give_back` empties it, and that consumes the lease")]
    fn link(&self) -> &Link {
        self.link.as_ref().expect("a lease holds its connection until its end")
    }

    /// Prepares a statement once a connection. They are few, so comparing their texts is faster than hashing one.
    pub(crate) async fn prepared(
        &self,
        statement: &Statement,
    ) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
        let link = self.link();
        let known =
            || locked(&link.prepared).iter().find(|(text, _)| *text == statement.text).map(|(_, it)| it.clone());
        if let Some(known) = known() {
            return Ok(known);
        }
        let new = link.client.prepare_typed(&statement.text, &statement.types).await?;
        locked(&link.prepared).push((statement.text.clone(), new.clone()));
        Ok(new)
    }

    pub(crate) fn give_back(mut self) {
        locked(&self.home.idle).extend(self.link.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Closed before its place is free, so that there are never more than there may be.
        drop(self.link.take());
        self.home.free.add_permits(1);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
