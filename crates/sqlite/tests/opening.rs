//! Opening a file that others open too, that is another program's, or that cannot be used; and closing it again.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::pin,
    process::{Command, Stdio},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use pollster::block_on;
use rusqlite::Connection;
use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_sqlite::{SqliteError, SqliteStore};
use service_accounts_store::Store;
use tempfile::TempDir;
use time::UtcDateTime;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    (folder, path)
}

fn event() -> Event {
    Event::new(Action::AccessDenied, Label::new("test"), UtcDateTime::UNIX_EPOCH)
}

/// pitchfork#660: of two processes that opened one new file, one in ten was told that it is locked.
#[test]
fn many_processes_that_open_one_new_file_at_once_all_succeed() {
    for _ in 0..4 {
        let (_folder, path) = folder();
        let start = || {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "open_append_and_close", "--ignored"]).env("NEW_DATABASE", &path);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<_> = (0..8).map(|_| start()).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(block_on(store.events(&Query::default())).unwrap().events.len(), 8);
    }
}

/// Not a test: what each of the processes does.
#[test]
#[ignore = "it is started by another test"]
fn open_append_and_close() {
    let Ok(path) = std::env::var("NEW_DATABASE") else { return };
    let store = SqliteStore::open(path).unwrap();
    block_on(store.append(&[event()])).unwrap();
    block_on(store.close());
}

/// mentat#324: another program's database was opened, or taken over.
#[test]
fn another_programs_database_is_refused_and_left_as_it_is() {
    let theirs = [
        "CREATE TABLE account (id TEXT)",
        "CREATE TABLE account (id TEXT); PRAGMA user_version = 1",
        "CREATE TABLE account (id, revision, record); CREATE TABLE token (id, account, kind, name, next_due, revision,
         record); CREATE TABLE event (sequence, at, action, account, token, record); PRAGMA user_version = 1",
        "CREATE TABLE places (url TEXT); PRAGMA user_version = 1; PRAGMA application_id = 7",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = 1",
        "PRAGMA user_version = 7",
    ];
    for statements in theirs {
        let (_folder, path) = folder();
        Connection::open(&path).unwrap().execute_batch(statements).unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(SqliteStore::open(&path), Err(SqliteError::Foreign)), "{statements}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{statements}");
    }
}

#[test]
fn our_files_say_whose_they_are_and_bear_other_tables_beside_ours() {
    let (_folder, path) = folder();
    block_on(SqliteStore::open(&path).unwrap().close());
    let raw = Connection::open(&path).unwrap();
    let id: i32 = raw.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
    assert_eq!(id.to_be_bytes(), *b"sacc");
    // Such as a tool for replication leaves behind.
    raw.execute_batch("CREATE TABLE _replica_seq (id INTEGER)").unwrap();
    assert!(SqliteStore::open(&path).is_ok());
}

/// The files of schema 1 do not say whose they are.
#[test]
fn a_file_from_before_files_were_signed_is_signed_when_it_is_opened() {
    let (_folder, path) = folder();
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen/v1.db"), &path).unwrap();
    drop(SqliteStore::open(&path).unwrap());
    let raw = Connection::open(&path).unwrap();
    let id: i32 = raw.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
    assert_eq!(id.to_be_bytes(), *b"sacc");
}

/// bb8#75: dropping the store blocked an async thread up to five seconds.
#[test]
fn a_drop_blocks_nobody_and_keeps_what_was_asked_for() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    {
        // Asked for and not waited for, as by a future that is dropped.
        let events = [event()];
        let mut asked = pin!(store.append(&events));
        assert!(matches!(asked.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
    }
    let start = Instant::now();
    drop(store);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    raw.execute_batch("ROLLBACK").unwrap();
    drop(raw);
    let fresh = SqliteStore::open(&path).unwrap();
    let patience = Instant::now() + Duration::from_secs(5);
    while block_on(fresh.events(&Query::default())).unwrap().events.is_empty() {
        assert!(Instant::now() < patience, "what was asked for is done");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_closed_store_leaves_one_file_with_everything() {
    let (folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    block_on(store.append(&[event()])).unwrap();
    block_on(store.close());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the log is put away");
    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    assert_eq!(block_on(SqliteStore::open(copy).unwrap().events(&Query::default())).unwrap().events.len(), 1);
}

#[test]
fn long_reads_are_refused_when_too_many_wait_and_requests_go_on() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let query = Query::default();
    let mut waiting: Vec<_> = (0..20_000).map(|_| Box::pin(store.events(&query))).collect();
    let mut refused = 0;
    for read in &mut waiting {
        match read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(SqliteError::Overloaded)) => refused += 1,
            Poll::Ready(Err(error)) => panic!("{error}"),
            Poll::Ready(Ok(_)) | Poll::Pending => {}
        }
    }
    assert!(refused > 0, "the queue has a bound");
    drop(waiting);
    let patience = Instant::now() + Duration::from_secs(5);
    while block_on(store.events(&query)).is_err() {
        assert!(Instant::now() < patience, "and is free again");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Where the file system lets nobody write, SQLite would open the file to read only, without a word.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, path) = folder();
    block_on(SqliteStore::open(&path).unwrap().close());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may write everything, so another user tries where this is one.
    let program = std::env::current_exe().unwrap();
    let test = ["--exact", "open_what_cannot_be_written", "--ignored", "--nocapture"];
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = if is_root { Command::new("setpriv") } else { Command::new(&program) };
    let elsewhere = tempfile::tempdir().unwrap();
    if is_root {
        // The program may stand where only the superuser looks.
        let copy = elsewhere.path().join("opening");
        std::fs::copy(&program, &copy).unwrap();
        std::fs::set_permissions(elsewhere.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        command.args(["--reuid", "65534", "--clear-groups"]).arg(&copy);
    }
    let output = command.args(test).env("NEW_DATABASE", &path).current_dir("/").output().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Not a test: what the other user does.
#[test]
#[ignore = "it is started by another test"]
fn open_what_cannot_be_written() {
    let Ok(path) = std::env::var("NEW_DATABASE") else { return };
    match SqliteStore::open(path) {
        Err(SqliteError::ReadOnly) => {}
        other => panic!("expected a refusal, found {other:?}"),
    }
}
