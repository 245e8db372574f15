//! One file, opened again, by others, and by the wrong release.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use service_accounts_naming::{AccountId, Realm};
use service_accounts_sqlite::{SqliteError, SqliteStore};
use service_accounts_store::{
    Account, AccountFilter, Change, Committed, LastUsed, Room, Status, Store, Token, Usage, conformance::Subject,
};
use time::UtcDateTime;

const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}

/// An account `pipeline` with one token, which is given back as it is stored.
fn furnish(subject: &Subject<SqliteStore>) -> Token {
    let account = Subject::<SqliteStore>::account("pipeline");
    let token = subject.token(&account.id, "nightly");
    apply(subject, Change::CreateAccount { account: Box::new(account), tokens: vec![token.clone()] });
    stored(subject.writer(), &token).unwrap()
}

fn apply(subject: &Subject<SqliteStore>, change: Change) {
    assert!(matches!(subject.commit(change), Committed::Applied(_)));
}

fn revocation(token: &Token) -> Change {
    Change::Revoke { token: token.id, account: token.account.clone(), account_revision: None, at: AT }
}

fn stored(store: &SqliteStore, token: &Token) -> Option<Token> {
    pollster::block_on(store.credential(&token.id)).unwrap().map(|found| found.token().clone())
}

#[test]
fn a_file_that_is_opened_again_has_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let subject = Subject::new(open(&path));
    let token = furnish(&subject);
    apply(&subject, revocation(&token));
    let before = subject.contents();
    drop(subject);
    let (account, store) = (&before.accounts[0], open(&path));
    assert_eq!(stored(&store, &token).as_ref(), Some(&before.credentials[0].0));
    assert_eq!(*pollster::block_on(store.account(&account.id)).unwrap().unwrap(), *account);
    let page = pollster::block_on(store.events(&service_accounts_audit::Query::default())).unwrap();
    assert_eq!(page.events, before.events);
}

#[test]
fn sequences_go_on_where_they_were_even_if_old_events_were_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let token = furnish(&Subject::new(open(&path)));
    rusqlite::Connection::open(&path).unwrap().execute("DELETE FROM event", []).unwrap();
    let subject = Subject::new(open(&path));
    let Committed::Applied(applied) = subject.commit(revocation(&token)) else {
        panic!("a revocation is never refused")
    };
    assert!(applied.sequence > token.revision.event(), "a revision never comes again");
}

#[test]
fn one_handle_sees_what_the_other_revoked_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let (subject, other) = (Subject::new(open(&path)), open(&path));
    let token = furnish(&subject);
    for _ in 0..3 {
        assert!(!stored(&other, &token).unwrap().state.is_revoked(), "now the other handle knows it decoded");
    }
    apply(&subject, revocation(&token));
    assert!(stored(&other, &token).unwrap().state.is_revoked());
    let (id, account) = (token.id, token.account.clone());
    apply(&subject, Change::DeleteToken { token: id, account, account_revision: None, at: AT });
    assert_eq!(stored(&other, &token), None);
}

#[test]
fn what_one_handle_has_decoded_never_stands_for_what_the_other_has_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let (subject, other) = (Subject::new(open(&path)), open(&path));
    for _ in 0..20 {
        let token = furnish(&subject);
        let read = || pollster::block_on(other.credential(&token.id)).unwrap().unwrap();
        let account = read().account().as_ref().clone();
        let expected = account.revision;
        let disabled = Box::new(Account { status: Status::Disabled, ..account });
        apply(&subject, Change::UpdateAccount { account: disabled, expected });
        assert_eq!(read().account().status, Status::Disabled);
        let account = AccountId::parse("pipeline@service").unwrap();
        let expected = pollster::block_on(other.account(&account)).unwrap().unwrap().revision;
        apply(&subject, Change::DeleteAccount { account, expected });
        assert_eq!(stored(&other, &token), None);
    }
}

/// A token's row is read alone where its account is known; the account must be that of the same commit.
#[test]
fn a_credential_never_comes_with_an_account_of_an_earlier_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let (subject, other) = (Subject::new(open(&path)), open(&path));
    let account = Subject::<SqliteStore>::account("pipeline");
    let tokens: Vec<_> = (0..64).map(|number| subject.token(&account.id, &format!("token-{number}"))).collect();
    apply(&subject, Change::CreateAccount { account: Box::new(account.clone()), tokens: tokens.clone() });
    for (round, pair) in tokens.chunks(2).enumerate() {
        // The first brings the account to memory, the second finds it there.
        let expected = if round % 2 == 0 { Status::Enabled } else { Status::Disabled };
        for token in pair {
            let found = pollster::block_on(other.credential(&token.id)).unwrap().unwrap();
            assert_eq!((found.token().id, found.account().status), (token.id, expected), "round {round}");
        }
        let present = pollster::block_on(subject.writer().account(&account.id)).unwrap().unwrap();
        let status = if round % 2 == 0 { Status::Disabled } else { Status::Enabled };
        let changed = Box::new(Account { status, ..present.as_ref().clone() });
        apply(&subject, Change::UpdateAccount { account: changed, expected: present.revision });
    }
}

