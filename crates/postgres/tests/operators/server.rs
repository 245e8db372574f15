//! What is done to the server's processes and its disk.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use service_accounts_postgres::{PostgresError, PostgresStore};
use service_accounts_private_postgres::as_user;
use service_accounts_store::{Store, conformance::Subject};

use crate::load::{Node, Server, event, eventually, wait};

#[test]
fn every_process_of_the_server_ended_again_and_again_loses_nothing() {
    let Some(server) = Server::shared() else { return };
    let node = Node::start(server);
    node.under_load(|| {
        for _ in 0..30 {
            node.terminate_all(server);
            node.until_it_works(10);
            node.open(server);
        }
    });
}

/// Postgres reports it so where a table or the log finds no space; the statement changes nothing then.
#[test]
fn a_full_disk_refuses_changes_with_advice_while_reads_go_on() {
    let Some(server) = Server::shared() else { return };
    let node = Node::start(server);
    let name = &node.name;
    server.sql(&format!(
        "CREATE FUNCTION {name}.fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE 'could not extend file' USING ERRCODE = '53100'; END $$"
    ));
    node.under_load(|| {
        server.sql(&format!("CREATE TRIGGER fill BEFORE INSERT ON {name}.event EXECUTE FUNCTION {name}.fill()"));
        for _ in 0..10 {
            let refused = wait(node.store().append(&[event("x")]));
            assert!(matches!(refused, Err(PostgresError::DiskFull(_))), "{refused:?}");
            wait(node.store().slowest_cursor()).unwrap();
        }
        server.sql(&format!("DROP TRIGGER fill ON {name}.event"));
    });
}

/// A small file system in the folder of a server; none where this process may not mount one.
struct Small(PathBuf);

impl Small {
    fn mount(folder: &Path, megabytes: u32) -> Option<Self> {
        let small = Self(folder.join("small"));
        let is_made = as_user("mkdir").arg(&small.0).status().unwrap().success();
        let is_mounted = is_made && small.with(&["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]);
        let is_given = is_mounted && Command::new("chown").arg("postgres").arg(&small.0).status().unwrap().success();
        is_given.then_some(small)
    }

    fn with(&self, options: &[&str]) -> bool {
        let mut mount = Command::new("mount");
        mount.args(options).arg(&self.0).stderr(Stdio::null()).status().is_ok_and(|end| end.success())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // The server still has files there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}

const NO_RIGHT: &str = "NOT TESTED: no right to mount a small disk";

/// Postgres cannot go on without its log: it stops, and does not start until there is space.
#[test]
fn a_full_disk_under_the_log_loses_nothing_and_needs_only_space() {
    let mut small = None;
    let Some(server) = Server::start_prepared(|folder| {
        small = Small::mount(folder, 64);
        let script = r#"cd "$1"; mv data/pg_wal small/; ln -s "$1/small/pg_wal" data/pg_wal"#;
        assert!(small.is_none() || as_user("sh").args(["-ec", script, "move"]).arg(folder).status().unwrap().success());
    }) else {
        return;
    };
    let Some(small) = small else { return eprintln!("{NO_RIGHT}") };
    let node = Node::start(&server);
    node.under_load(|| {
        let fill = "CREATE TABLE filler AS SELECT repeat('x', 500) FROM generate_series(1, 200000)";
        assert!(!server.psql(fill).stderr(Stdio::null()).status().unwrap().success(), "it is not full");
        let unknown = node.subject.token(&Subject::<PostgresStore>::account("pipeline").id, "unknown").id;
        eventually("it has stopped", || wait(node.store().credential(&unknown)).is_err());
        for _ in 0..10 {
            let read = wait(node.store().credential(&unknown));
            assert!(matches!(read, Err(PostgresError::Unavailable(_) | PostgresError::TooSlow)), "{read:?}");
        }
        let log = std::fs::read_to_string(server.folder().join("log")).unwrap();
        assert!(log.contains("No space left on device"), "it stopped for another reason");
        assert!(small.with(&["-o", "remount,size=1g"]));
    });
}

#[test]
fn a_disk_that_is_really_full_refuses_changes_until_there_is_space_again() {
    let Some(server) = Server::start() else { return };
    let Some(small) = Small::mount(server.folder(), 1) else { return eprintln!("{NO_RIGHT}") };
    let node = Node::start(&server);
    server.sql(&format!("CREATE TABLESPACE small LOCATION '{}'", small.0.display()));
    server.sql(&format!("ALTER TABLE {}.event SET TABLESPACE small", node.name));
    let events: Vec<_> = (0..100).map(|_| event("fills the disk")).collect();
    node.under_load(|| {
        eventually("the disk is full", || {
            matches!(wait(node.store().append(&events)), Err(PostgresError::DiskFull(_)))
        });
        for _ in 0..10 {
            wait(node.store().slowest_cursor()).unwrap();
        }
        assert!(small.with(&["-o", "remount,size=64m"]));
    });
}

/// A person looks for what is slow, and stops it.
#[test]
fn statements_that_are_cancelled_lose_nothing() {
    let Some(server) = Server::shared() else { return };
    let node = Node::start(server);
    let of = format!("FROM pg_stat_activity WHERE application_name = '{}'", node.name);
    node.under_load(|| {
        for _ in 0..30 {
            server.sql(&format!("SELECT pg_cancel_backend(pid) {of}"));
        }
    });
}

/// A later release alters a table while nodes of this one are at work.
#[test]
fn statements_whose_tables_are_altered_are_prepared_anew() {
    let Some(server) = Server::shared() else { return };
    let node = Node::start(server);
    node.under_load(|| ());
    for change in ["ADD COLUMN note TEXT", "DROP COLUMN note", "ALTER record TYPE varchar", "ALTER record TYPE text"] {
        for table in ["token", "account", "event"] {
            server.sql(&format!("ALTER TABLE {}.{table} {change}", node.name));
        }
        wait(node.store().append(&[event("x")])).unwrap();
        node.is_whole();
    }
}
