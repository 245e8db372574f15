//! Pages of the trail: what every combination of conditions finds, and what it costs.
//!
//! activepieces#14609: filters beyond one index scanned two million rows and held up authentication.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests")]

use pollster::block_on;
use proptest::prelude::*;
use service_accounts_audit::{Action, Event, Label, Page, Payload, Query, Recorded, Sequence};
use service_accounts_sqlite::SqliteStore;
use service_accounts_store::Store;
use time::UtcDateTime;

fn event(account: u8, token: u8, action: Action, at: i64) -> Event {
    Event::new(action, Label::new("test"), UtcDateTime::from_unix_timestamp(at).unwrap())
        .about_account(Label::new(&format!("account_{account}")))
        .about_token(Label::new(&format!("token_{token}")))
}

/// All pages, put together; how many there were.
fn walk(store: &SqliteStore, query: &Query) -> (Vec<i64>, usize) {
    let (mut found, mut pages, mut next) = (Vec::new(), 0, Some(query.clone()));
    while let Some(query) = next {
        let Page { events, next: place } = block_on(store.events(&query)).unwrap();
        assert!(events.len() <= query.page_size());
        found.extend(events.iter().map(|recorded: &Recorded| recorded.sequence.number()));
        pages += 1;
        next = place.map(|place| query.continue_from(place));
    }
    (found, pages)
}

fn queries() -> impl Strategy<Value = Query> {
    let some = || proptest::option::of(0_u8..3);
    let instants = (proptest::option::of(0_i64..12), proptest::option::of(0_i64..12));
    (some(), some(), proptest::option::of(0_usize..2), instants, any::<bool>(), 1_usize..5).prop_map(
        |(account, token, action, (since, until), oldest_first, limit)| {
            let at = |at| UtcDateTime::from_unix_timestamp(at).unwrap();
            let mut query = Query::default().limit(limit);
            query = account.map_or(query.clone(), |n| query.for_account(Label::new(&format!("account_{n}"))));
            query = token.map_or(query.clone(), |n| query.for_token(Label::new(&format!("token_{n}"))));
            query = action.map_or(query.clone(), |n| query.for_action(ACTIONS[n]));
            query = since.map_or(query.clone(), |since| query.since(at(since)));
            query = until.map_or(query.clone(), |until| query.until(at(until)));
            if oldest_first { query.oldest_first() } else { query }
        },
    )
}

const ACTIONS: [Action; 2] = [Action::AccessGranted, Action::AccessDenied];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_combination_finds_what_it_names_in_order(
        trail in proptest::collection::vec((0_u8..3, 0_u8..3, 0_usize..2, 0_i64..12), 0..40),
        queries in proptest::collection::vec(queries(), 8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("accounts.db")).unwrap();
        let events: Vec<_> = trail.iter().map(|(a, t, n, at)| event(*a, *t, ACTIONS[*n], *at)).collect();
        block_on(store.append(&events)).unwrap();
        for query in queries {
            let all = events.iter().zip(1..).map(|(event, n)| Recorded { sequence: Sequence::new(n), event: event.clone() });
            let mut expected: Vec<_> = all.filter(|each| query.matches(each)).map(|each| each.sequence.number()).collect();
            if query.order() == service_accounts_audit::Order::NewestFirst {
                expected.reverse();
            }
            prop_assert_eq!(walk(&store, &query).0, expected, "{:?}", query);
        }
    }
}

#[test]
fn no_page_looks_at_more_than_a_bounded_part_of_the_trail() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("accounts.db")).unwrap();
    // Two conditions that match half of the trail each and never meet.
    let events: Vec<_> = (0..20_000_u32)
        .map(|n| event(u8::from(n % 2 == 0), 0, ACTIONS[usize::from(n % 2 == 0)], i64::from(n)))
        .collect();
    block_on(store.append(&events)).unwrap();
    let never = Query::default().for_account(Label::new("account_0")).for_action(Action::AccessDenied);
    let (found, pages) = walk(&store, &never);
    assert_eq!(found, [0_i64; 0]);
    assert!((5..200).contains(&pages), "{pages} pages");
    // A rare condition beside a frequent one costs what the rare one matches.
    block_on(store.append(&[event(0, 0, Action::TokenRevoked, 0)])).unwrap();
    let rare = Query::default().for_account(Label::new("account_0")).for_action(Action::TokenRevoked);
    assert_eq!(walk(&store, &rare), (vec![20_001], 1));
    assert_eq!(walk(&store, &rare.oldest_first()), (vec![20_001], 1));
}

