//! The listening connection of the cache.
//!
//! A change of a credential or account notifies in its own transaction (`CREATE TRIGGER` below), so notifications have the order
//! of the commits. This connection sends a beat through the same queue. When the beat comes back, everything that was committed
//! before it was sent has been heard and forgotten; so for the time of the bound, counted from the sending, nothing that is
//! kept is staler than the bound.

use std::{
    future::{Future, poll_fn},
    hash::{BuildHasher, RandomState},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{Either, select};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Notification, SimpleQueryMessage};

use crate::{
    PostgresError, Settings,
    cache::Cache,
    lineage::{Lineage, Lineages},
    link::STAYS,
    servers,
    settings::{MOST_MILLISECONDS, SchemaName, Tls},
    statements::in_schema,
};

/// Beats in the time of the bound.
const BEATS: u32 = 4;

/// Every row that changes is named in a notification; rows that are new were never kept.
const TRIGGERS: &str = "
    CREATE OR REPLACE FUNCTION @announce() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            PERFORM pg_notify(TG_ARGV[0], 'all');
        ELSE
            PERFORM pg_notify(TG_ARGV[0], TG_TABLE_NAME || ' ' || OLD.id);
        END IF;
        RETURN NULL;
    END $body$;
    CREATE OR REPLACE TRIGGER announce_change AFTER UPDATE OR DELETE ON @token
        FOR EACH ROW EXECUTE FUNCTION @announce('#');
    CREATE OR REPLACE TRIGGER announce_truncate AFTER TRUNCATE ON @token
        FOR EACH STATEMENT EXECUTE FUNCTION @announce('#');
    CREATE OR REPLACE TRIGGER announce_change AFTER UPDATE OR DELETE ON @account
        FOR EACH ROW EXECUTE FUNCTION @announce('#');
    CREATE OR REPLACE TRIGGER announce_truncate AFTER TRUNCATE ON @account
        FOR EACH STATEMENT EXECUTE FUNCTION @announce('#')";

/// What makes the triggers, for a schema that lacks one of them.
pub(crate) fn triggers(schema: &SchemaName) -> String {
    in_schema(TRIGGERS, schema).replace("#", schema.as_str())
}

/// A query that says how many of the four triggers work, and which they are and on which tables.
///
/// Tables that were dropped and restored, emptied, or without their triggers for a while, are others than before.
pub(crate) fn which_triggers(schema: &SchemaName) -> String {
    format!(
        "SELECT count(*), string_agg(
             concat_ws(' ', pg_class.oid, relfilenode, pg_trigger.oid, pg_trigger.xmin), ',' ORDER BY pg_trigger.oid)
         FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE nspname = '{}' AND relname IN ('token', 'account') AND tgenabled IN ('O', 'A')
            AND tgname IN ('announce_change', 'announce_truncate')",
        schema.as_str()
    )
}

/// The triggers as they are now; an error unless all of them work.
async fn triggers_now(client: &Client, query: &str) -> Result<String, PostgresError> {
    let messages = client.simple_query(query).await?;
    let found = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) if row.get(0) == Some("4") => row.get(1),
        _ => None,
    });
    found.map(str::to_owned).ok_or_else(|| PostgresError::Altered("a trigger of the cache is missing".into()))
}

/// The task that listens; it ends with whoever holds this.
pub(crate) struct Listener(JoinHandle<()>);

