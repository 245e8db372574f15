//! What is set on a role, on a database or on the whole server.

use std::{process::Stdio, thread, time::Duration};

use futures_util::future::join_all;
use service_accounts_postgres::{PostgresError, PostgresStore, Prepared, Settings};
use service_accounts_private_postgres::said;
use service_accounts_store::{Store, conformance::Subject};

use crate::load::{Node, Server, connect, event, eventually, name, settings, wait};

/// Each of them on a role of its own, which owns its schema.
fn role_with(server: &Server, set: &[&str]) -> (String, Settings) {
    let role = name();
    server.sql(&format!("CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE postgres TO {role}"));
    set.iter().for_each(|set| server.sql(&format!("ALTER ROLE {role} SET {set}")));
    let settings = settings(&server.text().replace("user=service", &format!("user={role}")), &role);
    (role, settings)
}

#[test]
fn what_is_set_on_a_role_changes_no_answer() {
    let Some(server) = Server::shared() else { return };
    for set in [
        &["search_path = pg_catalog"][..],
        &["TimeZone = 'Pacific/Chatham'", "DateStyle = 'SQL, DMY'", "IntervalStyle = 'iso_8601'"],
        &["bytea_output = 'escape'", "extra_float_digits = 0", "lc_messages = 'C'"],
        &["standard_conforming_strings = off", "backslash_quote = on", "escape_string_warning = on"],
        &["client_encoding = 'LATIN1'"],
        &["default_transaction_isolation = 'serializable'"],
        &["default_transaction_isolation = 'repeatable read'", "default_transaction_deferrable = on"],
        &["statement_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'", "lock_timeout = '1ms'"],
        &["plan_cache_mode = force_custom_plan", "enable_indexscan = off", "jit_above_cost = 0"],
    ] {
        let (role, settings) = role_with(server, set);
        let node = Node::with(settings, role);
        node.under_load(|| ());
        assert_eq!(node.failed(), 0, "{set:?}");
        node.open(server);
    }
}

/// Levels at which a change that waited for its turn fails, where a pooler lets no setting of a session through.
#[test]
fn at_any_default_level_changes_beside_others_do_not_fail() {
    let Some(server) = Server::shared() else { return };
    for level in ["serializable", "repeatable read"] {
        let (role, settings) = role_with(server, &[&format!("default_transaction_isolation = '{level}'")]);
        let node = Node::with(settings.prepared(Prepared::EachTime).connections(16), role);
        for answer in wait(join_all((0..400).map(|_| async { node.store().append(&[event("x")]).await }))) {
            answer.expect(level);
        }
    }
}

/// A server ends sessions that were idle for a while; it may do so at the moment of a call.
#[test]
fn sessions_that_the_server_ends_when_idle_cost_no_call() {
    let Some(server) = Server::shared() else { return };
    let (role, settings) = role_with(server, &["idle_session_timeout = '20ms'"]);
    let node = Node::with(settings, role);
    for pause in (0..30).map(|step| 17 + step % 6) {
        thread::sleep(Duration::from_millis(pause));
        wait(node.store().append(&[event("x")])).unwrap();
        thread::sleep(Duration::from_millis(pause));
        wait(node.store().slowest_cursor()).unwrap();
    }
    node.under_load(|| ());
    assert_eq!(node.failed(), 0);
}

/// Where a disk runs full some operators, and some hosts of databases, let nobody write. Who may call is still known.
#[test]
fn a_database_that_only_reads_for_a_while_still_answers_and_takes_changes_afterwards() {
    let Some(server) = Server::shared() else { return };
    let (role, settings) = role_with(server, &[]);
    let node = Node::with(settings, role.clone());
    node.under_load(|| {
        server.sql(&format!("ALTER ROLE {role} SET default_transaction_read_only = on"));
        node.terminate_all(server);
        eventually("changes are refused", || {
            let refused = wait(node.store().append(&[event("x")]));
            matches!(refused, Err(PostgresError::ReadOnly(_)))
        });
        wait(node.store().slowest_cursor()).unwrap();
        server.sql(&format!("ALTER ROLE {role} SET default_transaction_read_only = off"));
        // One refusal closes every connection that still has the old setting.
        eventually("changes are taken", || wait(node.store().append(&[event("x")])).is_ok());
    });
}