#[test]
fn a_change_is_seen_at_once_however_often_the_credential_was_read_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let (subject, other) = (Subject::new(open(&path)), open(&path));
    let token = furnish(&subject);
    let read = || pollster::block_on(other.credential(&token.id)).unwrap().unwrap();
    for round in 0..48 {
        (0..round % 4).for_each(|_| drop(read()));
        if round % 3 == 0 {
            let last = LastUsed { at: AT + Duration::from_secs(round), address: None };
            pollster::block_on(subject.writer().touch(&[Usage { token: token.id, last }], &[])).unwrap();
        }
        (0..round / 4 % 3).for_each(|_| drop(read()));
        let present = pollster::block_on(subject.writer().account(&token.account)).unwrap().unwrap();
        let status = if round % 2 == 0 { Status::Disabled } else { Status::Enabled };
        let account = Box::new(Account { status, ..present.as_ref().clone() });
        apply(&subject, Change::UpdateAccount { account, expected: present.revision });
        assert_eq!(read().account().status, status, "round {round}");
    }
}

#[test]
fn no_thread_sees_a_token_work_after_its_revocation_was_acknowledged() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        let (subject, other) = (Subject::new(open(&path)), open(&path));
        let token = furnish(&subject);
        let is_acknowledged = AtomicBool::new(false);
        let watch = || loop {
            let must_be_revoked = is_acknowledged.load(Ordering::SeqCst);
            let is_revoked = stored(&other, &token).unwrap().state.is_revoked();
            assert!(is_revoked || !must_be_revoked);
            if must_be_revoked {
                return;
            }
        };
        std::thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(watch)));
            apply(&subject, revocation(&token));
            is_acknowledged.store(true, Ordering::SeqCst);
        });
    }
}

#[test]
fn an_unchanged_credential_is_not_decoded_again() {
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject::new(open(&folder.path().join("accounts.db")));
    let token = furnish(&subject);
    let read = || pollster::block_on(subject.writer().credential(&token.id)).unwrap().unwrap();
    let first = read();
    assert!(std::sync::Arc::ptr_eq(&first, &read()));
    apply(&subject, revocation(&token));
    assert!(!std::sync::Arc::ptr_eq(&first, &read()));
}

#[test]
fn a_file_of_a_newer_release_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    drop(open(&path));
    let raw = rusqlite::Connection::open(&path).unwrap();
    let known: i64 = raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    raw.pragma_update(None, "user_version", known + 1).unwrap();
    match SqliteStore::open(&path) {
        Err(SqliteError::TooNew { found, known: expected }) => assert_eq!((found, expected), (known + 1, known)),
        other => panic!("expected a refusal, found {other:?}"),
    }
    let version: i64 = raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, known + 1);
    raw.pragma_update(None, "user_version", known).unwrap();
    assert!(SqliteStore::open(&path).is_ok());
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let letter = "Dear operator,\n".repeat(500);
    std::fs::write(&path, &letter).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(SqliteError::Database(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
    assert!(matches!(SqliteStore::open(folder.path()), Err(SqliteError::Database(_))), "nor is a folder one");
}

#[test]
fn a_place_that_no_second_connection_reaches_is_refused() {
    for path in [":memory:", "", "file::memory:"] {
        assert!(matches!(SqliteStore::open(path), Err(SqliteError::NotAFile)), "{path:?}");
    }
}

#[test]
fn many_who_open_a_new_file_at_once_all_find_it_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("accounts.db");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| SqliteStore::open(path))).collect();
        for opened in threads {
            let store = opened.join().unwrap().unwrap();
            assert!(
                pollster::block_on(store.accounts(&AccountFilter::of(Realm::default()), None, 1))
                    .unwrap()
                    .items
                    .is_empty()
            );
        }
    });
}

/// Tokens stand at the number that their ids begin with.
#[test]
fn tokens_whose_ids_begin_alike_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject::new(open(&folder.path().join("accounts.db")));
    let account = Subject::<SqliteStore>::account("pipeline");
    let token = |n: usize| Token {
        id: format!("AAAAAAAAAA00000{n}").parse().unwrap(),
        ..subject.token(&account.id, &format!("token-{n}"))
    };
    let tokens: Vec<_> = (0..8).map(token).collect();
    apply(&subject, Change::CreateAccount { account: Box::new(account.clone()), tokens: tokens.clone() });
    apply(&subject, revocation(&tokens[3]));
    for (n, token) in tokens.iter().enumerate() {
        assert_eq!(stored(subject.writer(), token).unwrap().state.is_revoked(), n == 3, "{n}");
    }
    let (id, account) = (tokens[3].id, account.id);
    apply(&subject, Change::DeleteToken { token: id, account: account.clone(), account_revision: None, at: AT });
    assert_eq!(stored(subject.writer(), &tokens[3]), None);
    let account_revision = pollster::block_on(subject.writer().account(&account)).unwrap().unwrap().revision;
    apply(
        &subject,
        Change::Mint { token: Box::new(tokens[3].clone()), account_revision, room: Room::Below(usize::MAX) },
    );
    assert!(tokens.iter().all(|token| stored(subject.writer(), token).is_some()));
}
