//! What is done to our tables by hand.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use service_accounts_postgres::{PostgresError, PostgresStore, Settings};
use service_accounts_store::{
    Change, Committed, LastUsed, Room, Seen, Sighting, Store, Token, Usage, conformance::Subject,
};

use crate::load::{AT, DEADLINE, Node, Server, connect, event, eventually, settings, wait};

/// Nobody is told that a record is absent because its table is.
#[test]
fn a_table_or_schema_that_is_moved_away_is_told_and_used_again_once_it_is_back() {
    let Some(server) = Server::shared() else { return };
    let node = Node::start(server);
    let name = node.name.clone();
    let account = Subject::<PostgresStore>::account("pipeline").id;
    for (away, back) in [
        (format!("ALTER SCHEMA {name} RENAME TO {name}_old"), format!("ALTER SCHEMA {name}_old RENAME TO {name}")),
        (format!("ALTER TABLE {name}.account RENAME TO moved"), format!("ALTER TABLE {name}.moved RENAME TO account")),
        (
            format!("ALTER TABLE {name}.account RENAME COLUMN record TO text"),
            format!("ALTER TABLE {name}.account RENAME COLUMN text TO record"),
        ),
    ] {
        node.under_load(|| {
            server.sql(&away);
            for _ in 0..5 {
                let answer = wait(node.store().account(&account));
                assert!(matches!(answer, Err(PostgresError::Altered(_))), "{away}: {answer:?}");
            }
            server.sql(&back);
        });
    }
}

#[test]
fn a_table_that_is_dropped_is_never_an_absent_record() {
    let Some(server) = Server::shared() else { return };
    let node = Node::start(server);
    node.under_load(|| ());
    server.sql(&format!("DROP TABLE {}.token CASCADE", node.name));
    let unknown = node.subject.token(&Subject::<PostgresStore>::account("pipeline").id, "unknown").id;
    let answer = wait(node.store().credential(&unknown));
    assert!(matches!(answer, Err(PostgresError::Altered(_))), "{answer:?}");
    // The schema says which release it is of; a start does not make an empty table of what was lost.
    let again = connect(settings(&server.text(), &node.name));
    let answer = again.map(|store| wait(store.credential(&unknown)));
    assert!(!matches!(answer, Ok(Ok(_))), "{answer:?}");
}

#[test]
fn tables_that_are_rewritten_or_indexed_anew_lose_nothing() {
    let Some(server) = Server::shared() else { return };
    let node = Node::start(server);
    // Postgres may end such a command instead of a change, where each waits for the other.
    let run = |text: &str| server.psql(text).stderr(Stdio::null()).status().unwrap();
    node.under_load(|| {
        for table in ["token", "account", "event", "turn"] {
            for how in ["VACUUM FULL", "REINDEX TABLE", "ANALYZE", "CLUSTER"] {
                let by = if how == "CLUSTER" { format!(" USING {table}_pkey") } else { String::new() };
                let _ = run(&format!("{how} {}.{table}{by}", node.name));
            }
        }
        let _ = run(&format!("REINDEX SCHEMA {}", node.name));
    });
}

/// A change reads by the indexes of a table, then writes to it; a command that has locked the table waits for its indexes. Postgres
/// ends one of the two.
#[test]
fn a_change_that_is_ended_by_a_deadlock_is_tried_again() {
    let Some(server) = Server::start() else { return };
    server.sql("ALTER SYSTEM SET deadlock_timeout = '5ms'");
    server.sql("SELECT pg_reload_conf()");
    let node = Node::start(&server);
    let log = || std::fs::read_to_string(server.folder().join("log")).unwrap();
    // The statement of ours that was ended; the other way round it would be the command.
    let ended = || log().split("ERROR:  deadlock detected").skip(1).filter(|rest| !is_of_command(rest)).count();
    node.under_load(|| {
        eventually("a change is ended", || {
            let _ = server.psql(&format!("REINDEX TABLE {}.token", node.name)).stderr(Stdio::null()).status().unwrap();
            ended() >= 5
        });
    });
    // Not none: a machine at its limit may be too slow for its deadline.
    assert!(node.failed() < ended(), "a deadlock is told to the caller");
}

fn is_of_command(report: &str) -> bool {
    report.split("STATEMENT:").nth(1).is_some_and(|statement| statement.trim_start().starts_with("REINDEX"))
}

/// A lock for longer than the deadline: each caller has its answer in time, and connections do not pile up.
#[test]
fn a_long_lock_on_a_table_is_too_slow_and_no_refusal() {
    let Some(server) = Server::shared() else { return };
    let node = Node::start(server);
    let name = node.name.clone();
    node.under_load(|| {
        let lock = format!("BEGIN; LOCK TABLE {name}.token; SELECT pg_sleep({})", (DEADLINE * 3).as_secs());
        let mut holder = server.psql(&lock).stdout(Stdio::null()).spawn().unwrap();
        let unknown = node.subject.token(&Subject::<PostgresStore>::account("pipeline").id, "unknown").id;
        eventually("it is held", || matches!(wait(node.store().credential(&unknown)), Err(PostgresError::TooSlow)));
        node.open(server);
        holder.wait().unwrap();
    });
}

