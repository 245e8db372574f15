//! A file of every schema that ever landed opens, and has all that was in it.
//!
//! `frozen/vN.db` was made by the release that brought schema N, and `frozen/vN.txt` says what was in it then. Neither is
//! ever edited. A new schema gets its own pair: `cargo test -p service-accounts-sqlite --test frozen -- --ignored`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests")]

use std::{fmt::Write, fs, path::PathBuf};

use pollster::block_on;
use service_accounts_access::Allowlist;
use service_accounts_audit::{Action, Event, Label, Order, Query, Sequence};
use service_accounts_lifecycle::TokenState;
use service_accounts_naming::{AccountId, Realm};
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{
    Account, AccountFilter, Approval, Change, Class, Committed, Cursor, Document, DocumentId, DocumentKind,
    Justification, LastUsed, Revision, Room, Seen, Sighting, Status, Store, SystemName, Token, Usage,
    conformance::Subject,
};
use service_accounts_token::{Kind, TokenId};
use time::UtcDateTime;

type Sqlite = Subject<SqliteStore>;

#[test]
fn a_file_of_every_schema_that_landed_has_all_that_was_in_it() {
    for version in 1..=newest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        fs::copy(frozen(version, "db"), &path).unwrap();
        let store = SqliteStore::open(&path).unwrap();
        let expected = fs::read_to_string(frozen(version, "txt")).unwrap();
        assert_eq!(described(&store), expected, "schema {version}");
        drop(store);
        assert_eq!(described(&SqliteStore::open(&path).unwrap()), expected, "schema {version}, opened again");
    }
}

#[test]
fn every_schema_that_landed_has_a_frozen_file() {
    for version in 1..=newest() {
        let file =
            rusqlite::Connection::open_with_flags(frozen(version, "db"), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
        let found: i64 = file.unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(found, version, "freeze the new schema before it lands: see the head of this file");
    }
}

/// Since schema 4 a row keeps each fact once, so nothing could tell later that its record and its columns disagreed.
#[test]
fn a_row_whose_record_contradicts_its_columns_stays_corrupt() {
    for edit in ["actor = 'somebody'", "account = 'b@service'", "at = at + 1", "record = 'no JSON'"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.db");
        fs::copy(frozen(3, "db"), &path).unwrap();
        let raw = rusqlite::Connection::open(&path).unwrap();
        assert_eq!(raw.execute(&format!("UPDATE event SET {edit} WHERE sequence = 3"), []).unwrap(), 1);
        drop(raw);
        let store = SqliteStore::open(&path).unwrap();
        let read = |after| block_on(store.events(&Query::default().oldest_first().limit(1).continue_from(after)));
        assert!(read(Sequence::new(0)).is_ok());
        assert!(read(Sequence::new(2)).is_err(), "{edit}");
    }
}

#[test]
fn the_next_place_does_not_go_back_where_a_migration_finds_no_event() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    fs::copy(frozen(3, "db"), &path).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    let last: i64 = raw.query_row("SELECT max(sequence) FROM event", [], |row| row.get(0)).unwrap();
    raw.execute("DELETE FROM event", []).unwrap();
    drop(raw);
    let store = SqliteStore::open(&path).unwrap();
    block_on(store.append(&[Event::new(Action::AccessDenied, Label::new("unknown"), at(0))])).unwrap();
    let read = block_on(store.events(&Query::default())).unwrap().events;
    assert_eq!(read[0].sequence.number(), last + 1);
}

/// Not a test: makes the pair of files for the present schema, where there is none.
#[test]
#[ignore = "it is run once for each new schema"]
fn freeze_the_present_schema() {
    let path = frozen(newest(), "db");
    if path.exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("accounts.db");
    let subject = Subject::new(SqliteStore::open(&original).unwrap());
    furnish(&subject);
    fs::write(frozen(newest(), "txt"), described(subject.writer())).unwrap();
    let raw = rusqlite::Connection::open(&original).unwrap();
    raw.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
}

fn frozen(version: i64, extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/frozen/v{version}.{extension}"))
}

