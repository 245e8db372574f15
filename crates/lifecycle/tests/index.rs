//! The index and the column find what a plain search finds.

#[path = "support/random.rs"]
mod random;

use proptest::prelude::*;
use random::{environment, facts, instant, policy};
use service_accounts_lifecycle::{DateColumn, DueIndex};
use time::UtcDateTime;

fn dates() -> impl Strategy<Value = Vec<Option<UtcDateTime>>> {
    prop::collection::vec(prop::option::weighted(0.9, instant()), 0..200)
}

proptest! {
    #[test]
    fn the_column_finds_what_a_search_finds(dates in dates(), until in instant()) {
        let expected: Vec<_> =
            dates.iter().enumerate().filter(|(_, date)| date.is_some_and(|date| date <= until)).map(|(at, _)| at).collect();
        let column: DateColumn = dates.iter().copied().collect();
        prop_assert_eq!(column.count_until(until), expected.len());
        prop_assert_eq!(column.until(until).collect::<Vec<_>>(), expected);
        for (at, date) in dates.into_iter().enumerate() {
            prop_assert_eq!(column.at(at), date);
        }
    }

    #[test]
    fn the_index_finds_what_a_search_finds_in_the_order_of_dates(dates in dates(), removed in dates(), now in instant()) {
        let mut entries: Vec<_> = dates.into_iter().flatten().enumerate().map(|(key, due)| (due, key)).collect();
        let mut index: DueIndex<usize> = entries.iter().copied().collect();
        for (key, _) in removed.iter().enumerate().filter(|(_, date)| date.is_some()) {
            if let Some(at) = entries.iter().position(|entry| entry.1 == key) {
                let (due, key) = entries.remove(at);
                prop_assert!(index.remove(due, &key));
                prop_assert!(!index.remove(due, &key));
            }
        }
        entries.sort_unstable();
        prop_assert_eq!(index.len(), entries.len());
        prop_assert_eq!(index.is_empty(), entries.is_empty());
        prop_assert_eq!(index.first(), entries.first().map(|entry| entry.0));
        let expected: Vec<_> = entries.iter().filter(|entry| entry.0 <= now).map(|entry| &entry.1).collect();
        prop_assert_eq!(index.due(now).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_column_of_answers_is_each_answer(policy in policy(), facts in prop::collection::vec(facts(), 0..20), now in instant()) {
        let schedule = policy.schedule(&environment());
        let column = schedule.next_due_of_all(&facts, now);
        for (position, facts) in facts.iter().enumerate() {
            prop_assert_eq!(column.at(position), schedule.next_due(facts, now));
        }
    }
}

#[test]
fn an_entry_is_added_once() {
    let mut index = DueIndex::default();
    assert!(index.insert(UtcDateTime::UNIX_EPOCH, 1));
    assert!(!index.insert(UtcDateTime::UNIX_EPOCH, 1));
    assert_eq!(index.len(), 1);
}
