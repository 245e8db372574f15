//! The schema, how it came to be, and how to tell our file from another program's.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::SqliteError;

/// Stands in the file's header since the release that brought it: "sacc".
const APPLICATION: i32 = 0x7361_6363;

/// Each entry takes the schema one version further; what has landed is never edited.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE account (
        id TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE token (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES account (id),
        kind TEXT NOT NULL,
        name TEXT,
        next_due INTEGER,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX token_by_account ON token (account, kind, id);
    CREATE UNIQUE INDEX token_by_name ON token (account, name) WHERE name IS NOT NULL;
    CREATE INDEX token_by_due ON token (next_due, id) WHERE next_due IS NOT NULL;

    CREATE TABLE last_used (
        token TEXT PRIMARY KEY REFERENCES token (id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        address TEXT
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE event (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        action TEXT NOT NULL,
        account TEXT,
        token TEXT,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_by_account ON event (account, sequence);
    CREATE INDEX event_by_token ON event (token, sequence);
    CREATE INDEX event_by_action ON event (action, sequence);
",
    "
    -- Records in the order they came, found by a narrow index: where the record itself is in the index, few fit a page,
    -- and a search reads many. `ends` is the end of a session; of other credentials their record tells it.
    CREATE TABLE account_2 (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    INSERT INTO account_2 (id, revision, record) SELECT id, revision, record FROM account ORDER BY id;
    DROP TABLE account;
    ALTER TABLE account_2 RENAME TO account;

    CREATE TABLE token_2 (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        account TEXT NOT NULL REFERENCES account (id),
        kind TEXT NOT NULL,
        name TEXT,
        next_due INTEGER,
        ends INTEGER,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    INSERT INTO token_2 (id, account, kind, name, next_due, ends, revision, record)
        SELECT id, account, kind, name, next_due,
            iif(kind = 'ses' AND json_valid(record), record ->> '$.expires_at', NULL), revision, record
        FROM token ORDER BY id;
    DROP TABLE token;
    ALTER TABLE token_2 RENAME TO token;
    CREATE INDEX token_by_account ON token (account, kind, id);
    CREATE UNIQUE INDEX token_by_name ON token (account, name) WHERE name IS NOT NULL;
    CREATE INDEX session_by_end ON token (account, ends, id) WHERE kind = 'ses';

    -- By realm, which is what stands behind the @ of the account.
    CREATE INDEX token_by_due ON token (substr(account, instr(account, '@') + 1), next_due, id)
        WHERE next_due IS NOT NULL;

    CREATE TABLE sighting (
        token TEXT NOT NULL REFERENCES token (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        count INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        PRIMARY KEY (token, kind, value)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE document (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE cursor (
        reader TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        state TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    ALTER TABLE event ADD COLUMN actor TEXT;
    UPDATE event SET actor = record ->> '$.actor' WHERE json_valid(record);
    CREATE INDEX event_by_actor ON event (actor, sequence);

    -- Between which instants the events of 512 places happened, whatever their order.
    CREATE TABLE event_block (
        block INTEGER PRIMARY KEY,
        earliest INTEGER NOT NULL,
        latest INTEGER NOT NULL
    ) STRICT;
    INSERT INTO event_block SELECT sequence / 512, min(at), max(at) FROM event GROUP BY sequence / 512;
",
    "
    -- A token stands at a number: the first ten characters of its id, as digits of base 62, times eight; see `rows::place`.
    -- One page is read for it then, where the way through an index of ids reads two.
    CREATE TABLE token_3 (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        account TEXT NOT NULL REFERENCES account (id),
        kind TEXT NOT NULL,
        name TEXT,
        next_due INTEGER,
        ends INTEGER,
        revision INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT;
    WITH RECURSIVE
        digit (place, value, id) AS (
            SELECT 0, 0, id FROM token
            UNION ALL
            SELECT place + 1, value * 62 - 1 + instr(
                '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', substr(id, place + 1, 1)
            ), id FROM digit WHERE place < 10
        ),
        numbered (place, id) AS (
            SELECT value * 8 - 1 + row_number() OVER (PARTITION BY value ORDER BY id), id FROM digit WHERE place = 10
        )
    INSERT INTO token_3 (number, id, account, kind, name, next_due, ends, revision, record)
        SELECT numbered.place, token.id, account, kind, name, next_due, ends, revision, record
        FROM numbered JOIN token ON token.id = numbered.id ORDER BY numbered.place;

    -- Only until the rows below have found their numbers.
    CREATE UNIQUE INDEX token_3_by_id ON token_3 (id);
    CREATE TABLE last_used_3 (
        token INTEGER PRIMARY KEY REFERENCES token_3 (number) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        address TEXT
    ) STRICT;
    INSERT INTO last_used_3 SELECT token_3.number, at, address
        FROM last_used JOIN token_3 ON token_3.id = last_used.token;
    DROP TABLE last_used;

    CREATE TABLE sighting_3 (
        token INTEGER NOT NULL REFERENCES token_3 (number) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        count INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        PRIMARY KEY (token, kind, value)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO sighting_3 SELECT token_3.number, sighting.kind, value, count, first, last
        FROM sighting JOIN token_3 ON token_3.id = sighting.token;
    DROP TABLE sighting;

    DROP INDEX token_3_by_id;
    DROP TABLE token;
    ALTER TABLE token_3 RENAME TO token;
    ALTER TABLE last_used_3 RENAME TO last_used;
    ALTER TABLE sighting_3 RENAME TO sighting;
    CREATE INDEX token_by_account ON token (account, kind, id);
    CREATE UNIQUE INDEX token_by_name ON token (account, name) WHERE name IS NOT NULL;
    CREATE INDEX session_by_end ON token (account, ends, id) WHERE kind = 'ses';
    CREATE INDEX token_by_due ON token (substr(account, instr(account, '@') + 1), next_due, id)
        WHERE next_due IS NOT NULL;
",
    "
    -- A row of the trail keeps each fact once. Actions, actors, accounts and tokens are numbers of `label`; `rest` is what no
    -- column says, as JSON. A row whose record contradicts its columns keeps the whole record, which no reader accepts.
    CREATE TABLE label (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
    INSERT INTO label (text)
        SELECT action FROM event UNION SELECT coalesce(actor, '') FROM event
        UNION SELECT account FROM event WHERE account IS NOT NULL UNION SELECT token FROM event WHERE token IS NOT NULL;

    CREATE TABLE event_4 (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        action INTEGER NOT NULL,
        actor INTEGER NOT NULL,
        account INTEGER,
        token INTEGER,
        rest TEXT NOT NULL
    ) STRICT;
    INSERT INTO event_4 SELECT
        sequence, at,
        (SELECT number FROM label WHERE text = action),
        (SELECT number FROM label WHERE text = coalesce(actor, '')),
        (SELECT number FROM label WHERE text = account),
        (SELECT number FROM label WHERE text = token),
        CASE WHEN NOT json_valid(record) THEN record WHEN
            record ->> '$.at' IS at AND record ->> '$.action' IS action AND record ->> '$.actor' IS actor
            AND record ->> '$.account' IS account AND record ->> '$.token' IS token
        THEN json_remove(record, '$.at', '$.action', '$.actor', '$.account', '$.token') ELSE record END
        FROM event ORDER BY sequence;
    -- The next place does not go back where the newest events are gone.
    DELETE FROM sqlite_sequence WHERE name = 'event_4';
    INSERT INTO sqlite_sequence (name, seq) SELECT 'event_4', seq FROM sqlite_sequence WHERE name = 'event';
    DROP TABLE event;
    ALTER TABLE event_4 RENAME TO event;
    CREATE INDEX event_by_action ON event (action, sequence);
    CREATE INDEX event_by_actor ON event (actor, sequence);
    CREATE INDEX event_by_account ON event (account, sequence) WHERE account IS NOT NULL;
    CREATE INDEX event_by_token ON event (token, sequence) WHERE token IS NOT NULL;
",
    "
    -- Of an account's tokens and secrets the one that was written last, without a look at each.
    CREATE INDEX token_by_revision ON token (account, revision) WHERE kind IN ('sat', 'sec');
",
];

/// Tables and columns of schema 1, whose files do not say whose they are.
const UNSIGNED: &[&str] = &[
    "SELECT id, revision, record FROM account",
    "SELECT id, account, kind, name, next_due, revision, record FROM token",
    "SELECT token, at, address FROM last_used",
    "SELECT sequence, at, action, account, token, record FROM event",
];

/// What a file was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing is in it yet.
    New,
    /// Ours, from before files said so.
    Unsigned,
    /// Ours.
    Signed,
}

impl Found {
    /// Whether others than its owner may still be able to read it: the files of schema 1 followed the umask.
    pub(crate) const fn needs_privacy(self) -> bool {
        !matches!(self, Self::Signed)
    }
}

/// Tells whose file it is, without writing to it. Its questions need one state of the file: another process may be
/// making it.
pub(crate) fn identify(connection: &Transaction<'_>) -> Result<Found, SqliteError> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let is_empty = connection.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(())).optional()?.is_none();
    let found = match (application, version) {
        (0, 0) if is_empty => Found::New,
        (0, 1) if UNSIGNED.iter().all(|statement| connection.prepare(statement).is_ok()) => Found::Unsigned,
        (APPLICATION, 1..) if !is_empty => Found::Signed,
        _ => return Err(SqliteError::Foreign),
    };
    let known = newest();
    if version > known { Err(SqliteError::TooNew { found: version, known }) } else { Ok(found) }
}

/// Brings the file to the present schema, on a connection that does not follow foreign keys: a table that makes place for
/// a new one would take with it what refers to it. Two processes that open the same new file at once take turns here.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), SqliteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Again, now that nobody else can write.
    if identify(&transaction)? != Found::Signed || version(&transaction)? < newest() {
        let applied = usize::try_from(version(&transaction)?).unwrap_or(0);
        MIGRATIONS.iter().skip(applied).try_for_each(|migration| transaction.execute_batch(migration))?;
        transaction.pragma_update(None, "user_version", newest())?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
    }
    Ok(transaction.commit()?)
}

fn version(transaction: &Transaction<'_>) -> Result<i64, SqliteError> {
    Ok(transaction.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}
