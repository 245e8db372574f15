//! A failing database is an error to whoever asked: nothing is half done, and nobody else pays for it.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use service_accounts_audit::{Action, Event, Label};
use service_accounts_naming::AccountId;
use service_accounts_sqlite::{SqliteError, SqliteStore};
use service_accounts_store::{
    Account, Authority, Change, Committed, Document, DocumentId, DocumentKind, LastUsed, Revision, Room, Status, Store,
    Tended, Token, Usage, conformance::Subject,
};
use tempfile::TempDir;
use time::UtcDateTime;

const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;

struct Scene {
    subject: Subject<SqliteStore>,
    /// Another process's connection, so to say.
    raw: Connection,
    _folder: TempDir,
}

impl Scene {
    /// An account `pipeline` with a client secret and a token that was used once.
    fn set() -> (Self, Token, Token) {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("accounts.db");
        let subject = Subject::new(SqliteStore::open(&path).unwrap());
        let account = Subject::<SqliteStore>::account("pipeline");
        let (secret, token) = (subject.secret(&account.id), subject.token(&account.id, "nightly"));
        let tokens = vec![secret.clone(), token.clone()];
        assert!(matches!(
            subject.commit(Change::CreateAccount { account: Box::new(account), tokens }),
            Committed::Applied(_)
        ));
        let scene = Self { subject, raw: Connection::open(&path).unwrap(), _folder: folder };
        pollster::block_on(scene.store().touch(&[usage(&token, 0)], &[])).unwrap();
        let read = |id| pollster::block_on(scene.store().credential(id)).unwrap().unwrap().token().clone();
        let (secret, token) = (read(&secret.id), read(&token.id));
        (scene, secret, token)
    }

    fn store(&self) -> &SqliteStore {
        self.subject.writer()
    }

    fn commit(&self, change: Change) -> Result<Committed, SqliteError> {
        pollster::block_on(self.store().commit(&Authority::Host, change, event()))
    }

    fn account(&self) -> Account {
        let id = AccountId::parse("pipeline@service").unwrap();
        pollster::block_on(self.store().account(&id)).unwrap().unwrap().as_ref().clone()
    }

    fn mint(&self, name: &str) -> Change {
        let account = self.account();
        Change::Mint {
            token: Box::new(self.subject.token(&account.id, name)),
            account_revision: account.revision,
            room: Room::Below(usize::MAX),
        }
    }
}

fn event() -> Event {
    Event::new(Action::TokenMinted, Label::new("test"), AT)
}

fn document() -> Document {
    let (id, body) = (DocumentId::parse("no-domain").unwrap(), "{}".into());
    Document { kind: DocumentKind::Policy, id, body, revision: Revision::NEW }
}

fn usage(token: &Token, seconds: i64) -> Usage {
    let at = UtcDateTime::from_unix_timestamp(seconds).unwrap();
    Usage { token: token.id, last: LastUsed { at, address: None } }
}

/// One change of each kind.
fn every_change(scene: &Scene, secret: &Token, token: &Token) -> Vec<Change> {
    let account = scene.account();
    let (account_revision, id) = (account.revision, account.id.clone());
    vec![
        Change::CreateAccount { account: Box::new(Subject::<SqliteStore>::account("other")), tokens: vec![] },
        Change::UpdateAccount {
            account: Box::new(Account { status: Status::Disabled, ..account }),
            expected: account_revision,
        },
        scene.mint("other"),
        Change::RegenerateSecret { secret: Box::new(scene.subject.secret(&id)), account_revision, at: AT },
        Change::UpdateToken {
            token: Box::new(Token { last_look: Some(AT), ..token.clone() }),
            expected: token.revision,
            account_revision: None,
        },
        Change::Rotate {
            successor: Box::new(scene.subject.token(&id, "next")),
            predecessor: Box::new(token.clone()),
            expected: token.revision,
            account_revision,
            room: Room::Below(usize::MAX),
        },
        Change::OpenSession { session: Box::new(scene.subject.session(&id, secret.id)), account_revision, most: 1 },
        Change::Tend { tokens: vec![Tended { token: token.clone(), expected: token.revision }] },
        Change::PutDocument { document: document(), expected: None },
        Change::RevokeAll { account: id.clone(), expected: account_revision },
        Change::Reissue {
            secret: Box::new(scene.subject.secret(&id)),
            account_revision,
            at: AT,
            event: Box::new(event()),
        },
        Change::Rehash { token: token.id, from: token.digest.clone(), to: scene.subject.digest() },
        Change::Revoke { token: secret.id, account: id.clone(), account_revision: None, at: AT },
        Change::DeleteAccount { account: id, expected: account_revision },
    ]
}

