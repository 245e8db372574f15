//! The tables, and how a database gets them.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::{PostgresError, listen, settings::SchemaName, statements::in_schema};

/// How long a node waits before it looks again whether another still migrates.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Each entry takes the schema one version further; what has been released is never edited.
///
/// Ids are compared byte by byte (`COLLATE "C"`), as the port orders them. `turn` has one row: whoever updates it has the
/// only turn until its transaction ends, so events are numbered in the order of their commits.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE @turn (
        sole BOOLEAN PRIMARY KEY DEFAULT true CHECK (sole),
        last BIGINT NOT NULL
    ) WITH (fillfactor = 10);
    INSERT INTO @turn (last) VALUES (0);

    CREATE TABLE @account (
        id TEXT COLLATE \"C\" PRIMARY KEY,
        realm TEXT COLLATE \"C\" NOT NULL,
        revision BIGINT NOT NULL,
        record TEXT NOT NULL
    );
    CREATE INDEX account_by_realm ON @account (realm, id);

    CREATE TABLE @token (
        id TEXT COLLATE \"C\" PRIMARY KEY,
        account TEXT COLLATE \"C\" NOT NULL REFERENCES @account (id),
        realm TEXT COLLATE \"C\" NOT NULL,
        kind TEXT COLLATE \"C\" NOT NULL,
        name TEXT COLLATE \"C\",
        expires_at BIGINT,
        next_due BIGINT,
        pepper TEXT COLLATE \"C\" NOT NULL,
        revision BIGINT NOT NULL,
        record TEXT NOT NULL
    );
    CREATE INDEX token_by_account ON @token (account, kind, id);
    CREATE UNIQUE INDEX token_by_name ON @token (account, name) WHERE name IS NOT NULL;
    CREATE INDEX token_by_due ON @token (realm, next_due, id) WHERE next_due IS NOT NULL;
    CREATE INDEX session_by_end ON @token (account, expires_at NULLS FIRST, id) WHERE kind = 'ses';

    CREATE TABLE @last_used (
        token TEXT COLLATE \"C\" PRIMARY KEY REFERENCES @token (id) ON DELETE CASCADE,
        at BIGINT NOT NULL,
        address TEXT
    ) WITH (fillfactor = 70);

    CREATE TABLE @sighting (
        token TEXT COLLATE \"C\" NOT NULL REFERENCES @token (id) ON DELETE CASCADE,
        kind TEXT COLLATE \"C\" NOT NULL,
        value TEXT COLLATE \"C\" NOT NULL,
        count BIGINT NOT NULL,
        first BIGINT NOT NULL,
        last BIGINT NOT NULL,
        PRIMARY KEY (token, kind, value)
    ) WITH (fillfactor = 70);

    CREATE TABLE @document (
        kind TEXT COLLATE \"C\" NOT NULL,
        id TEXT COLLATE \"C\" NOT NULL,
        revision BIGINT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    );

    CREATE TABLE @cursor (
        reader TEXT COLLATE \"C\" PRIMARY KEY,
        at BIGINT NOT NULL,
        state TEXT NOT NULL
    ) WITH (fillfactor = 50);

    CREATE TABLE @event (
        sequence BIGINT PRIMARY KEY,
        at BIGINT NOT NULL,
        action TEXT COLLATE \"C\" NOT NULL,
        actor TEXT COLLATE \"C\" NOT NULL,
        account TEXT COLLATE \"C\",
        token TEXT COLLATE \"C\",
        record TEXT NOT NULL
    );
    CREATE INDEX event_by_account ON @event (account, sequence) WHERE account IS NOT NULL;
    CREATE INDEX event_by_token ON @event (token, sequence) WHERE token IS NOT NULL;
    CREATE INDEX event_by_actor ON @event (actor, sequence);
    CREATE INDEX event_by_action ON @event (action, sequence);
",
    "
    CREATE INDEX token_by_revision ON @token (account, revision) WHERE kind IN ('sat', 'sec');
",
];

/// Whether nothing is to be done; then a role without the right to create needs none.
pub(crate) async fn is_current(client: &Client, schema: &SchemaName) -> Result<bool, PostgresError> {
    Ok(found(client, schema).await? == Some(known()))
}

/// Brings the schema up to date, however long that takes. Nodes that start at once take turns.
pub(crate) async fn migrate(client: &Client, schema: &SchemaName) -> Result<(), PostgresError> {
    while !is_its_turn(client, schema).await? {
        sleep(BETWEEN_LOOKS).await;
    }
    let step = step(client, schema).await;
    let end = if step.is_ok() { "COMMIT" } else { "ROLLBACK" };
    client.batch_execute(end).await?;
    step
}

