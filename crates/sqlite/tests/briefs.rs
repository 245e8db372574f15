//! What was found out about a credential serves without its row only while nobody has committed anything that concerns it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use pollster::block_on;
use rusqlite::Connection;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{
    Account, Change, Clearance, Committed, LastUsed, Room, Status, Store, Token, Usage, conformance::Subject,
};
use tempfile::TempDir;
use time::UtcDateTime;

const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;
const COMMITS: u32 = 20_000;
const PATH: &str = "SERVICE_ACCOUNTS_COMMITS_TO";

/// A file with two tokens of one account, opened twice, as by two processes.
struct Scene {
    folder: TempDir,
    subject: Subject<SqliteStore>,
    other: SqliteStore,
    token: Token,
    sibling: Token,
}

impl Scene {
    fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        let subject = Subject::new(SqliteStore::open(&path).unwrap());
        let account = Subject::<SqliteStore>::account("pipeline");
        let (token, sibling) = (subject.token(&account.id, "nightly"), subject.token(&account.id, "daily"));
        let tokens = vec![token.clone(), sibling.clone()];
        let scene = Self { other: SqliteStore::open(&path).unwrap(), folder, subject, token, sibling };
        scene.apply(Change::CreateAccount { account: Box::new(account), tokens });
        scene
    }

    fn apply(&self, change: Change) {
        assert!(matches!(self.subject.commit(change), Committed::Applied(_)));
    }

    fn revoke(&self) {
        let (token, account) = (self.token.id, self.token.account.clone());
        self.apply(Change::Revoke { token, account, account_revision: None, at: AT });
    }

    fn mint(&self, name: &str) {
        let account_revision = self.account().revision;
        let token = Box::new(self.subject.token(&self.token.account, name));
        self.apply(Change::Mint { token, account_revision, room: Room::Below(usize::MAX) });
    }

    fn disable(&self) {
        let account = Account { status: Status::Disabled, ..self.account() };
        self.apply(Change::UpdateAccount { expected: account.revision, account: Box::new(account) });
    }

    fn account(&self) -> Account {
        block_on(self.own().account(&self.token.account)).unwrap().unwrap().as_ref().clone()
    }

    /// The store that changes go to.
    fn own(&self) -> &SqliteStore {
        self.subject.writer()
    }

    fn clear_both(&self) {
        for token in [&self.token, &self.sibling] {
            clear(self.own(), token);
            clear(&self.other, token);
        }
    }

    /// Whether each store serves each token's brief: of the own store, then of the other.
    fn served(&self) -> [bool; 4] {
        let is_served = |store, token| told(store, token).is_some();
        let (own, other) = (self.own(), &self.other);
        [(own, &self.token), (own, &self.sibling), (other, &self.token), (other, &self.sibling)]
            .map(|(store, token)| is_served(store, token))
    }
}

/// What a brief says: the token's revision when it was cleared.
fn told(store: &SqliteStore, token: &Token) -> Option<u64> {
    let told = store.brief(&token.id)?.read()?;
    (told.by == 1 && told.tag == token.digest.tag()).then_some(told.what)
}

/// Reads the record and clears it with its revision, which is given back.
fn clear(store: &SqliteStore, token: &Token) -> u64 {
    let found = block_on(store.credential(&token.id)).unwrap().unwrap();
    let what = found.token().revision.event().number().try_into().unwrap();
    store.clear(&found, Clearance { by: 1, what, until: UtcDateTime::MAX });
    what
}

/// As a request does it.
fn is_let_in(store: &SqliteStore, token: &Token) -> bool {
    if told(store, token).is_some() {
        return true;
    }
    let found = block_on(store.credential(&token.id)).unwrap().unwrap();
    let is_good = !found.token().state.is_revoked() && found.account().status == Status::Enabled;
    if is_good {
        store.clear(&found, Clearance { by: 1, what: 1, until: UtcDateTime::MAX });
    }
    is_good
}

#[test]
fn a_brief_outlives_commits_of_its_own_store_that_do_not_concern_it() {
    let scene = Scene::set();
    assert_eq!(scene.served(), [false; 4], "nobody has cleared them");
    scene.clear_both();
    assert_eq!(scene.served(), [true; 4]);
    let last = LastUsed { at: AT, address: None };
    let event = Event::new(Action::AccessGranted, Label::new("pipeline"), AT);
    block_on(scene.own().touch(&[Usage { token: scene.token.id, last }], &[])).unwrap();
    block_on(scene.own().append(&[event])).unwrap();
    scene.mint("weekly");
    assert_eq!(scene.served(), [true, true, false, false]);
    scene.clear_both();
    scene.revoke();
    assert_eq!(scene.served(), [false, true, false, false]);
}

