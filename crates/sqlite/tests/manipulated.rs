//! Whatever another program does to a file of a store that is serving, the process of the store goes on.
//!
//! Each case is a process of its own, which a signal would end. codebase-memory-mcp#314: a file that was cut short did. One case is
//! left, and the README names it: the index of the log, cut short.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::{
    env,
    fs::{self, OpenOptions, Permissions},
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use pollster::block_on;
use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_naming::Realm;
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{AccountFilter, Authority, Change, Committed, MemoryStore, Store, conformance::Subject};
use time::UtcDateTime;

type Manipulate = fn(&Path);

/// By what is done to a file, whether or not it is there.
const MANIPULATIONS: [(&str, Manipulate); 9] = [
    ("cut to nothing", |path| cut(path, 0)),
    ("cut in half", |path| cut(path, fs::metadata(path).map_or(0, |found| found.len() / 2))),
    ("cut by a byte", |path| cut(path, fs::metadata(path).map_or(0, |found| found.len().saturating_sub(1)))),
    ("made longer", |path| cut(path, fs::metadata(path).map_or(0, |found| found.len()) + 100_000)),
    ("overwritten", overwrite),
    ("replaced", |path| {
        let other = path.with_extension("other");
        fs::write(&other, [0x5a; 70_000]).unwrap();
        fs::rename(other, path).unwrap();
    }),
    ("deleted", |path| drop(fs::remove_file(path))),
    ("moved", |path| drop(fs::rename(path, path.with_extension("moved")))),
    ("closed to everybody", |path| drop(fs::set_permissions(path, Permissions::from_mode(0o000)))),
];

fn cut(path: &Path, length: u64) {
    if let Ok(file) = OpenOptions::new().write(true).open(path) {
        file.set_len(length).unwrap();
    }
}

/// In the middle, and at the beginning, where SQLite keeps what it believes.
fn overwrite(path: &Path) {
    let Ok(mut file) = OpenOptions::new().write(true).open(path) else { return };
    let middle = file.metadata().unwrap().len() / 2;
    for place in [middle, 0] {
        file.seek(SeekFrom::Start(place)).unwrap();
        file.write_all(&[0xa5; 600]).unwrap();
    }
}

/// How a process ends whose store is busy while something is done to one of its files.
fn ends(file: &str, manipulate: Manipulate) -> ExitStatus {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "serve_while_a_file_is_manipulated", "--ignored", "--nocapture"])
        .env("MANIPULATED", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    wait_for(&mut told, "serving");
    manipulate(&PathBuf::from(format!("{}{file}", path.display())));
    child.stdin.take().unwrap().write_all(b"done\n").unwrap();
    let status = child.wait().unwrap();
    drop(told);
    status
}

fn wait_for(told: &mut impl BufRead, word: &str) {
    let mut line = String::new();
    while !line.contains(word) {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "the process ended before it was {word}");
    }
}

fn assert_goes_on(files: &'static [&'static str], is_spared: impl Fn(&str) -> bool + Sync) {
    let (files_of, is_spared) = (files.iter().copied(), &is_spared);
    for file in files_of {
        thread::scope(|scope| {
            for (how, manipulate) in MANIPULATIONS.iter().filter(|(how, _)| !is_spared(how)) {
                scope.spawn(move || {
                    let status = ends(file, *manipulate);
                    assert!(status.success(), "accounts.db{file}, {how}: signal {:?}, {status}", status.signal());
                });
            }
        });
    }
}

#[test]
fn nothing_that_is_done_to_the_database_or_its_log_ends_the_process() {
    assert_goes_on(&["", "-wal", "-journal"], |_| false);
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_that_is_done_to_the_index_of_the_log_ends_the_process_but_to_cut_it_short() {
    assert_goes_on(&["-shm"], |how| how.starts_with("cut"));
}

/// Not a test: what the others start.
#[test]
#[ignore = "it is started by another test"]
fn serve_while_a_file_is_manipulated() {
    let Ok(path) = env::var("MANIPULATED") else { return };
    let store = SqliteStore::open(&path).unwrap();
    let account = Subject::<SqliteStore>::account("pipeline");
    let token = Subject::new(MemoryStore::new()).token(&account.id, "nightly");
    let id = token.id;
    let change = Change::CreateAccount { account: Box::new(account), tokens: vec![token] };
    assert!(matches!(block_on(store.commit(&Authority::Host, change, event())), Ok(Committed::Applied(_))));
    // So that there is something to cut in each of the files: what is closed is moved from the log to the database.
    block_on(store.append(&vec![event(); 1_000])).unwrap();
    block_on(store.close());
    let store = SqliteStore::open(&path).unwrap();
    (0..20).for_each(|_| block_on(store.append(&[event()])).unwrap());
    let read = || drop(block_on(store.credential(&id)));
    let write = || drop(block_on(store.append(&[event()])));
    let list = || {
        drop((block_on(store.accounts(&every(), None, 9)), block_on(store.events(&Query::default().oldest_first()))))
    };
    let calls: [&(dyn Fn() + Sync); 3] = [&read, &write, &list];
    let is_done = &AtomicBool::new(false);
    thread::scope(|scope| {
        for call in calls {
            scope.spawn(move || {
                while !is_done.load(Ordering::Relaxed) {
                    call();
                }
                (0..30).for_each(|_| call());
            });
        }
        println!("serving");
        let _ = std::io::stdin().read_exact(&mut [0; 5]);
        is_done.store(true, Ordering::Relaxed);
    });
    block_on(store.close());
}

fn every() -> AccountFilter {
    AccountFilter::of(Realm::default())
}

fn event() -> Event {
    Event::new(Action::TokenRevoked, Label::new("test"), UtcDateTime::UNIX_EPOCH)
}
