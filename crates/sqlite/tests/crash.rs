//! Killed at any moment, or out of disk: what was acknowledged is there, and nothing is half there.
//!
//! The process that is killed is this test binary itself, started again for the one test that is otherwise ignored.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "the helpers of tests")]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_naming::AccountId;
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{Authority, Change, Committed, Room, Store, conformance::Subject};
use service_accounts_token::{Kind, TokenId};
use time::UtcDateTime;

const DATABASE: &str = "CRASH_TEST_DATABASE";

#[test]
fn a_process_killed_at_any_moment_leaves_what_it_acknowledged_and_nothing_half() {
    let mut acknowledged = 0;
    for round in 0..20_u64 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        let mut child = start(Command::new(std::env::current_exe().unwrap()), &path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.by_ref().find(|line| line.contains("ack "));
        // Rounds end at moments of their own, less than a transaction apart and up to many.
        thread::sleep(Duration::from_micros(round * round * 337));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged += inspect(&path, first.into_iter().chain(lines));
    }
    assert!(acknowledged > 100, "only {acknowledged} were acknowledged: nothing was tried");
}

#[test]
fn a_full_disk_is_an_error_and_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let mut shell = Command::new("sh");
    // No file may grow past this; without the trap the process would be killed instead of told.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    let mut child = start(shell, &path);
    let lines: Vec<_> = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    child.wait().unwrap();
    assert!(lines.iter().any(|line| line.contains("failed: ")), "the disk was never full: {lines:?}");
    assert!(inspect(&path, lines) > 10);
    let store = SqliteStore::open(&path).unwrap();
    let subject = Subject::new(store);
    let change = Change::CreateAccount { account: Box::new(Subject::<SqliteStore>::account("later")), tokens: vec![] };
    assert!(matches!(subject.commit(change), Committed::Applied(_)), "with room again it goes on");
}

/// Not a test: what the others start as a process of its own. It mints and revokes until it is killed or fails.
#[test]
#[ignore = "it is started by the other tests"]
fn work_until_killed() {
    let Ok(path) = std::env::var(DATABASE) else { return };
    let subject = Subject::new(SqliteStore::open(path).unwrap());
    let account = Subject::<SqliteStore>::account("pipeline");
    let id = account.id.clone();
    assert!(matches!(
        subject.commit(Change::CreateAccount { account: Box::new(account), tokens: vec![] }),
        Committed::Applied(_)
    ));
    thread::scope(|scope| {
        for worker in 0..3 {
            let (subject, id) = (&subject, &id);
            scope.spawn(move || work(subject, id, worker));
        }
    });
}

fn work(subject: &Subject<SqliteStore>, account: &AccountId, worker: usize) {
    let account_revision = pollster::block_on(subject.reader().account(account)).unwrap().unwrap().revision;
    for n in 0_u32.. {
        let token = subject.token(account, &format!("token-{worker}-{n}"));
        let id = token.id;
        let mut changes = vec![(
            Action::TokenMinted,
            Change::Mint { token: Box::new(token), account_revision, room: Room::Below(usize::MAX) },
        )];
        if n % 2 == 1 {
            changes.push((
                Action::TokenRevoked,
                Change::Revoke {
                    token: id,
                    account: account.clone(),
                    account_revision: None,
                    at: UtcDateTime::UNIX_EPOCH,
                },
            ));
        }
        for (action, change) in changes {
            if !acknowledged(subject, change, action, &id) {
                return say(&format!("failed: {action} {id}"));
            }
            say(&format!("ack {action} {id}"));
        }
    }
}

/// Whether the store acknowledged it; where it failed, nothing is known but that an error was given.
fn acknowledged(subject: &Subject<SqliteStore>, change: Change, action: Action, id: &TokenId) -> bool {
    let event = Event::new(action, Label::new("crash"), UtcDateTime::UNIX_EPOCH).about_token(Label::new(id.as_str()));
    let answer = pollster::block_on(subject.writer().commit(&Authority::Host, change, event));
    matches!(answer, Ok(Committed::Applied(_)))
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody listens");
}

fn start(mut command: Command, path: &Path) -> Child {
    command
        .args(["--exact", "work_until_killed", "--ignored", "--nocapture"])
        .env(DATABASE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Opens what is left and checks it against what was acknowledged; tells how much that was.
fn inspect(path: &Path, lines: impl IntoIterator<Item = String>) -> usize {
    let store = SqliteStore::open(path).unwrap();
    let (minted, revoked) = found(&store);
    assert_eq!(events(&store, Action::TokenMinted), minted, "tokens and the events that made them are the same");
    assert_eq!(events(&store, Action::TokenRevoked), revoked);
    let mut count = 0;
    for line in lines {
        let Some((_, acknowledged)) = line.split_once("ack ") else { continue };
        let (what, id) = acknowledged.split_once(' ').unwrap();
        let there = if what == Action::TokenMinted.as_str() { &minted } else { &revoked };
        assert!(there.contains(id), "acknowledged and lost: {what} {id}");
        count += 1;
    }
    count
}

/// The ids of all tokens, and of those that are revoked.
fn found(store: &SqliteStore) -> (BTreeSet<String>, BTreeSet<String>) {
    let account = AccountId::parse("pipeline@service").unwrap();
    let page = pollster::block_on(store.credentials(&account, Kind::Token, None, usize::MAX)).unwrap();
    let tokens = || page.items.iter().map(|listed| listed.credential.token());
    let id = |token: &service_accounts_store::Token| token.id.to_string();
    (tokens().map(id).collect(), tokens().filter(|token| token.state.is_revoked()).map(id).collect())
}

/// The ids of the tokens that such an event tells of.
fn events(store: &SqliteStore, action: Action) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut next = Some(Query::default().for_action(action).limit(Query::MAX_LIMIT));
    while let Some(query) = next {
        let page = pollster::block_on(store.events(&query)).unwrap();
        ids.extend(page.events.iter().map(|recorded| recorded.event.token().unwrap().to_string()));
        next = page.next.map(|place| query.continue_from(place));
    }
    ids
}
