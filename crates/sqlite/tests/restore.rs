//! A backup is put back over the file of a running service: what was known of the later state is forgotten.
//!
//! etcd#16029: after a restore revisions come again, and a cached credential of a disabled account worked until restart.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use pollster::block_on;
use rusqlite::{Connection, backup::Backup};
use service_accounts_naming::AccountId;
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{
    Account, Change, Committed, Credential, Purpose, Room, Status, Store, Token, conformance::Subject,
};
use tempfile::TempDir;
use time::UtcDateTime;

struct Scene {
    subject: Subject<SqliteStore>,
    token: Token,
    path: PathBuf,
    backup: PathBuf,
    _folder: TempDir,
}

impl Scene {
    /// An account with one token.
    fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        let subject = Subject::new(SqliteStore::open(&path).unwrap());
        let account = Subject::<SqliteStore>::account("pipeline");
        let token = subject.token(&account.id, "nightly");
        let scene =
            Self { subject, token: token.clone(), path, backup: folder.path().join("backup.db"), _folder: folder };
        scene.apply(Change::CreateAccount { account: Box::new(account), tokens: vec![token] });
        scene
    }

    fn apply(&self, change: Change) {
        assert!(matches!(self.subject.commit(change), Committed::Applied(_)));
    }

    fn revoke(&self) {
        let at = UtcDateTime::UNIX_EPOCH;
        self.apply(Change::Revoke { token: self.token.id, account: id(), account_revision: None, at });
    }

    fn set_status(&self, status: Status) {
        self.update(|account| Account { status, ..account });
    }

    /// Another state of the account, which works as before.
    fn edit(&self) {
        self.update(|account| Account {
            purpose: Purpose::parse(&format!("kept since {}", account.revision)).unwrap(),
            ..account
        });
    }

    fn update(&self, updated: impl Fn(Account) -> Account) {
        let present = block_on(self.store().account(&id())).unwrap().unwrap();
        let account = Box::new(updated(present.as_ref().clone()));
        self.apply(Change::UpdateAccount { account, expected: present.revision });
    }

    fn store(&self) -> &SqliteStore {
        self.subject.writer()
    }

    /// What the running service reads; a service that is started now reads the same.
    fn read(&self) -> Arc<Credential> {
        let running = read(self.store(), &self.token).unwrap();
        let fresh = read(&SqliteStore::open(&self.path).unwrap(), &self.token).unwrap();
        assert_eq!((running.token(), running.account()), (fresh.token(), fresh.account()));
        assert_eq!(block_on(self.store().account(&id())).unwrap().as_ref(), Some(running.account()));
        running
    }

    /// As the README says, while the service goes on.
    fn back_up(&self) {
        let _ = std::fs::remove_file(&self.backup);
        block_on(self.store().back_up(&self.backup)).unwrap();
    }

    /// As the README says, under the running service.
    fn restore(&self) {
        copy(&self.backup, &self.path);
    }
}

fn id() -> AccountId {
    AccountId::parse("pipeline@service").unwrap()
}

fn read(store: &SqliteStore, token: &Token) -> Option<Arc<Credential>> {
    block_on(store.credential(&token.id)).unwrap()
}

/// What `.restore` of the program `sqlite3` does.
fn copy(from: &Path, to: &Path) {
    let (from, mut to) = (Connection::open(from).unwrap(), Connection::open(to).unwrap());
    Backup::new(&from, &mut to).unwrap().run_to_completion(100, Duration::from_millis(5), None).unwrap();
}

#[test]
fn a_restore_under_the_running_service_is_seen_at_once() {
    let scene = Scene::set();
    scene.set_status(Status::Disabled);
    scene.back_up();
    scene.set_status(Status::Enabled);
    assert_eq!(scene.read().account().status, Status::Enabled);
    scene.restore();
    assert_eq!(scene.read().account().status, Status::Disabled);
}