/// The schema that this release makes.
fn newest() -> i64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let _store = SqliteStore::open(&path).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// Accounts in every state, credentials of every class in every state, marks of every kind of address, and a history.
fn furnish(subject: &Sqlite) {
    let plain = create(subject, account("plain"));
    create(subject, Account { status: Status::Disabled, ..account("disabled") });
    create(subject, Account { approval: Approval::Pending, ..account("pending") });
    let given = Approval::Given { by: Label::new("ada"), at: at(1_767_225_700) };
    create(subject, Account { approval: given, expires_at: Some(at(1_800_000_000)), ..account("approved") });
    create(subject, Account { expires_at: Some(at(0)), ..account("expired") });
    let full = create(
        subject,
        Account {
            allowlist: Allowlist::parse_all(["10.0.0.0/8", "2001:db8::/32"]).unwrap(),
            systems: vec![SystemName::parse("Warehouse").unwrap(), SystemName::parse("Größe").unwrap()],
            justification: Some(Justification::parse("it \"loads\" every night").unwrap()),
            ..account("full")
        },
    );
    let gone = create(subject, account("gone"));
    apply(subject, Change::DeleteAccount { account: gone.id, expected: gone.revision });
    let tokens =
        [token(subject, &plain, "active"), token(subject, &plain, "retiring"), token(subject, &full, "rehashed")];
    change(subject, &tokens[1].id, |token| Token { state: TokenState::Retiring { until: at(1_767_300_000) }, ..token });
    let rehash = Change::Rehash { token: tokens[2].id, from: tokens[2].digest.clone(), to: subject.digest() };
    apply(subject, rehash);
    for name in ["revoked", "deletable"] {
        let token = token(subject, &plain, name);
        if name == "deletable" {
            let state = TokenState::Deletable { revoked_at: at(1_767_225_900), since: at(1_767_226_000) };
            change(subject, &token.id, |token| Token { state, ..token });
        } else {
            apply(subject, revocation(&token, 1_767_225_900));
        }
    }
    let secret = mint(subject, subject.secret(&full.id));
    let account_revision = stored(subject, &full.id).revision;
    let regenerated = Box::new(subject.secret(&full.id));
    apply(subject, Change::RegenerateSecret { secret: regenerated, account_revision, at: at(1_767_226_100) });
    for state in [TokenState::Active, TokenState::Revoked { at: at(1_767_226_200) }] {
        let session = mint(subject, subject.session(&full.id, secret.id));
        if state.is_revoked() {
            apply(subject, revocation(&session, 1_767_226_200));
        }
    }
    let addresses = [None, Some([192, 0, 2, 7].into()), "2001:db8::7".parse().ok()];
    let marks: Vec<_> = tokens.iter().zip(addresses).map(|(token, address)| used(token.id, address)).collect();
    block_on(subject.writer().touch(&marks, &[])).unwrap();
    let access = Event::new(Action::AccessDenied, Label::new("unknown"), at(1_767_226_300))
        .about_account(Label::new(full.id.as_str()))
        .about_token(Label::new(tokens[2].id.as_str()))
        .named(Label::new("rehashed"))
        .from_address("2001:db8::7".parse().ok())
        .because(Label::new("network"))
        .with(Label::new("count"), Label::new("3"));
    block_on(subject.writer().append(&[access])).unwrap();
    furnish_schema_2(subject, &plain, &tokens);
}

/// Sightings, documents, cursors, a rotation, and all credentials of an account revoked in one step.
fn furnish_schema_2(subject: &Sqlite, plain: &Account, tokens: &[Token]) {
    let store = subject.writer();
    let seen = [
        Seen::UsedFrom([192, 0, 2, 7].into()),
        Seen::TriedFrom("2001:db8::7".parse().unwrap()),
        Seen::Tried,
        Seen::Permission(Label::new("datastores:view")),
    ];
    let sightings: Vec<_> = (1..).zip(seen).map(|(count, seen)| sighting(&tokens[0], seen, count)).collect();
    block_on(store.touch(&[], &sightings)).unwrap();
    for (kind, id) in [(DocumentKind::Policy, "no-domain"), (DocumentKind::Review, "2026-q1")] {
        let (id, body) = (DocumentId::parse(id).unwrap(), "{\"days\":90}".into());
        apply(
            subject,
            Change::PutDocument { document: Document { kind, id, body, revision: Revision::NEW }, expected: None },
        );
    }
    let cursor = Cursor { at: Sequence::new(7), state: "{\"seen\":1}".into() };
    assert!(block_on(store.advance(&DocumentId::parse("detectors").unwrap(), None, Some(cursor))).unwrap());
    let predecessor = block_on(store.credential(&tokens[0].id)).unwrap().unwrap().token().clone();
    apply(
        subject,
        Change::Rotate {
            successor: Box::new(subject.token(&plain.id, "successor")),
            expected: predecessor.revision,
            predecessor: Box::new(Token { state: TokenState::Retiring { until: at(1_767_400_000) }, ..predecessor }),
            account_revision: plain.revision,
            room: Room::Below(usize::MAX),
        },
    );
    let all = create(subject, account("all_revoked"));
    token(subject, &all, "one_of_many");
    apply(subject, Change::RevokeAll { account: all.id, expected: all.revision });
}

