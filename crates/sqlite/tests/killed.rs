//! Killed at each single call that writes: what is found then is what memory has after the steps that were acknowledged, or
//! after one more.
//!
//! `strace` kills the process at the k-th call, for every k until a run is over before it. By hand, as it takes a minute:
//! `cargo test -p service-accounts-sqlite --test killed -- --ignored --nocapture`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests")]

use std::{io::Write, path::Path, process::Command};

use service_accounts_audit::{Action, Event, Label, Sequence};
use service_accounts_lifecycle::TokenState;
use service_accounts_naming::Realm;
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{
    Account, Change, Committed, Cursor, Document, DocumentId, DocumentKind, LastUsed, MemoryStore, Revision, Room,
    Seen, Sighting, Store, Tended, Token, Usage,
    conformance::{Contents, Subject},
};
use time::UtcDateTime;

const DATABASE: &str = "KILLED_TEST_DATABASE";
const WRITES: &str = "write,pwrite64,fsync,fdatasync,ftruncate,fallocate,unlink,link,linkat,rename,chmod,fchmod";
const STEPS: usize = 14;

/// A story that makes every kind of change; the same records on every store.
struct Story<S> {
    subject: Subject<S>,
    token: Token,
    successor: Token,
    secret: Token,
    later_secret: Token,
    sessions: [Token; 3],
}

impl<S: Store> Story<S> {
    fn on(store: S) -> Self {
        let subject = Subject::new(store);
        let id = Subject::<S>::account("pipeline").id;
        let (token, successor) = (subject.token(&id, "nightly"), subject.token(&id, "next"));
        let (secret, later_secret) = (subject.secret(&id), subject.secret(&id));
        let sessions = [(); 3].map(|()| subject.session(&id, secret.id));
        Self { subject, token, successor, secret, later_secret, sessions }
    }

    fn step(&self, number: usize) {
        let subject = &self.subject;
        match number {
            0 => {
                let account = Box::new(Subject::<S>::account("pipeline"));
                self.apply(Change::CreateAccount { account, tokens: vec![self.secret.clone(), self.token.clone()] });
            }
            1..=3 => self.apply(Change::OpenSession {
                session: Box::new(self.sessions[number - 1].clone()),
                account_revision: self.account().revision,
                most: 2,
            }),
            4 => {
                let (address, at) = ([192, 0, 2, 1].into(), at(9));
                let last = LastUsed { at, address: Some(address) };
                let (token, seen) = (self.token.id, Seen::UsedFrom(address));
                let sighting = Sighting { token, seen, count: 3, first: at, last: at };
                subject.wait(subject.writer().touch(&[Usage { token, last }], &[sighting])).unwrap();
            }
            5 => {
                self.apply(Change::Tend { tokens: [&self.token, &self.secret].map(|token| self.tended(token)).into() })
            }
            6 => {
                let predecessor = self.stored(&self.token);
                self.apply(Change::Rotate {
                    successor: Box::new(self.successor.clone()),
                    expected: predecessor.revision,
                    predecessor: Box::new(Token { state: TokenState::Retiring { until: at(99) }, ..predecessor }),
                    account_revision: self.account().revision,
                    room: Room::Below(usize::MAX),
                });
            }
            7 => self.apply(Change::PutDocument {
                document: Document {
                    kind: DocumentKind::Policy,
                    id: reader(),
                    body: "{}".into(),
                    revision: Revision::NEW,
                },
                expected: None,
            }),
            8 => {
                let cursor = Some(Cursor { at: Sequence::new(3), state: "".into() });
                assert!(subject.wait(subject.writer().advance(&reader(), None, cursor)).unwrap());
            }
            9 => self.apply(Change::RegenerateSecret {
                secret: Box::new(self.later_secret.clone()),
                account_revision: self.account().revision,
                at: at(5),
            }),
            10 => {
                let account = self.account();
                self.apply(Change::RevokeAll { account: account.id, expected: account.revision });
            }
            11 => {
                let events = [1, 2].map(|n| Event::new(Action::AccessDenied, Label::new("unknown"), at(n)));
                subject.wait(subject.writer().append(&events)).unwrap();
            }
            12 => assert_eq!(subject.wait(subject.writer().trim(Sequence::new(4), 2)).unwrap(), 2),
            _ => {
                let account = self.account();
                self.apply(Change::DeleteAccount { account: account.id, expected: account.revision });
            }
        }
    }