#[test]
fn an_operator_who_turns_durability_off_meanwhile_makes_the_node_unavailable_and_no_change_hasty() {
    let Some(server) = Server::shared() else { return };
    let (role, settings) = role_with(server, &[]);
    let node = Node::with(settings, role.clone());
    node.under_load(|| {
        server.sql(&format!("ALTER ROLE {role} SET synchronous_commit = off"));
        node.terminate_all(server);
        eventually("changes are refused", || {
            matches!(wait(node.store().append(&[event("x")])), Err(PostgresError::NotDurable))
        });
        server.sql(&format!("ALTER ROLE {role} SET synchronous_commit = on"));
    });
}

/// What is wrong at the start is told in words of what to do.
#[test]
fn a_start_that_fails_says_what_to_do() {
    let Some(server) = Server::start() else { return };
    server.sql("CREATE ROLE stranger LOGIN; CREATE ROLE nobody; CREATE ROLE single LOGIN CONNECTION LIMIT 0");
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    server.sql("CREATE DATABASE plain ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
    server.sql("CREATE DATABASE frozen");
    server.sql("ALTER DATABASE frozen SET default_transaction_read_only = on");
    let rules = server.folder().join("data/pg_hba.conf");
    let given = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, format!("local all stranger_with_password scram-sha-256\n{given}")).unwrap();
    server.sql("CREATE ROLE stranger_with_password LOGIN PASSWORD 'right'; SELECT pg_reload_conf()");
    let text = server.text();
    eventually("the rules hold", || {
        let text = text.replace("user=service", "user=stranger_with_password password=right");
        matches!(connect(settings(&text, &name())), Err(PostgresError::NotGranted(_)))
    });
    let refused = |from: &str, to: &str| connect(settings(&text.replace(from, to), &name())).map(drop).unwrap_err();
    for (from, to, is_told, advice) in [
        ("user=service", "user=stranger", "NotGranted", "grant it"),
        ("user=service", "user=nobody", "LoginRefused", "check the user"),
        ("user=service", "user=missing", "LoginRefused", "check the user"),
        ("user=service", "user=stranger_with_password", "LoginRefused", "the password"),
        ("user=service", "user=stranger_with_password password=wrong", "LoginRefused", "the password"),
        ("user=service", "user=single", "TooManyConnections", "raise its limit"),
        ("dbname=postgres", "dbname=missing", "NoDatabase", "create it"),
        ("dbname=postgres", "dbname=latin", "Encoding", "UTF8"),
        ("dbname=postgres", "dbname=plain", "Encoding", "UTF8"),
        ("dbname=postgres", "dbname=frozen", "ReadOnly", "connect to the primary"),
        ("port=5432", "port=5433", "Unavailable", "check its address"),
    ] {
        let error = refused(from, to);
        assert!(
            format!("{error:?}").starts_with(is_told) && error.to_string().contains(advice),
            "{to}: {}",
            said(&error)
        );
    }
}

/// One connection is one too few for no call: the others wait for it.
#[test]
fn a_node_works_with_as_many_connections_as_the_server_gives() {
    let Some(server) = Server::shared() else { return };
    let (role, settings) = role_with(server, &[]);
    server.sql(&format!("ALTER ROLE {role} CONNECTION LIMIT 1"));
    let node = Node::with(settings, role.clone());
    node.under_load(|| ());
    assert_eq!(node.failed(), 0);
    assert_eq!(node.open(server), 1);
}

/// Others have taken every connection while this node had none open.
#[test]
fn a_node_without_a_connection_says_why_and_goes_on_once_there_is_one() {
    let Some(server) = Server::shared() else { return };
    let (role, settings) = role_with(server, &[]);
    let node = Node::with(settings, role.clone());
    node.under_load(|| {
        server.sql(&format!("ALTER ROLE {role} CONNECTION LIMIT 0"));
        node.terminate_all(server);
        eventually("it says why", || {
            matches!(wait(node.store().slowest_cursor()), Err(PostgresError::TooManyConnections(_)))
        });
        server.sql(&format!("ALTER ROLE {role} CONNECTION LIMIT 4"));
    });
}