fn sighting(token: &Token, seen: Seen, count: u64) -> Sighting {
    Sighting { token: token.id, seen, count, first: at(1_767_226_000), last: at(1_767_226_400) }
}

fn account(local: &str) -> Account {
    Sqlite::account(local)
}

fn create(subject: &Sqlite, account: Account) -> Account {
    let id = account.id.clone();
    apply(subject, Change::CreateAccount { account: Box::new(account), tokens: vec![] });
    stored(subject, &id)
}

fn token(subject: &Sqlite, account: &Account, name: &str) -> Token {
    let token = subject.token(&account.id, name);
    mint(subject, Token { expires_at: Some(at(1_790_000_000)), next_due: Some(at(1_780_000_000)), ..token })
}

fn mint(subject: &Sqlite, token: Token) -> Token {
    let account_revision = stored(subject, &token.account).revision;
    apply(subject, Change::Mint { token: Box::new(token.clone()), account_revision, room: Room::Below(usize::MAX) });
    token
}

fn change(subject: &Sqlite, id: &TokenId, edit: impl FnOnce(Token) -> Token) {
    let present = block_on(subject.writer().credential(id)).unwrap().unwrap().token().clone();
    let expected = present.revision;
    apply(subject, Change::UpdateToken { token: Box::new(edit(present)), expected, account_revision: None });
}

fn revocation(token: &Token, seconds: i64) -> Change {
    Change::Revoke { token: token.id, account: token.account.clone(), account_revision: None, at: at(seconds) }
}

fn apply(subject: &Sqlite, change: Change) {
    assert!(matches!(subject.commit(change), Committed::Applied(_)));
}

fn stored(subject: &Sqlite, id: &AccountId) -> Account {
    block_on(subject.writer().account(id)).unwrap().unwrap().as_ref().clone()
}

fn used(token: TokenId, address: Option<std::net::IpAddr>) -> Usage {
    Usage { token, last: LastUsed { at: at(1_767_226_250), address } }
}

fn at(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds).unwrap()
}

/// All that a store keeps, a line a record; what later schemas add is not told.
fn described(store: &SqliteStore) -> String {
    let mut text = String::new();
    for account in block_on(store.accounts(&AccountFilter::of(Realm::default()), None, 100)).unwrap().items {
        describe_account(&mut text, &account);
        for listed in block_on(store.credentials(&account.id, Kind::Token, None, 100)).unwrap().items {
            let mark = listed.last_used.map(|last| (last.at.unix_timestamp(), last.address));
            describe_token(&mut text, listed.credential.token());
            writeln!(text, "    used {mark:?}").unwrap();
        }
    }
    // Sessions and client secrets stand in no list of schema 1; their events name them.
    let mut named = Vec::new();
    for recorded in block_on(store.events(&Query::default().limit(500))).unwrap().events {
        let event = &recorded.event;
        named.extend(event.token().and_then(|id| TokenId::parse(id.as_ref()).ok()));
        let (account, token) = (event.account(), event.token());
        write!(
            text,
            "event {} {} {} {}",
            recorded.sequence,
            event.action(),
            event.at().unix_timestamp(),
            event.actor()
        )
        .unwrap();
        writeln!(text, " {account:?} {token:?} {:?} {:?}", event.address(), event.reason()).unwrap();
    }
    named.sort();
    named.dedup();
    for id in named {
        match block_on(store.credential(&id)).unwrap() {
            Some(found) if !matches!(found.token().class, Class::Token(_)) => describe_token(&mut text, found.token()),
            _ => {}
        }
    }
    describe_schema_2(&mut text, store);
    text
}