#[test]
fn a_change_of_the_account_ends_the_briefs_of_all_its_tokens() {
    let scene = Scene::set();
    scene.clear_both();
    scene.disable();
    assert_eq!(scene.served(), [false; 4]);
    scene.clear_both();
    assert_eq!(scene.served(), [true; 4]);
}

/// A commit of somebody else's, known or not before one's own, is never skipped.
#[test]
fn a_commit_of_anybody_elses_ends_every_brief() {
    for others in 1..4 {
        let scene = Scene::set();
        scene.clear_both();
        let event = Event::new(Action::AccessGranted, Label::new("pipeline"), AT);
        (0..others).for_each(|_| block_on(scene.other.append(std::slice::from_ref(&event))).unwrap());
        assert_eq!(scene.served(), [false, false, true, true]);
        scene.mint("weekly");
        assert_eq!(scene.served(), [false; 4]);
    }
}

#[test]
fn what_was_read_before_a_commit_clears_nothing_after_it() {
    let scene = Scene::set();
    let stores = [scene.own(), &scene.other];
    let read = stores.map(|store| block_on(store.credential(&scene.token.id)).unwrap().unwrap());
    scene.revoke();
    for (store, found) in stores.into_iter().zip(read) {
        store.clear(&found, Clearance { by: 1, what: 1, until: UtcDateTime::MAX });
    }
    assert_eq!(scene.served(), [false; 4]);
}

#[test]
fn no_thread_is_let_in_after_a_revocation_was_acknowledged() {
    for round in 0..20 {
        let scene = Scene::set();
        let is_acknowledged = AtomicBool::new(false);
        let watch = |store| {
            loop {
                let must_be_refused = is_acknowledged.load(Ordering::SeqCst);
                let is_let_in = is_let_in(store, &scene.token);
                // Lines are written beside the one that is looked at.
                let _ = self::is_let_in(store, &scene.sibling);
                assert!(!(is_let_in && must_be_refused));
                if must_be_refused {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            for store in [scene.own(), &scene.other, scene.own(), &scene.other] {
                scope.spawn(move || watch(store));
            }
            (0..round % 4).for_each(|number| scene.mint(&format!("weekly-{number}")));
            if round % 2 == 0 {
                scene.revoke()
            } else {
                scene.disable()
            }
            is_acknowledged.store(true, Ordering::SeqCst);
        });
    }
}

/// A read that begins after another process has told of its commit sees it or a later one.
#[test]
fn no_commit_of_another_process_is_seen_late() {
    let scene = Scene::set();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "commit_and_tell", "--ignored", "--nocapture"])
        .env(PATH, scene.folder.path().join("accounts.db"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let (committed, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let (reads, briefs) = thread::scope(|scope| {
        scope.spawn(|| {
            let numbers = lines.filter_map(|line| line.rsplit_once("committed ")?.1.parse().ok());
            numbers.for_each(|number| committed.store(number, Ordering::SeqCst));
            is_over.store(true, Ordering::SeqCst);
        });
        // Transactions of the store's own that write nothing: a commit between them is the other process's.
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                block_on(scene.other.touch(&[], &[])).unwrap();
            }
        });
        let (mut reads, mut briefs) = (0, 0);
        while !is_over.load(Ordering::SeqCst) {
            let least = committed.load(Ordering::SeqCst);
            let brief = told(&scene.other, &scene.token);
            let seen = brief.unwrap_or_else(|| clear(&scene.other, &scene.token));
            // Whoever panics here must not leave the others to wait.
            is_over.fetch_or(seen < least, Ordering::SeqCst);
            assert!(seen >= least, "{seen} after {least}");
            (reads, briefs) = (reads + 1, briefs + u32::from(brief.is_some()));
        }
        (reads, briefs)
    });
    assert!(child.wait().unwrap().success());
    println!("{briefs} of {reads} reads were of a brief");
    assert_eq!(committed.into_inner(), u64::from(1_000 + COMMITS));
    assert!(briefs > 0, "or nothing is tried");
}

/// Not a test: the other process. The log is begun anew now and then.
#[test]
#[ignore = "it is started by another test"]
fn commit_and_tell() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let file = Connection::open(Path::new(&path)).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    file.pragma_update(None, "synchronous", 0).unwrap();
    let change = "UPDATE token SET revision = ?1, record = json_set(record, '$.revision', ?1)";
    for number in 1..=COMMITS {
        file.execute(change, [1_000 + number]).unwrap();
        if number % 997 == 0 {
            let _ = file.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
        }
        writeln!(std::io::stdout(), "committed {}", 1_000 + number).unwrap();
    }
}