/// Begins a transaction where nobody else migrates.
///
/// It looks and does not wait: a process of the server that waits does not notice that its node has gone, and one that starts again and
/// again would leave one behind each time.
async fn is_its_turn(client: &Client, schema: &SchemaName) -> Result<bool, PostgresError> {
    let begin = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; SELECT pg_try_advisory_xact_lock({})",
        lock_key(schema)
    );
    let is_its_turn = scalar(client, &begin).await?.as_deref() == Some("t");
    if !is_its_turn {
        client.batch_execute("ROLLBACK").await?;
    }
    Ok(is_its_turn)
}

/// Makes the triggers that a cache needs, where one is missing.
pub(crate) async fn announce(client: &Client, schema: &SchemaName) -> Result<(), PostgresError> {
    if scalar(client, &listen::which_triggers(schema)).await?.as_deref() == Some("4") {
        return Ok(());
    }
    let key = lock_key(schema);
    let triggers = listen::triggers(schema);
    // One text is one transaction.
    Ok(client.batch_execute(&format!("SELECT pg_advisory_xact_lock({key}); {triggers}")).await?)
}

async fn step(client: &Client, schema: &SchemaName) -> Result<(), PostgresError> {
    let found = found(client, schema).await?;
    if found.is_some_and(|found| found > known()) {
        return Err(PostgresError::TooNew { found: found.unwrap_or_default(), known: known() });
    }
    if found.is_none() {
        let start = "CREATE SCHEMA IF NOT EXISTS $; CREATE TABLE @migration (version BIGINT PRIMARY KEY)";
        client.batch_execute(&in_schema(&start.replace('$', &schema.quoted()), schema)).await?;
    }
    let done = usize::try_from(found.unwrap_or_default()).unwrap_or_default();
    for (place, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        client.batch_execute(&in_schema(migration, schema)).await?;
        let note = format!("INSERT INTO @migration (version) VALUES ({})", place + 1);
        client.batch_execute(&in_schema(&note, schema)).await?;
    }
    Ok(())
}

/// The version of the schema; none where there is no schema of ours.
async fn found(client: &Client, schema: &SchemaName) -> Result<Option<i64>, PostgresError> {
    let exists =
        format!("SELECT 1 FROM pg_tables WHERE schemaname = '{}' AND tablename = 'migration'", schema.as_str());
    if scalar(client, &exists).await?.is_none() {
        return Ok(None);
    }
    let version = scalar(client, &in_schema("SELECT coalesce(max(version), 0) FROM @migration", schema)).await?;
    let version = version.and_then(|text| text.parse().ok());
    version.map(Some).ok_or_else(|| PostgresError::corrupt("migration"))
}

/// Simple queries need no prepared statement, so they pass any pooler.
async fn scalar(client: &Client, query: &str) -> Result<Option<String>, PostgresError> {
    let messages = client.simple_query(query).await?;
    Ok(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The same number for the same schema on every node and in every release: FNV-1a.
fn lock_key(schema: &SchemaName) -> i64 {
    let hash = schema
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    i64::from_be_bytes(hash.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use service_accounts_private_postgres::{Server, runtime};
    use tokio::time::timeout;
    use tokio_postgres::{Config, NoTls};

    use super::*;
    use crate::{PostgresStore, Settings};

    /// Two releases that lock under different keys would migrate at once.
    #[test]
    fn the_lock_of_a_schema_never_changes() {
        let settings = Settings::parse("host=localhost").unwrap();
        assert_eq!(lock_key(&settings.schema), 3_613_313_745_326_558_409);
    }

    #[test]
    fn a_node_that_goes_while_another_migrates_leaves_nothing_behind_that_waits() {
        let Some(server) = Server::shared() else { return };
        let url = server.database();
        let settings = Settings::parse(&url).unwrap();
        let key = lock_key(&settings.schema);
        runtime().block_on(async {
            let (client, connection) = url.parse::<Config>().unwrap().connect(NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(&format!("SELECT pg_advisory_lock({key})")).await.unwrap();
            for _ in 0..3 {
                let start = PostgresStore::connect(settings.clone());
                assert!(timeout(Duration::from_millis(500), start).await.is_err(), "it waits for its turn");
            }
            let here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            let waiting =
                format!("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {here}");
            assert_eq!(scalar(&client, &waiting).await.unwrap().as_deref(), Some("0"));
            client.batch_execute(&format!("SELECT pg_advisory_unlock({key})")).await.unwrap();
            PostgresStore::connect(settings).await.unwrap();
        });
    }
}