#[test]
fn a_change_whose_write_fails_at_any_row_changes_nothing() {
    let rows = ["INSERT ON account", "UPDATE ON account", "DELETE ON account", "INSERT ON token", "UPDATE ON token"];
    let (mut failed, mut done) = (0, 0);
    for row in rows.into_iter().chain([
        "DELETE ON token",
        "DELETE ON last_used",
        "INSERT ON event",
        "INSERT ON document",
        "INSERT ON event_block",
    ]) {
        for way in ["ABORT", "ROLLBACK", "FAIL"] {
            let (scene, secret, token) = Scene::set();
            let changes = every_change(&scene, &secret, &token);
            scene.raw.execute_batch(&fails(row, "1", way)).unwrap();
            for change in changes {
                let before = scene.subject.contents();
                match scene.commit(change.clone()) {
                    Err(SqliteError::Database(_)) => {
                        assert_eq!(scene.subject.contents(), before, "half done: {row} {way} {change:?}");
                        failed += 1;
                    }
                    Ok(Committed::Applied(_)) => {
                        assert_ne!(row, "INSERT ON event", "a change without its event: {change:?}");
                        done += 1;
                    }
                    // An earlier change of the list did happen, and this one was made from what was before it.
                    Ok(Committed::Refused(_)) => {}
                    other => panic!("{row} {way}: {other:?}"),
                }
            }
        }
    }
    assert!(failed > 40 && done > 40, "{failed} failed and {done} were done: the injection does nothing");
}

#[test]
fn after_a_failure_the_same_change_can_be_made() {
    let (scene, ..) = Scene::set();
    let mint = scene.mint("other");
    scene.raw.execute_batch(&fails("INSERT ON event", "1", "ABORT")).unwrap();
    assert!(scene.commit(mint.clone()).is_err());
    scene.raw.execute_batch("DROP TRIGGER fails").unwrap();
    assert!(matches!(scene.commit(mint).unwrap(), Committed::Applied(_)));
}

#[test]
fn appended_events_and_marks_are_kept_together_or_not_at_all() {
    let (scene, _, token) = Scene::set();
    let before = scene.subject.contents();
    scene.raw.execute_batch(&fails("INSERT ON event", "NEW.at = 3", "ABORT")).unwrap();
    let events: Vec<_> = (0..5)
        .map(|n| Event::new(Action::AccessGranted, Label::new("x"), UtcDateTime::from_unix_timestamp(n).unwrap()))
        .collect();
    assert!(pollster::block_on(scene.store().append(&events)).is_err());
    let fails_at_nine = fails("UPDATE ON last_used", "NEW.at = 9", "ABORT").replace("fails", "fails_too");
    scene.raw.execute_batch(&fails_at_nine).unwrap();
    let marks = [usage(&token, 8), usage(&token, 9)];
    assert!(pollster::block_on(scene.store().touch(&marks, &[])).is_err());
    assert_eq!(scene.subject.contents(), before);
}

#[test]
fn a_failing_job_does_not_fail_those_that_arrived_with_it() {
    for way in ["ABORT", "ROLLBACK", "FAIL"] {
        let (scene, ..) = Scene::set();
        scene.raw.execute_batch(&fails("INSERT ON token", "NEW.name LIKE 'poison%'", way)).unwrap();
        let jobs: Vec<_> =
            (0..12).map(|n| scene.mint(&format!("{}-{n}", if n % 4 == 1 { "poison" } else { "good" }))).collect();
        let answers = in_one_batch(&scene, &jobs, Duration::from_millis(300));
        for (n, answer) in answers.iter().enumerate() {
            assert_eq!(answer.is_err(), n % 4 == 1, "{way} {n}: {answer:?}");
        }
        assert_eq!(scene.subject.contents().events.len(), 1 + 9);
    }
}

#[test]
fn a_file_that_another_process_holds_is_an_error_to_all_who_wait_within_one_timeout() {
    let (scene, ..) = Scene::set();
    let jobs: Vec<_> = (0..6).map(|n| scene.mint(&format!("token-{n}"))).collect();
    let before = scene.subject.contents();
    let start = Instant::now();
    let answers = in_one_batch(&scene, &jobs, Duration::from_secs(13));
    let longest = answers.iter().map(|answer| answer.as_ref().unwrap_err().1).max().unwrap();
    assert!(longest < Duration::from_secs(12), "{longest:?}: whoever came last waited for all before");
    assert!(start.elapsed() >= Duration::from_secs(13));
    assert_eq!(scene.subject.contents(), before, "reads go on meanwhile and find nothing half done");
    assert!(matches!(scene.commit(jobs[0].clone()).unwrap(), Committed::Applied(_)), "and then it works again");
}

/// Asks for all at once while another connection holds the file for so long.
fn in_one_batch(scene: &Scene, jobs: &[Change], held: Duration) -> Vec<Result<Committed, (SqliteError, Duration)>> {
    scene.raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let store = scene.store();
    std::thread::scope(|scope| {
        let ask = |job: &Change| {
            let job = job.clone();
            let start = Instant::now();
            scope.spawn(move || {
                let answer = pollster::block_on(store.commit(&Authority::Host, job, event()));
                answer.map_err(|error| (error, start.elapsed()))
            })
        };
        let threads: Vec<_> = jobs.iter().map(ask).collect();
        std::thread::sleep(held);
        scene.raw.execute_batch("ROLLBACK").unwrap();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Makes SQLite itself fail at such a row.
fn fails(row: &str, condition: &str, way: &str) -> String {
    format!("CREATE TRIGGER fails BEFORE {row} WHEN {condition} BEGIN SELECT RAISE({way}, 'injected'); END")
}