/// Nothing, where nothing of it is there.
fn describe_schema_2(text: &mut String, store: &SqliteStore) {
    for account in block_on(store.accounts(&AccountFilter::of(Realm::default()), None, 100)).unwrap().items {
        if !account.generation.is_first() {
            writeln!(text, "generation {} {:?}", account.id, account.generation).unwrap();
        }
        for listed in block_on(store.credentials(&account.id, Kind::Token, None, 100)).unwrap().items {
            for seen in block_on(store.sightings(&listed.credential.token().id)).unwrap() {
                let (kind, span) = (seen.seen.kind(), [seen.first, seen.last].map(UtcDateTime::unix_timestamp));
                writeln!(text, "sighting {} {kind} `{}` {} {span:?}", seen.token, seen.seen.value(), seen.count)
                    .unwrap();
            }
        }
    }
    for kind in DocumentKind::ALL {
        for document in block_on(store.documents(*kind, None, 100)).unwrap().items {
            writeln!(text, "document {kind} {} {} {}", document.id, document.revision, document.body).unwrap();
        }
    }
    if let Some(cursor) = block_on(store.cursor(&DocumentId::parse("detectors").unwrap())).unwrap() {
        writeln!(text, "cursor {} {}", cursor.at, cursor.state).unwrap();
    }
    for place in [Order::NewestFirst, Order::OldestFirst] {
        let query = Query::default().by_actor(Label::new("unknown"));
        let query = if place == Order::OldestFirst { query.oldest_first() } else { query };
        let found = block_on(store.events(&query)).unwrap().events;
        assert!(found.len() == 1, "the actors of older events are found as well");
    }
    let due = block_on(store.due(&Realm::default(), UtcDateTime::MAX, 100)).unwrap();
    assert!(!due.is_empty() && due.iter().all(|listed| listed.credential.token().next_due.is_some()));
}

fn describe_account(text: &mut String, account: &Account) {
    let Account { id, name, purpose, owner, systems, grant, allowlist, environment, .. } = account;
    writeln!(text, "account {id} `{name}` `{purpose}` `{owner}` {systems:?}").unwrap();
    writeln!(text, "  {grant:?} {allowlist} {environment} {:?}", account.justification).unwrap();
    let (ends, made) = (account.expires_at.map(UtcDateTime::unix_timestamp), account.created_at.unix_timestamp());
    writeln!(text, "  {ends:?} {} {} {made} {}", status(account), approval(account), account.created_by).unwrap();
    writeln!(text, "  revision {}", account.revision).unwrap();
    assert_ne!(account.revision, Revision::NEW);
}

fn describe_token(text: &mut String, token: &Token) {
    let Token { id, account, digest, hint, grant, environment, allowlist, state, .. } = token;
    let ends = [token.expires_at, token.next_due].map(|date| date.map(UtcDateTime::unix_timestamp));
    writeln!(text, "  {} {id} {account} {} {hint} {grant:?}", class(&token.class), digest.to_text()).unwrap();
    writeln!(text, "    {environment} {allowlist} {} {} {ends:?}", state_of(*state), token.created_at.unix_timestamp())
        .unwrap();
    writeln!(text, "    {} revision {}", token.created_by, token.revision).unwrap();
}

fn status(account: &Account) -> &'static str {
    match account.status {
        Status::Enabled => "enabled",
        Status::Disabled => "disabled",
        Status::Deleted => "deleted",
    }
}

fn approval(account: &Account) -> String {
    match &account.approval {
        Approval::NotRequired => "needs no approval".into(),
        Approval::Pending => "pending".into(),
        Approval::Given { by, at, .. } => format!("approved by {by} {}", at.unix_timestamp()),
    }
}

fn class(class: &Class) -> String {
    match class {
        Class::Token(name) => format!("token `{name}`"),
        Class::Session { opened_with, .. } => format!("session by {opened_with}"),
        Class::Secret => "secret".into(),
    }
}

fn state_of(state: TokenState) -> String {
    match state {
        TokenState::Active => "active".into(),
        TokenState::Retiring { until } => format!("retiring {}", until.unix_timestamp()),
        TokenState::Revoked { at } => format!("revoked {}", at.unix_timestamp()),
        TokenState::Deletable { revoked_at, since } => {
            format!("deletable {} {}", revoked_at.unix_timestamp(), since.unix_timestamp())
        }
        TokenState::Deleted { at } => format!("deleted {}", at.unix_timestamp()),
    }
}