    fn apply(&self, change: Change) {
        let committed = self.subject.commit(change);
        assert!(matches!(committed, Committed::Applied(_)), "{committed:?}");
    }

    fn tended(&self, token: &Token) -> Tended {
        let present = self.stored(token);
        Tended {
            expected: present.revision,
            token: Token { last_look: Some(at(7)), next_due: Some(at(50)), ..present },
        }
    }

    fn stored(&self, token: &Token) -> Token {
        self.subject.wait(self.subject.reader().credential(&token.id)).unwrap().unwrap().token().clone()
    }

    fn account(&self) -> Account {
        let id = Subject::<S>::account("pipeline").id;
        self.subject.wait(self.subject.reader().account(&id)).unwrap().unwrap().as_ref().clone()
    }

    fn state(&self) -> State {
        let (store, kind) = (self.subject.reader(), DocumentKind::Policy);
        let due = self.subject.wait(store.due(&Realm::default(), UtcDateTime::MAX, 100)).unwrap();
        State {
            contents: self.subject.contents(),
            sightings: self.subject.wait(store.sightings(&self.token.id)).unwrap(),
            document: self.subject.wait(store.document(kind, &reader())).unwrap(),
            cursor: self.subject.wait(store.cursor(&reader())).unwrap(),
            due: due.iter().map(|listed| listed.credential.token().clone()).collect(),
        }
    }
}

#[derive(Debug, PartialEq)]
struct State {
    contents: Contents,
    sightings: Vec<Sighting>,
    document: Option<Document>,
    cursor: Option<Cursor>,
    due: Vec<Token>,
}

fn reader() -> DocumentId {
    DocumentId::parse("detectors").unwrap()
}

fn at(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds).unwrap()
}

/// What memory has after each number of steps.
fn expected() -> Vec<State> {
    let story = Story::on(MemoryStore::new());
    let mut states = vec![story.state()];
    for number in 0..STEPS {
        story.step(number);
        states.push(story.state());
    }
    states
}

#[test]
fn the_story_is_the_same_on_both_stores() {
    let folder = tempfile::tempdir().unwrap();
    let (path, expected) = (folder.path().join("accounts.db"), expected());
    let story = Story::on(SqliteStore::open(&path).unwrap());
    for (number, expected) in (0..STEPS).zip(&expected[1..]) {
        story.step(number);
        assert_eq!(&story.state(), expected, "after step {number}");
    }
}

#[test]
#[ignore = "it needs strace and a minute"]
fn a_process_killed_at_any_call_that_writes_leaves_whole_steps() {
    let expected = expected();
    let mut killed = 0;
    for call in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        let inject = format!("inject={WRITES}:signal=KILL:when={call}");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-e", &format!("trace={WRITES}"), "-e", &inject, "-o", "/dev/null"]);
        strace.arg(std::env::current_exe().unwrap()).args(["--exact", "tell", "--ignored", "--nocapture"]);
        let output = strace.env(DATABASE, &path).output().expect("strace is there");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let acknowledged = said.matches("ack ").count();
        let story = Story::on(SqliteStore::open(&path).unwrap());
        let found = story.state();
        let is_whole = [acknowledged, acknowledged + 1].iter().any(|steps| expected.get(*steps) == Some(&found));
        assert!(is_whole, "killed at call {call}, after {acknowledged} steps: {found:#?}");
        if output.status.success() {
            break;
        }
        killed += 1;
    }
    println!("killed at each of {killed} calls");
    assert!(killed > 100, "only {killed}: nothing was tried");
}

/// Not a test: what the process does that is killed.
#[test]
#[ignore = "it is started by the other test"]
fn tell() {
    let Ok(path) = std::env::var(DATABASE) else { return };
    let story = Story::on(SqliteStore::open(Path::new(&path)).unwrap());
    for number in 0..STEPS {
        story.step(number);
        let mut out = std::io::stdout().lock();
        writeln!(out, "ack {number}").and_then(|()| out.flush()).unwrap();
    }
}
