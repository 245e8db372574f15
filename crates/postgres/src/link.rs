//! One connection, and what is prepared on it.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use futures_util::future::join;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, SimpleQueryMessage, SimpleQueryRow};

use crate::{
    PostgresError, Prepared, Settings,
    connections::locked,
    lineage::{Lineage, Lineages},
    servers::first_good,
    settings::{OWN_SESSION, Tls},
    statements::Statement,
};

/// The server's and the role's settings on which promises rest. Each connection is asked for them: they may have changed since
/// the start, and another server may have taken the place of the one at the start.
const FITNESS: &str = "
    SELECT pg_is_in_recovery(), coalesce(current_setting('synchronous_commit', true), 'on'), current_setting('server_encoding'),
        coalesce(current_setting('service_accounts.session', true), '')";

/// Connections wait for the next call. One that the server ended meanwhile would leave a change that was just sent unknown.
/// Postgres 13 and other engines do not know this setting, so it cannot be given when connecting.
pub(crate) const STAYS: &str = "
    CASE WHEN current_setting('idle_session_timeout', true) <> '' THEN set_config('idle_session_timeout', '0', false) END";

/// What the server is told later would otherwise hold for connections that are open as well.
const DURABLE: &str = "
    CASE WHEN current_setting('synchronous_commit', true) <> ''
        THEN set_config('synchronous_commit', current_setting('synchronous_commit'), false) END";

/// What a statement without a volatile function meets. A balancer such as pgpool-II sends that to a standby, and the question above to
/// the primary.
const BALANCED: &str = "SELECT current_setting('in_hot_standby', true)";

/// A connection, the task that drives it, and the statements that were prepared on it.
pub(crate) struct Link {
    client: Client,
    task: JoinHandle<()>,
    prepared: Mutex<Vec<(String, tokio_postgres::Statement)>>,
    is_unreplicated: Arc<AtomicBool>,
    lineage: Option<Lineage>,
    /// By which the pool counts it.
    _open: Arc<()>,
}

impl Link {
    pub(crate) async fn open(settings: &Settings, lineages: &Lineages, open: Arc<()>) -> Result<Self, PostgresError> {
        first_good(settings, lineages, |server| Self::to(server, (settings, lineages), open.clone())).await
    }

    async fn to(
        config: Config,
        (settings, lineages): (&Settings, &Lineages),
        open: Arc<()>,
    ) -> Result<Self, PostgresError> {
        let mut link = match settings.tls.clone() {
            Tls::Off => Self::driven(config.connect(NoTls).await?, open),
            #[cfg(feature = "rustls")]
            Tls::Rustls(tls) => Self::driven(config.connect(tls).await?, open),
        };
        // Sent together.
        let fit = join(link.refuse_unfit(settings.prepared), link.refuse_balanced(settings.prepared));
        let ((fit, one), lineage) = join(fit, Lineage::of(&link.client)).await;
        fit?;
        one?;
        link.lineage = lineage?;
        lineages.meet(link.lineage)?;
        Ok(link)
    }

    /// A standby would answer with what was true a while ago: a revocation that was acknowledged may be missing there.
    async fn refuse_unfit(&self, prepared: Prepared) -> Result<(), PostgresError> {
        let query =
            if prepared == Prepared::Once { format!("{FITNESS}, {STAYS}, {DURABLE}") } else { FITNESS.to_owned() };
        let messages = self.client.simple_query(&query).await?;
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some([row.get(0), row.get(1), row.get(2), row.get(3)]),
            _ => None,
        });
        match row {
            Some([.., of]) if prepared == Prepared::Once && of != Some(OWN_SESSION) => {
                Err(PostgresError::Pooled("the settings of the session did not arrive".into()))
            }
            Some([Some("t"), ..]) => Err(PostgresError::ReadOnly("it is a standby".into())),
            Some([_, Some("off"), ..]) => Err(PostgresError::NotDurable),
            Some([_, _, Some("UTF8"), _]) => Ok(()),
            Some([_, _, encoding, _]) => Err(PostgresError::Encoding(encoding.unwrap_or_default().into())),
            None => Err(PostgresError::Database("it does not tell its settings".into())),
        }
    }

    /// With [`Prepared::EachTime`] each read asks along, and is itself sent to the primary for it.
    async fn refuse_balanced(&self, prepared: Prepared) -> Result<(), PostgresError> {
        if prepared == Prepared::EachTime {
            return Ok(());
        }
        let messages = self.client.simple_query(BALANCED).await?;
        let is_read = |row: &SimpleQueryRow| row.get(0) == Some("on");
        let is_balanced =
            messages.iter().any(|message| matches!(message, SimpleQueryMessage::Row(row) if is_read(row)));
        if is_balanced { Err(PostgresError::Pooled("it sends reads to a standby".into())) } else { Ok(()) }
    }

    fn driven<S, T>((client, connection): (Client, Connection<S, T>), open: Arc<()>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let is_unreplicated = Arc::default();
        let task = tokio::spawn(drive(connection, Arc::clone(&is_unreplicated)));
        Self { client, task, prepared: Mutex::default(), is_unreplicated, lineage: None, _open: open }
    }

    /// Whether a commit was answered before the standby had it. The server says so before it answers.
    pub(crate) fn is_unreplicated(&self) -> bool {
        self.is_unreplicated.load(Relaxed)
    }

    pub(crate) const fn lineage(&self) -> Option<Lineage> {
        self.lineage
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

/// Where the wait for a standby is cancelled, Postgres warns and acknowledges. The text of the warning may be translated, its code
/// is that of all warnings; this name of a function has been the same since there are such waits.
const WAIT: &str = "SyncRepWaitForLSN";

/// Until the connection ends; why it did is told to whoever uses it.
async fn drive<S, T>(mut connection: Connection<S, T>, is_unreplicated: Arc<AtomicBool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.routine() == Some(WAIT)
        {
            is_unreplicated.store(true, Relaxed);
        }
    }
}

impl Drop for Link {
    /// Closes at once; by itself the task would first wait for every answer that is on its way.
    fn drop(&mut self) {
        self.task.abort();
    }
}