#[test]
fn an_event_reads_back_with_all_that_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("accounts.db")).unwrap();
    let at = |second| UtcDateTime::from_unix_timestamp(second).unwrap();
    let bare = Event::new(Action::AccessDenied, Label::new(""), at(-1));
    let full = event(1, 1, Action::AccountUpdated, 100)
        .repeated(7, at(159))
        .named(Label::new("nightly"))
        .from_address("2001:db8::7".parse().ok())
        .because(Label::new("network"))
        .changed(Label::new("role"), Some("Member"), Some("Admin"))
        .changed(Label::new("expires_at"), None, Some("2030-01-01"))
        .with(Label::new("network"), Label::new("10.0.0.0/24"))
        .carrying(Payload::parse("{\"build\":7}").unwrap());
    // A label that is also an action's name, and an account that is its own actor.
    let own = Event::new(Action::TokenRotated, Label::new("token.rotated"), at(200))
        .about_account(Label::new("token.rotated"))
        .repeated(2, at(200));
    let events = [bare, full, own];
    block_on(store.append(&events)).unwrap();
    let read = block_on(store.events(&Query::default().oldest_first())).unwrap().events;
    assert_eq!(read.into_iter().map(|recorded| recorded.event).collect::<Vec<_>>(), events);
}

#[test]
fn what_only_trimmed_events_named_is_forgotten_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let store = SqliteStore::open(&path).unwrap();
    let events: Vec<_> = (0..10).map(|n| event(n / 5, n, Action::SessionOpened, n.into())).collect();
    block_on(store.append(&events)).unwrap();
    let labels = || {
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.query_row("SELECT count(*) FROM label", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    // An actor, an action, two accounts and ten sessions.
    assert_eq!(labels(), 14);
    assert_eq!(block_on(store.trim(Sequence::new(5), 100)).unwrap(), 4);
    assert_eq!(labels(), 10, "the first account is still named");
    assert_eq!(block_on(store.trim(Sequence::new(6), 100)).unwrap(), 1);
    assert_eq!(labels(), 8);
    assert_eq!(walk(&store, &Query::default().for_account(Label::new("account_0"))), (vec![], 1));
    assert_eq!(walk(&store, &Query::default().for_account(Label::new("account_1"))), (vec![10, 9, 8, 7, 6], 1));
}

/// Issue 13: a million requests of 1,000 tokens in an hour are 60,000 such events, and add at most 20 MB.
#[test]
fn a_coalesced_access_takes_at_most_333_bytes_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.db");
    let store = SqliteStore::open(&path).unwrap();
    let access = |minute: i64, token: i64| {
        let account = Label::new(&format!("pipeline_automation_{token}@service"));
        Event::new(Action::AccessGranted, account.clone(), UtcDateTime::from_unix_timestamp(minute * 60).unwrap())
            .about_account(account)
            .about_token(Label::new(&format!("{token:016}")))
            .named(Label::new("production-integration-2026"))
            .from_address(Some([203, 0, 113, 77].into()))
            .repeated(17, UtcDateTime::from_unix_timestamp(minute * 60 + 59).unwrap())
    };
    let append = |minutes: std::ops::Range<i64>| {
        for minute in minutes {
            block_on(store.append(&(0..1000).map(|token| access(minute, token)).collect::<Vec<_>>())).unwrap();
        }
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.pragma_query(None, "wal_checkpoint", |_| Ok(())).unwrap();
        std::fs::metadata(&path).unwrap().len()
    };
    let (before, after) = (append(0..2), append(2..12));
    let each = (after - before) / 10_000;
    println!("{each} bytes an event");
    assert!(each <= 333, "{each}");
}
