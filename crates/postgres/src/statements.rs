//! Every statement with its parameters, written once for the schema.

use tokio_postgres::types::Type;

use crate::{Prepared, Settings, settings::SchemaName};

/// A statement and the types of its parameters, so that it can be sent with or without being prepared.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) types: Vec<Type>,
}

impl Statement {
    /// Each `@table` of the text becomes that table in the schema; `{current}` among conditions, and `{sole}` behind those of at
    /// most one row, fail where the server is a standby.
    ///
    /// A connection of its own is asked once whether it leads to a standby. A pooler may be led to another server between two
    /// calls, so there each read asks along, in what is carried out first and once: it must not say of a record that a standby
    /// does not have yet that it is absent. A limit is planned faster than a subquery; a list's limit must stay a
    /// number that the planner knows.
    pub(crate) fn new(text: &str, types: &[Type], settings: &Settings) -> Self {
        let [current, sole] = match settings.prepared {
            Prepared::Once => ["true", ""],
            Prepared::EachTime => {
                ["(SELECT 1 / (NOT pg_is_in_recovery())::int) = 1", "LIMIT 1 / (NOT pg_is_in_recovery())::int"]
            }
        };
        let text = in_schema(text, &settings.schema).replace("{current}", current).replace("{sole}", sole);
        Self { text, types: types.to_vec() }
    }
}

/// No statement depends on `search_path`: behind a pooler it may be that of another client.
pub(crate) fn in_schema(text: &str, schema: &SchemaName) -> String {
    text.replace('@', &format!("{}.", schema.quoted()))
}

macro_rules! statements {
    ($($name:ident($($kind:ident),*) = $text:expr;)+) => {
        /// Every statement but those of the events, which are put together for each query.
        #[derive(Debug)]
        pub(crate) struct Statements {
            $(pub(crate) $name: Statement,)+
        }

        impl Statements {
            pub(crate) fn new(settings: &Settings) -> Self {
                Self { $($name: Statement::new($text, &[$(Type::$kind),*], settings),)+ }
            }
        }
    };
}