impl Listener {
    pub(crate) fn start(
        (settings, lineages): (Settings, Arc<Lineages>),
        cache: Arc<Cache>,
        staleness: Duration,
    ) -> Self {
        Self(tokio::spawn(async move {
            for server in servers::each(&settings.connection()).iter().cycle() {
                // Why it ended does not matter: until it listens again, every read asks the database.
                let _ = listen(server, (&settings, &lineages), &cache, staleness).await;
                cache.turn_off();
                sleep(Duration::from_millis(200).min(staleness)).await;
            }
        }))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn listen(
    config: &Config,
    (settings, lineages): (&Settings, &Lineages),
    cache: &Cache,
    staleness: Duration,
) -> Result<(), PostgresError> {
    let bounds = (settings, staleness);
    match settings.tls.clone() {
        Tls::Off => {
            let (client, connection) = in_time(settings, config.connect(NoTls)).await?;
            follow(client, connection, (cache, lineages), bounds).await
        }
        #[cfg(feature = "rustls")]
        Tls::Rustls(tls) => {
            let (client, connection) = in_time(settings, config.connect(tls)).await?;
            follow(client, connection, (cache, lineages), bounds).await
        }
    }
}

/// What is in front of a lost server may greet and then say nothing, for ever.
async fn in_time<T>(
    settings: &Settings,
    work: impl Future<Output = Result<T, impl Into<PostgresError>>>,
) -> Result<T, PostgresError> {
    timeout(settings.deadline, work).await.map_err(|_| PostgresError::TooSlow)?.map_err(Into::into)
}

/// Until the connection is lost, or a beat does not come back in time.
async fn follow<S, T>(
    client: Client,
    connection: Connection<S, T>,
    (cache, lineages): (&Cache, &Lineages),
    (settings, staleness): (&Settings, Duration),
) -> Result<(), PostgresError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (beaten, beats) = watch::channel(0);
    // Other nodes beat in the same channel.
    let own = RandomState::new().hash_one(settings.schema.as_str());
    let hear = |notification: &Notification| match read(notification.payload()) {
        Heard::Beat(node, beat) if node == own => drop(beaten.send(beat)),
        Heard::Beat(..) => {}
        Heard::Row(row) => cache.forget(row),
    };
    let hearing = pin!(hear_all(connection, hear));
    let beating = pin!(beat(client, own, beats, (cache, lineages), (settings, staleness)));
    match select(hearing, beating).await {
        Either::Left((end, _)) | Either::Right((end, _)) => end,
    }
}

/// Hands over each notification in its order; nothing queues up in this process.
async fn hear_all<S, T>(mut connection: Connection<S, T>, hear: impl Fn(&Notification)) -> Result<(), PostgresError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(notification) = message? {
            hear(&notification);
        }
    }
    Ok(())
}

async fn beat(
    client: Client,
    own: u64,
    mut beats: watch::Receiver<u64>,
    (cache, lineages): (&Cache, &Lineages),
    (settings, staleness): (&Settings, Duration),
) -> Result<(), PostgresError> {
    let (channel, query) = (settings.schema.as_str(), which_triggers(&settings.schema));
    let lineage = in_time(settings, Lineage::of(&client)).await?;
    lineages.meet(lineage)?;
    // A commit that waits for a standby holds the lock on which each notification waits, and no `statement_timeout` ends that. Without a
    // bound each attempt to listen again would leave one more process of the server behind.
    let patience = staleness.as_millis().clamp(1, MOST_MILLISECONDS);
    let begin = format!("SELECT {STAYS}; SET lock_timeout = {patience}; LISTEN \"{channel}\"");
    in_time(settings, client.batch_execute(&begin)).await?;
    // What was kept before may have changed unheard.
    let triggers = in_time(settings, triggers_now(&client, &query)).await?;
    cache.forget(None);
    for beat in 1_u64.. {
        let sent = Instant::now();
        let round = async {
            let now = triggers_now(&client, &format!("NOTIFY \"{channel}\", 'beat {own} {beat}'; {query}")).await?;
            beats.wait_for(|heard| *heard >= beat).await.map_err(|_| PostgresError::TooSlow)?;
            Ok::<_, PostgresError>(now)
        };
        let now = timeout(staleness, round).await.map_err(|_| PostgresError::TooSlow)??;
        if !lineages.is_current(lineage) {
            return Err(PostgresError::Superseded);
        }
        if now != triggers {
            return Err(PostgresError::Altered("the tables of the cache are others".into()));
        }
        cache.is_good_until(sent + staleness);
        sleep(staleness / BEATS).await;
    }
    Ok(())
}

enum Heard<'a> {
    Beat(u64, u64),
    /// The table and id of a row; everything, where it is none that this release knows.
    Row(Option<(&'a str, &'a str)>),
}

fn read(payload: &str) -> Heard<'_> {
    let mut words = payload.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("beat"), Some(node), Some(beat)) => {
            Heard::Beat(node.parse().unwrap_or_default(), beat.parse().unwrap_or_default())
        }
        (Some(table), Some(id), None) => Heard::Row(Some((table, id))),
        _ => Heard::Row(None),
    }
}
