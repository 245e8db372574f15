//! A row that is not what was written is refused as corrupt: never taken for another, never for an absent one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests")]

use std::path::PathBuf;

use pollster::block_on;
use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_sqlite::{SqliteError, SqliteStore};
use service_accounts_store::{
    AccountFilter, Authority, Change, Committed, LastUsed, Revision, Room, Store, Token, Usage, conformance::Subject,
};
use service_accounts_token::Kind;
use tempfile::TempDir;
use time::UtcDateTime;

struct Scene {
    subject: Subject<SqliteStore>,
    path: PathBuf,
    token: Token,
    _folder: TempDir,
}

impl Scene {
    /// A file with two accounts, `a` with a token that was used, and `b`; everything was read once, so caches are warm.
    fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        let subject = Subject::new(SqliteStore::open(&path).unwrap());
        let token = subject.token(&id("a"), "nightly");
        for (local, tokens) in [("a", vec![token.clone()]), ("b", vec![])] {
            let account = Box::new(Subject::<SqliteStore>::account(local));
            assert!(matches!(subject.commit(Change::CreateAccount { account, tokens }), Committed::Applied(_)));
        }
        let last = LastUsed { at: UtcDateTime::UNIX_EPOCH, address: Some([10, 0, 0, 1].into()) };
        block_on(subject.writer().touch(&[Usage { token: token.id, last }], &[])).unwrap();
        subject.contents();
        Self { subject, path, token, _folder: folder }
    }

    fn edit(&self, statement: &str) -> &Self {
        let connection = rusqlite::Connection::open(&self.path).unwrap();
        connection.pragma_update(None, "foreign_keys", "OFF").unwrap();
        assert!(connection.execute(statement, []).unwrap() > 0, "{statement} edits a row");
        self
    }

    fn store(&self) -> &SqliteStore {
        self.subject.writer()
    }

    fn commit(&self, change: Change) -> Result<Committed, SqliteError> {
        let event = Event::new(Action::TokenUpdated, Label::new("test"), UtcDateTime::UNIX_EPOCH);
        block_on(self.store().commit(&Authority::Host, change, event))
    }

    fn deletion(&self) -> Change {
        Change::DeleteAccount { account: id("a"), expected: Revision::NEW }
    }

    /// Every change that reads the token; none of them may happen, and none may say that it is not there.
    fn refuses_changes_of_the_token(&self) {
        let (token, at) = (self.token.id, UtcDateTime::UNIX_EPOCH);
        let mint = Change::Mint {
            token: Box::new(Token { id: token, ..self.subject.token(&id("b"), "other") }),
            account_revision: block_on(self.store().account(&id("b"))).unwrap().unwrap().revision,
            room: Room::Below(usize::MAX),
        };
        let (account, account_revision) = (id("a"), None);
        let revoke = Change::Revoke { token, account: account.clone(), account_revision, at };
        for change in [revoke, Change::DeleteToken { token, account, account_revision, at }, mint] {
            assert_corrupt(self.commit(change), "token");
        }
    }
}

fn id(local: &str) -> AccountId {
    AccountId::parse(&format!("{local}@service")).unwrap()
}

fn assert_corrupt<T: std::fmt::Debug>(answer: Result<T, SqliteError>, expected: &str) {
    match answer {
        Err(SqliteError::Corrupt { table }) => assert_eq!(table, expected),
        other => panic!("expected a corrupt {expected}, found {other:?}"),
    }
}

#[test]
fn a_token_whose_record_cannot_be_read_is_corrupt() {
    let edits = [
        "record = 'no JSON'",
        "record = ''",
        "record = 'null'",
        "record = '{}'",
        "record = json_remove(record, '$.expires_at')",
        "record = json_set(record, '$.expires_at', 'never')",
        "record = json_set(record, '$.expires_at', 9223372036854775807)",
        "record = json_set(record, '$.state', json('{\"state\":\"immortal\"}'))",
        "record = json_set(record, '$.digest', 'x')",
        "record = json_set(record, '$.grant', null)",
        "record = json_set(record, '$.surprise', 1)",
        "record = json_set(record, '$.revision', 77)",
        "record = json_set(record, '$.id', '0000000000000000')",
    ];
    for edit in edits {
        let scene = Scene::set();
        // A changed revision makes every cache read the record again.
        scene.edit(&format!("UPDATE token SET revision = revision + 1000, {edit}"));
        assert_corrupt(block_on(scene.store().credential(&scene.token.id)), "token");
        assert_corrupt(block_on(scene.store().credentials(&id("a"), Kind::Token, None, 10)), "token");
        scene.refuses_changes_of_the_token();
    }
}