statements! {
    credential(TEXT) = "
        SELECT token.revision, token.record, account.revision, account.record
        FROM @token AS token LEFT JOIN @account AS account ON account.id = token.account WHERE token.id = $1 {sole}";
    account(TEXT) = "SELECT id, revision, record FROM @account WHERE id = $1 {sole}";
    accounts_of_realm(TEXT, TEXT, INT8) = "
        SELECT id, revision, record FROM @account
        WHERE {current} AND realm = $1 AND id > $2 ORDER BY id LIMIT $3";
    credentials_of_account(TEXT, TEXT, TEXT, INT8) = "
        SELECT token.id, token.revision, token.record, account.revision, account.record,
            last_used.at, last_used.address, (
                SELECT max(last) FROM @sighting AS sighting WHERE sighting.token = token.id AND sighting.kind = 'tried')
        FROM @token AS token LEFT JOIN @account AS account ON account.id = token.account
            LEFT JOIN @last_used AS last_used ON last_used.token = token.id
        WHERE {current} AND token.account = $1 AND token.kind = $2 AND token.id > $3 ORDER BY token.id LIMIT $4";
    due(TEXT, INT8, INT8) = "
        SELECT token.id, token.revision, token.record, account.revision, account.record,
            last_used.at, last_used.address, (
                SELECT max(last) FROM @sighting AS sighting WHERE sighting.token = token.id AND sighting.kind = 'tried')
        FROM @token AS token LEFT JOIN @account AS account ON account.id = token.account
            LEFT JOIN @last_used AS last_used ON last_used.token = token.id
        WHERE {current} AND token.realm = $1 AND token.next_due <= $2 ORDER BY token.next_due, token.id LIMIT $3";
    count_under(TEXT) = "SELECT count(*) FROM @token WHERE {current} AND pepper = $1";

    // A change: the place of its event first, and with it the turn of this change; nobody else commits until it ends.
    take_turn() = "UPDATE @turn SET last = last + 1 RETURNING last";
    account_token_and_name(TEXT, TEXT, TEXT) = "
        SELECT account.id, account.revision, account.record, token.id, token.revision, token.record,
            (SELECT id FROM @token WHERE account = $1 AND name = $3)
        FROM (SELECT 1) AS one LEFT JOIN @account AS account ON account.id = $1 LEFT JOIN @token AS token ON token.id = $2";
    account_token_name_and_count(TEXT, TEXT, TEXT, INT8) = "
        SELECT account.id, account.revision, account.record, token.id, token.revision, token.record,
            (SELECT id FROM @token WHERE account = $1 AND name = $3),
            (SELECT count(*) FROM (SELECT FROM @token WHERE account = $1 AND kind = 'sat' LIMIT $4) AS counted)
        FROM (SELECT 1) AS one LEFT JOIN @account AS account ON account.id = $1 LEFT JOIN @token AS token ON token.id = $2";
    token_count(TEXT, INT8) = "
        SELECT count(*) FROM (SELECT FROM @token WHERE account = $1 AND kind = 'sat' LIMIT $2) AS counted";
    accounts_by_id(TEXT_ARRAY) = "SELECT id, revision, record FROM @account WHERE id = ANY($1)";
    tokens_by_id(TEXT_ARRAY) = "SELECT id, revision, record FROM @token WHERE id = ANY($1)";
    secrets_of(TEXT) = "SELECT id, revision, record FROM @token WHERE account = $1 AND kind = 'sec' ORDER BY id";
    credentials_of(TEXT, INT8) = "SELECT id FROM @token WHERE account = $1 ORDER BY kind, id LIMIT $2";
    sessions_of(TEXT, INT8) = "
        SELECT id FROM @token WHERE account = $1 AND kind = 'ses' ORDER BY expires_at NULLS FIRST, id LIMIT $2";
    newest_of(TEXT) = "
        SELECT revision FROM @token WHERE account = $1 AND kind IN ('sat', 'sec') ORDER BY revision DESC LIMIT 1";
    name_holder(TEXT, TEXT) = "SELECT id FROM @token WHERE account = $1 AND name = $2";
    put_account(TEXT, TEXT, INT8, TEXT) = "
        INSERT INTO @account (id, realm, revision, record) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, record = excluded.record";
    remove_account(TEXT) = "DELETE FROM @account WHERE id = $1";
    put_token(TEXT, TEXT, TEXT, TEXT, TEXT, INT8, INT8, TEXT, INT8, TEXT) = "
        INSERT INTO @token (id, account, realm, kind, name, expires_at, next_due, pepper, revision, record)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, next_due = excluded.next_due,
            pepper = excluded.pepper, revision = excluded.revision, record = excluded.record";
    add_token_and_event(TEXT, TEXT, TEXT, TEXT, TEXT, INT8, INT8, TEXT, INT8, TEXT,
        INT8, INT8, TEXT, TEXT, TEXT, TEXT, TEXT) = "
        WITH token AS (
            INSERT INTO @token (id, account, realm, kind, name, expires_at, next_due, pepper, revision, record)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))
        INSERT INTO @event (sequence, at, action, actor, account, token, record)
        VALUES ($11, $12, $13, $14, $15, $16, $17)";
    put_tokens(TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, INT8_ARRAY, INT8_ARRAY, TEXT_ARRAY,
        INT8_ARRAY, TEXT_ARRAY) = "
        INSERT INTO @token (id, account, realm, kind, name, expires_at, next_due, pepper, revision, record)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, next_due = excluded.next_due,
            pepper = excluded.pepper, revision = excluded.revision, record = excluded.record";
    remove_tokens(TEXT_ARRAY) = "DELETE FROM @token WHERE id = ANY($1)";
    put_event(INT8, INT8, TEXT, TEXT, TEXT, TEXT, TEXT) = "
        INSERT INTO @event (sequence, at, action, actor, account, token, record) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    set_turn(INT8) = "UPDATE @turn SET last = $1";

    document(TEXT, TEXT) = "SELECT id, revision, body FROM @document WHERE kind = $1 AND id = $2 {sole}";
    documents(TEXT, TEXT, INT8) = "
        SELECT id, revision, body FROM @document
        WHERE {current} AND kind = $1 AND id > $2 ORDER BY id LIMIT $3";
    put_document(TEXT, TEXT, INT8, TEXT) = "
        INSERT INTO @document (kind, id, revision, body) VALUES ($1, $2, $3, $4)
        ON CONFLICT (kind, id) DO UPDATE SET revision = excluded.revision, body = excluded.body";
    remove_document(TEXT, TEXT) = "DELETE FROM @document WHERE kind = $1 AND id = $2";

    append(INT8_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, INT8) = "
        WITH turn AS (UPDATE @turn SET last = last + $7 RETURNING last - $7 AS before)
        INSERT INTO @event (sequence, at, action, actor, account, token, record)
        SELECT turn.before + place, at, action, actor, account, token, record
        FROM turn, unnest($1, $2, $3, $4, $5, $6) WITH ORDINALITY
            AS event (at, action, actor, account, token, record, place)";
    trim(INT8, INT8) = "
        DELETE FROM @event WHERE sequence IN (
            SELECT sequence FROM @event WHERE sequence < $1 ORDER BY sequence LIMIT $2)";

    cursor(TEXT) = "SELECT at, state FROM @cursor WHERE reader = $1 {sole}";
    start_cursor(TEXT, INT8, TEXT) = "
        INSERT INTO @cursor (reader, at, state) VALUES ($1, $2, $3) ON CONFLICT (reader) DO NOTHING";
    move_cursor(TEXT, INT8, INT8, TEXT) = "UPDATE @cursor SET at = $3, state = $4 WHERE reader = $1 AND at = $2";
    remove_cursor(TEXT, INT8) = "DELETE FROM @cursor WHERE reader = $1 AND at = $2";
    slowest_cursor() = "SELECT min(at) FROM @cursor WHERE {current}";

    // Marks: newer uses only, of tokens that exist, always in the order of ids, so that two nodes cannot deadlock.
    touch(TEXT_ARRAY, INT8_ARRAY, TEXT_ARRAY) = "
        INSERT INTO @last_used AS last_used (token, at, address)
        SELECT mark.token, mark.at, mark.address FROM unnest($1, $2, $3) AS mark (token, at, address)
        WHERE EXISTS (SELECT FROM @token AS token WHERE token.id = mark.token) ORDER BY mark.token
        ON CONFLICT (token) DO UPDATE SET at = excluded.at, address = excluded.address
            WHERE excluded.at > last_used.at";
    lock_tokens(TEXT_ARRAY) = "SELECT id FROM @token WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
    sightings(TEXT_ARRAY) = "
        SELECT token, kind, value, count, first, last FROM @sighting WHERE {current} AND token = ANY($1)";
    put_sightings(TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8_ARRAY) = "
        INSERT INTO @sighting (token, kind, value, count, first, last)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        ON CONFLICT (token, kind, value) DO UPDATE
            SET count = excluded.count, first = excluded.first, last = excluded.last";
    remove_sightings(TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY) = "
        DELETE FROM @sighting WHERE (token, kind, value) IN (SELECT * FROM unnest($1, $2, $3))";
}

