//! One connection, and what is prepared on it.

use std::sync::Mutex;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};
use tokio_postgres::{Client, Connection, NoTls};

use crate::{Prepared, Settings, connections::locked, settings::Tls, statements::Statement};

/// A connection, the task that drives it, and the statements that were prepared on it.
pub(crate) struct Link {
    client: Client,
    task: JoinHandle<()>,
    prepared: Mutex<Vec<(String, tokio_postgres::Statement)>>,
}

impl Link {
    pub(crate) async fn open(settings: &Settings) -> Result<Self, tokio_postgres::Error> {
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

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Prepares a statement once a connection. They are few, so comparing their texts is faster than hashing one.
    pub(crate) async fn prepared(
        &self,
        statement: &Statement,
    ) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
        let known =
            || locked(&self.prepared).iter().find(|(text, _)| *text == statement.text).map(|(_, it)| it.clone());
        if let Some(known) = known() {
            return Ok(known);
        }
        let new = self.client.prepare_typed(&statement.text, &statement.types).await?;
        locked(&self.prepared).push((statement.text.clone(), new.clone()));
        Ok(new)
    }

    /// Waits until everything that was sent is answered, ends an open transaction, and forgets what was prepared: a statement
    /// whose preparation nobody waited for would stay in the server for ever.
    pub(crate) async fn clean(&self, prepared: Prepared, has_begun: bool) -> Result<(), tokio_postgres::Error> {
        locked(&self.prepared).clear();
        // Without a transaction the server would write a warning into its log.
        let end = if has_begun { "ROLLBACK" } else { "" };
        // Behind a pooler the server's statements are those of others too, and none is ours.
        let forget = if prepared == Prepared::Once { "DEALLOCATE ALL" } else { "" };
        self.client.batch_execute(&format!("{end};{forget}")).await
    }
}

impl Drop for Link {
    /// Closes at once; by itself the task would first wait for every answer that is on its way.
    fn drop(&mut self) {
        self.task.abort();
    }
}
