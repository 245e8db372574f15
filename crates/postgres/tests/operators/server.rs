//! What is done to the server's processes and its disk.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use service_accounts_postgres::PostgresError;
use service_accounts_private_postgres::as_user;
use service_accounts_store::Store;

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

/// A file system of one megabyte; none where this process may not mount one.
struct Small(PathBuf);

impl Small {
    fn mount(server: &Server) -> Option<Self> {
        let small = Self(server.folder().join("small"));
        let is_made = as_user("mkdir").arg(&small.0).status().unwrap().success();
        let is_mounted = is_made && small.with(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"]);
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

#[test]
fn a_disk_that_is_really_full_refuses_changes_until_there_is_space_again() {
    let Some(server) = Server::start() else { return };
    let Some(small) = Small::mount(&server) else { return eprintln!("NOT TESTED: no right to mount a small disk") };
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