#[test]
fn a_right_taken_away_is_named_and_given_back_is_used() {
    let Some(server) = Server::shared() else { return };
    let (role, settings) = role_with(server, &[]);
    let node = Node::with(settings, role.clone());
    let account = Subject::<PostgresStore>::account("pipeline").id;
    for what in [format!("TABLE {role}.account"), format!("SCHEMA {role}")] {
        node.under_load(|| {
            server.sql(&format!("REVOKE ALL ON {what} FROM {role}"));
            let refused = wait(node.store().account(&account));
            assert!(matches!(refused, Err(PostgresError::NotGranted(_))), "{what}: {refused:?}");
            server.sql(&format!("GRANT ALL ON {what} TO {role}"));
        });
    }
}

/// The level of a connection that is open would otherwise become another one, and what is acknowledged on it could be lost.
#[test]
fn connections_that_are_open_stay_durable_where_the_server_is_told_otherwise() {
    let Some(server) = Server::start() else { return };
    let node = Node::start(&server);
    let schema = &node.name;
    server.sql(&format!(
        "CREATE TABLE {schema}.level (level TEXT);
         CREATE FUNCTION {schema}.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO {schema}.level VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
         CREATE TRIGGER note AFTER INSERT ON {schema}.event FOR EACH ROW EXECUTE FUNCTION {schema}.note()"
    ));
    server.sql("ALTER SYSTEM SET synchronous_commit = off");
    server.sql("SELECT pg_reload_conf()");
    let is_off = || server.ask(&server.text(), "SHOW synchronous_commit") == "off";
    eventually("new connections have it", is_off);
    for _ in 0..50 {
        let _ = wait(node.store().append(&[event("x")]));
        thread::sleep(Duration::from_millis(5));
    }
    let levels = server.ask(&server.text(), &format!("SELECT DISTINCT level FROM {schema}.level"));
    assert_eq!(levels, "on");
}

/// Each of several servers is asked for reads too: the one that only reads may be the primary.
#[test]
fn a_primary_that_only_reads_is_read_where_several_servers_are_named() {
    let Some(server) = Server::start() else { return };
    let hosts = format!("host={},/nowhere port=5432,5432", server.folder().display());
    let name = name();
    let node = Node::with(settings(&format!("{hosts} user=service dbname=postgres"), &name), name);
    server.sql("ALTER SYSTEM SET default_transaction_read_only = on");
    server.sql("SELECT pg_reload_conf()");
    eventually("changes are refused", || {
        matches!(wait(node.store().append(&[event("x")])), Err(PostgresError::ReadOnly(_)))
    });
    let account = Subject::<PostgresStore>::account("pipeline").id;
    assert!(wait(node.store().account(&account)).unwrap().is_some());
}

#[test]
fn a_listening_connection_is_not_ended_for_being_idle() {
    let Some(server) = Server::shared() else { return };
    let (_, settings) = role_with(server, &["idle_session_timeout = '300ms'"]);
    let cached = connect(settings.cache(1 << 20, Duration::from_secs(8))).unwrap();
    eventually("the cache is on", || cached.is_cache_on());
    for _ in 0..300 {
        assert!(cached.is_cache_on());
        thread::sleep(Duration::from_millis(5));
    }
}

/// The failure of a server that is not there hides no limit of the one that is.
#[test]
fn a_server_that_gives_few_connections_shares_them_where_another_is_lost() {
    let Some(server) = Server::shared() else { return };
    let (role, _) = role_with(server, &[]);
    server.sql(&format!("ALTER ROLE {role} CONNECTION LIMIT 2"));
    let hosts = format!("host={},/nowhere port=5432,5432", server.folder().display());
    let node = Node::with(settings(&format!("{hosts} user={role} dbname=postgres"), &role), role.clone());
    let hold = format!("BEGIN; UPDATE {role}.turn SET last = last; SELECT pg_sleep(1), '{role}'");
    let mut holder = server.psql(&hold).stdout(Stdio::null()).spawn().unwrap();
    let of = format!("FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%{role}%'");
    eventually("turns are held", || server.ask(&server.text(), &format!("SELECT count(*) {of}")) == "1");
    for answer in wait(join_all((0..4).map(|_| async { node.store().append(&[event("x")]).await }))) {
        answer.unwrap();
    }
    holder.wait().unwrap();
}
