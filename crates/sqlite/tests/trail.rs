//! Pages of the trail: what every combination of conditions finds, and what it costs.
//!
//! activepieces#14609: filters beyond one index scanned two million rows and held up authentication.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests")]

use pollster::block_on;
use proptest::prelude::*;
use service_accounts_audit::{Action, Event, Label, Page, Query, Recorded, Sequence};
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