#[test]
fn an_account_that_is_disabled_after_a_restore_works_nowhere() {
    let scene = Scene::set();
    scene.back_up();
    // This state and the disabled one get the same revision.
    scene.edit();
    let before = scene.read().account().revision;
    scene.restore();
    scene.set_status(Status::Disabled);
    assert_eq!(scene.read().account().revision, before, "or nothing is tried");
    assert_eq!(scene.read().account().status, Status::Disabled);
}

#[test]
fn a_token_that_is_revoked_after_a_restore_works_nowhere() {
    let scene = Scene::set();
    scene.back_up();
    let present = scene.read().token().clone();
    let expected = present.revision;
    let token = Box::new(Token { last_look: Some(UtcDateTime::UNIX_EPOCH), ..present });
    scene.apply(Change::UpdateToken { expected, token, account_revision: None });
    let before = scene.read().token().revision;
    scene.restore();
    scene.revoke();
    assert_eq!(scene.read().token().revision, before, "or nothing is tried");
    assert!(scene.read().token().state.is_revoked());
}

#[test]
fn a_restore_without_a_read_between_is_seen_too() {
    for reads in [true, false] {
        let scene = Scene::set();
        scene.back_up();
        scene.edit();
        scene.read();
        scene.restore();
        if reads {
            assert_eq!(scene.read().account().status, Status::Enabled);
        }
        scene.set_status(Status::Disabled);
        scene.back_up();
        scene.set_status(Status::Enabled);
        scene.read();
        scene.restore();
        assert_eq!(scene.read().account().status, Status::Disabled);
    }
}

#[test]
fn what_was_minted_after_the_backup_is_gone_and_what_was_revoked_works_again() {
    let scene = Scene::set();
    scene.back_up();
    let later = scene.subject.token(&id(), "later");
    let account_revision = scene.read().account().revision;
    scene.apply(Change::Mint { token: Box::new(later.clone()), account_revision, room: Room::Below(usize::MAX) });
    scene.revoke();
    assert!(scene.read().token().state.is_revoked());
    scene.restore();
    assert!(read(scene.store(), &later).is_none());
    assert!(!scene.read().token().state.is_revoked(), "the README says so, and what to do");
}

#[test]
fn a_restore_under_a_stopped_service_brings_the_backup_back() {
    let scene = Scene::set();
    scene.back_up();
    scene.revoke();
    let Scene { subject, token, path, backup, _folder } = scene;
    drop(subject);
    // Dropping blocks nobody: the service has stopped when it has put its log away.
    let log = path.with_extension("db-wal");
    let began = std::time::Instant::now();
    while log.exists() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.clone().into_os_string();
        file.push(suffix);
        let _ = std::fs::remove_file(file);
    }
    std::fs::copy(backup, &path).unwrap();
    assert!(!read(&SqliteStore::open(&path).unwrap(), &token).unwrap().token().state.is_revoked());
}

#[test]
fn a_backup_is_whole_and_private_while_changes_go_on() {
    let scene = Scene::set();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..60).for_each(|_| scene.edit()));
        for _ in 0..10 {
            scene.back_up();
            let copied = Connection::open(&scene.backup).unwrap();
            let check: String = copied.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(check, "ok");
            let newest = "SELECT (SELECT max(revision) FROM account) = (SELECT max(sequence) FROM event)";
            assert!(copied.query_row(newest, [], |row| row.get::<_, bool>(0)).unwrap(), "a change without its event");
        }
    });
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&scene.backup).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_backup_never_takes_the_place_of_a_file() {
    let scene = Scene::set();
    std::fs::write(&scene.backup, "a letter").unwrap();
    for file in [&scene.backup, &scene.path] {
        let before = std::fs::read(file).unwrap();
        assert!(block_on(scene.store().back_up(file)).is_err());
        assert_eq!(std::fs::read(file).unwrap(), before);
    }
    assert!(block_on(scene.store().back_up(scene.path.join("nowhere"))).is_err());
}