fn applied(subject: &Subject<PostgresStore>, change: Change) {
    assert!(matches!(subject.commit(change), Committed::Applied(_)));
}

/// The dump is older than some changes: they are undone, revocations among them. What the nodes answer is what the tables say
/// from then on, whatever they had decoded or cached before; and what is acknowledged from then on is kept.
#[test]
fn a_restored_dump_is_believed_at_once_by_nodes_that_are_running() {
    let Some(server) = Server::start() else { return };
    let (url, bound) = (server.database(), Duration::from_secs(1));
    let settings = || Settings::parse(&url).unwrap();
    let cached = connect(settings().cache(1 << 20, bound)).unwrap();
    let subject = Subject::new(connect(settings()).unwrap());
    let account = Box::new(Subject::<PostgresStore>::account("pipeline"));
    let [old, new] = ["old", "new"].map(|name| subject.token(&account.id, name));
    let tokens = vec![old.clone()];
    applied(&subject, Change::CreateAccount { account: account.clone(), tokens });
    let dump = server.folder().join("dump.sql");
    std::fs::write(&dump, format!("DROP SCHEMA service_accounts CASCADE;\n{}", server.dump(&url))).unwrap();
    let found = wait(subject.writer().account(&account.id)).unwrap().unwrap();
    let token = Box::new(new.clone());
    applied(&subject, Change::Mint { token, account_revision: found.revision, room: Room::Below(usize::MAX) });
    let read = |store: &PostgresStore, id| wait(store.credential(id)).unwrap();
    eventually("the cache is on", || cached.is_cache_on());
    for _ in 0..5 {
        assert!(read(&cached, &new.id).is_some() && read(subject.writer(), &new.id).is_some());
    }
    server.load(&url, &dump);
    assert!(read(subject.writer(), &new.id).is_none(), "it was minted after the dump");
    assert!(read(subject.writer(), &old.id).is_some());
    let restored = Instant::now();
    while read(&cached, &new.id).is_some() {
        assert!(restored.elapsed() < bound, "a cached credential outlives its table");
    }
    wait(subject.writer().append(&[event("after")])).unwrap();
    eventually("the cache is on again", || cached.is_cache_on());
}

/// Marks are of many tokens, and one of them is removed at that moment. All the others would be lost with it.
#[test]
fn a_token_that_is_removed_beside_its_use_costs_no_mark_of_another() {
    let Some(server) = Server::shared() else { return };
    let (node, [gone, stays]) = (Node::start(server), ["gone", "stays"]);
    let [gone, stays] = [gone, stays].map(|name| minted(&node, name));
    let delete = format!("BEGIN; DELETE FROM {}.token WHERE id = '{}'; SELECT pg_sleep(1); COMMIT", node.name, gone.id);
    let mut holder = server.psql(&delete).stdout(Stdio::null()).spawn().unwrap();
    let of = format!("FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%{}%'", gone.id);
    eventually("it is removed", || server.ask(&server.text(), &format!("SELECT count(*) {of}")) == "1");
    let seen = Seen::UsedFrom("192.0.2.1".parse().unwrap());
    let sighting = Sighting { token: stays.id, seen, count: 3, first: AT, last: AT };
    let used = |token| Usage { token, last: LastUsed { at: AT, address: None } };
    wait(node.store().touch(&[used(gone.id), used(stays.id)], &[sighting])).unwrap();
    holder.wait().unwrap();
    assert_eq!(wait(node.store().sightings(&stays.id)).unwrap().len(), 1);
}

fn minted(node: &Node, name: &str) -> Token {
    let account = Subject::<PostgresStore>::account("pipeline").id;
    let account_revision = wait(node.store().account(&account)).unwrap().unwrap().revision;
    let token = node.subject.token(&account, name);
    let mint = Change::Mint { token: Box::new(token.clone()), account_revision, room: Room::Below(usize::MAX) };
    applied(&node.subject, mint);
    token
}

/// It is there, it is not disabled, and it notifies of nothing that a node does.
#[test]
fn a_trigger_that_fires_for_replicas_only_turns_the_cache_off() {
    let Some(server) = Server::shared() else { return };
    let (node, bound) = (Node::start(server), Duration::from_millis(500));
    let token = minted(&node, "nightly");
    let cached = connect(settings(&server.text(), &node.name).cache(1 << 20, bound)).unwrap();
    eventually("the cache is on", || cached.is_cache_on());
    server.sql(&format!("ALTER TABLE {}.token ENABLE REPLICA TRIGGER announce_change", node.name));
    std::thread::sleep(bound * 3);
    assert!(wait(cached.credential(&token.id)).unwrap().unwrap().standing(AT).is_ok());
    let account = token.account.clone();
    applied(&node.subject, Change::Revoke { token: token.id, account, account_revision: None, at: AT });
    std::thread::sleep(bound * 3);
    assert!(wait(cached.credential(&token.id)).unwrap().unwrap().standing(AT).is_err(), "a revocation is not seen");
}
