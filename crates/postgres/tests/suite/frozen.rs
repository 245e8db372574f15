//! A database of every schema that ever landed is brought up to date, and has all that was in it.
//!
//! `frozen/vN.sql` was dumped under the release that brought schema N, and `frozen/vN.txt` says what was in it then. Neither is
//! ever edited. A new schema gets its own pair: `cargo test -p service-accounts-postgres -- --ignored freeze`.

use std::{fmt::Write, fs, path::PathBuf};

use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_naming::Realm;
use service_accounts_postgres::{PostgresStore, Settings};
use service_accounts_store::{AccountFilter, DocumentId, DocumentKind, Store};
use service_accounts_token::Kind;
use time::UtcDateTime;

use crate::{
    moving::source,
    support::{Server, connect, wait},
};

fn open(url: &str) -> PostgresStore {
    connect(Settings::parse(url).unwrap().connections(2))
}

fn frozen(version: usize, extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/frozen/v{version}.{extension}"))
}

fn version(server: &Server, url: &str) -> usize {
    server.ask(url, "SELECT max(version) FROM service_accounts.migration").parse().unwrap()
}

/// The schema that this release makes.
fn newest(server: &Server) -> usize {
    let url = server.database();
    drop(open(&url));
    version(server, &url)
}

#[test]
fn a_database_of_every_schema_that_landed_has_all_that_was_in_it() {
    let Some(server) = Server::shared() else { return };
    for number in 1..=newest(server) {
        let url = server.database();
        let file = frozen(number, "sql");
        assert!(file.exists(), "freeze schema {number} before it lands: see the head of this file");
        server.load(&url, &file);
        assert_eq!(version(server, &url), number, "the file is of another schema");
        let expected = fs::read_to_string(frozen(number, "txt")).unwrap();
        let store = open(&url);
        assert_eq!(described(&store), expected, "schema {number}");
        assert_eq!(version(server, &url), newest(server), "it is brought up to date");
        wait(store.append(&[Event::new(Action::AccessDenied, Label::new("after"), UtcDateTime::UNIX_EPOCH)])).unwrap();
        let places = wait(store.events(&Query::default())).unwrap().events;
        assert_eq!(places[0].sequence.number(), places[1].sequence.number() + 1, "the trail goes on");
    }
}

/// Not a test: makes the pair of files for the present schema, where there is none.
#[test]
#[ignore = "it is run once for each new schema"]
fn freeze_the_present_schema() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    let (store, (source, reader)) = (open(&url), source());
    wait(store.import(source.writer(), &[Realm::default()], &[reader])).unwrap();
    let path = frozen(version(server, &url), "sql");
    if !path.exists() {
        fs::write(path, server.dump(&url)).unwrap();
        fs::write(frozen(version(server, &url), "txt"), described(&store)).unwrap();
    }
}

/// All that a store keeps, a line a record; what later schemas add is not told.
fn described(store: &PostgresStore) -> String {
    let mut text = String::new();
    for account in wait(store.accounts(&AccountFilter::of(Realm::default()), None, 100)).unwrap().items {
        let ends = account.expires_at.map(UtcDateTime::unix_timestamp);
        writeln!(text, "account {} `{}` `{}` {ends:?}", account.id, account.name, account.purpose).unwrap();
        writeln!(text, "  {:?} {:?} revision {}", account.status, account.generation, account.revision).unwrap();
        for kind in [Kind::Token, Kind::Secret, Kind::Session] {
            for listed in wait(store.credentials(&account.id, kind, None, 100)).unwrap().items {
                let token = listed.credential.token();
                let dates = [token.expires_at, token.next_due].map(|date| date.map(UtcDateTime::unix_timestamp));
                let used = listed.last_used.map(|used| (used.at.unix_timestamp(), used.address));
                let works = listed.credential.standing(UtcDateTime::UNIX_EPOCH).is_ok();
                writeln!(text, "  {kind:?} {} {} {}", token.id, token.digest.to_text(), token.hint).unwrap();
                writeln!(text, "    {:?} {dates:?} {used:?} works: {works}", token.state).unwrap();
                for seen in wait(store.sightings(&token.id)).unwrap() {
                    let value = seen.seen.value();
                    writeln!(text, "    seen {} `{value}` {}", seen.seen.kind().as_str(), seen.count).unwrap();
                }
            }
        }
    }
    for kind in DocumentKind::ALL {
        for document in wait(store.documents(*kind, None, 100)).unwrap().items {
            writeln!(text, "document {} {} {}", document.id, document.revision, document.body).unwrap();
        }
    }
    for recorded in wait(store.events(&Query::default().limit(500))).unwrap().events {
        let event = &recorded.event;
        let about = [event.account(), event.token()].map(|label| label.map_or("-", |label| label.as_str()).to_owned());
        writeln!(text, "event {} {} {} {about:?}", recorded.sequence, event.action(), event.actor()).unwrap();
    }
    let cursor = wait(store.cursor(&DocumentId::parse("of-one").unwrap())).unwrap().unwrap();
    writeln!(text, "cursor {} {}", cursor.at, cursor.state).unwrap();
    text
}