#[test]
fn a_token_under_another_id_or_revision_than_its_own_is_corrupt() {
    for edit in ["revision = revision + 1", "id = '0000000000000000'"] {
        let scene = Scene::set();
        scene.edit(&format!("UPDATE token SET {edit}"));
        assert_corrupt(block_on(scene.store().credentials(&id("a"), Kind::Token, None, 10)), "token");
    }
}

#[test]
fn a_token_whose_account_is_gone_is_corrupt() {
    let scene = Scene::set();
    scene.edit("DELETE FROM account WHERE id = 'a@service'");
    assert_corrupt(block_on(scene.store().credential(&scene.token.id)), "token");
}

#[test]
fn a_token_that_was_moved_to_another_account_is_corrupt() {
    let scene = Scene::set();
    scene.edit("UPDATE token SET account = 'b@service'");
    let found = block_on(scene.store().credential(&scene.token.id));
    assert!(matches!(found, Err(SqliteError::Corrupt { .. })), "{found:?}");
}

#[test]
fn an_account_whose_record_cannot_be_read_is_corrupt() {
    let edits = [
        "record = 'no JSON'",
        "record = json_remove(record, '$.expires_at')",
        "record = json_set(record, '$.status', 'superuser')",
        "record = json_set(record, '$.allowlist', null)",
        "record = json_set(record, '$.grant', json('{}'))",
        "record = json_set(record, '$.id', 'b@service')",
    ];
    for edit in edits {
        let scene = Scene::set();
        scene.edit(&format!("UPDATE account SET revision = revision + 1000, {edit} WHERE id = 'a@service'"));
        assert_corrupt(block_on(scene.store().account(&id("a"))), "account");
        assert_corrupt(block_on(scene.store().accounts(&AccountFilter::of(Realm::default()), None, 10)), "account");
        assert_corrupt(block_on(scene.store().credential(&scene.token.id)), "account");
        assert_corrupt(scene.commit(scene.deletion()), "account");
        assert!(block_on(scene.store().account(&id("b"))).unwrap().is_some(), "one bad row is no outage");
    }
}

#[test]
fn an_account_with_the_revision_of_another_is_not_taken_for_it() {
    let scene = Scene::set();
    scene.edit("UPDATE account SET revision = (SELECT revision FROM account WHERE id = 'b@service')");
    assert_corrupt(block_on(scene.store().account(&id("a"))), "account");
    assert_corrupt(block_on(scene.store().accounts(&AccountFilter::of(Realm::default()), None, 10)), "account");
    assert_corrupt(block_on(scene.store().credential(&scene.token.id)), "account");
}

#[test]
fn a_mark_that_cannot_be_read_is_corrupt() {
    for edit in ["at = 9223372036854775807", "address = 'nowhere'", "address = '010.0.0.1'"] {
        let scene = Scene::set();
        scene.edit(&format!("UPDATE last_used SET {edit}"));
        assert_corrupt(block_on(scene.store().credentials(&id("a"), Kind::Token, None, 10)), "last_used");
        assert!(block_on(scene.store().credential(&scene.token.id)).unwrap().is_some(), "no request reads it");
    }
}

#[test]
fn an_event_that_is_not_what_it_was_filed_as_is_corrupt() {
    let edits = [
        "rest = 'no JSON'",
        "rest = json_set(rest, '$.until', 9223372036854775807)",
        "rest = json_set(rest, '$.surprise', 1)",
        "rest = json_set(rest, '$.account', 'b@service')",
        "at = 9223372036854775807",
        "actor = 0",
        "action = actor",
        "token = 0",
    ];
    for edit in edits {
        let scene = Scene::set();
        let account = "(SELECT number FROM label WHERE text = 'a@service')";
        scene.edit(&format!("UPDATE event SET {edit} WHERE account = {account}"));
        let query = Query::default().for_account(Label::new("a@service"));
        assert_corrupt(block_on(scene.store().events(&query)), "event");
    }
}

#[test]
fn a_token_that_cannot_be_counted_makes_no_pepper_look_unused() {
    let pepper = service_accounts_token::PepperId::parse("k1").unwrap();
    for edit in ["record = '{}'", "record = 'no JSON'", "record = json_remove(record, '$.digest')"] {
        let scene = Scene::set();
        assert_eq!(block_on(scene.store().count_under(pepper)).unwrap(), Some(1));
        scene.edit(&format!("UPDATE token SET {edit}"));
        assert!(block_on(scene.store().count_under(pepper)).is_err(), "{edit}");
    }
}

#[test]
fn an_error_says_nothing_of_the_row() {
    let scene = Scene::set();
    scene.edit("UPDATE token SET revision = revision + 1000, record = 'canary'");
    let error = block_on(scene.store().credential(&scene.token.id)).unwrap_err();
    assert!(std::error::Error::source(&error).is_none());
    let message = "a row of the table `token` cannot be read back; restore the database from a backup";
    assert_eq!(error.to_string(), message);
}