#[cfg(test)]
mod tests {
    use service_accounts_private_postgres::{Server, runtime};

    use super::*;
    use crate::{PostgresStore, Settings};

    /// Whoever holds the turn holds up every node; an account with a hundred thousand tokens must not make that longer.
    #[test]
    fn what_a_change_reads_in_its_turn_comes_in_the_order_of_an_index() {
        let Some(server) = Server::shared() else { return };
        let url = server.database();
        let settings = Settings::parse(&url).unwrap();
        let all = Statements::new(&settings);
        drop(runtime().block_on(PostgresStore::connect(settings)).unwrap());
        for (statement, values) in [
            (&all.account_token_and_name, "'a', 't', 'n'"),
            (&all.account_token_name_and_count, "'a', 't', 'n', 9"),
            (&all.token_count, "'a', 9"),
            (&all.accounts_by_id, "'{a}'"),
            (&all.tokens_by_id, "'{t}'"),
            (&all.secrets_of, "'a'"),
            (&all.credentials_of, "'a', 9"),
            (&all.sessions_of, "'a', 9"),
            (&all.newest_of, "'a'"),
            (&all.name_holder, "'a', 'n'"),
            (&all.document, "'k', 'd'"),
        ] {
            let types: Vec<_> = statement.types.iter().map(Type::name).collect();
            let prepare = format!("PREPARE asked ({}) AS {}", types.join(", "), statement.text);
            let only_by_index = "SET enable_seqscan = off; SET enable_bitmapscan = off";
            let plan = server.ask(&url, &format!("{only_by_index}; {prepare}; EXPLAIN EXECUTE asked ({values})"));
            assert!(!plan.contains("Sort") && !plan.contains("Seq Scan"), "{}: {plan}", statement.text);
        }
    }
}
