use alloc::{format, vec, vec::Vec};

use super::*;

fn recorded(number: i64) -> Recorded {
    let action = if number % 2 == 0 { Action::AccessGranted } else { Action::AccessDenied };
    let event = Event::new(action, Label::new(&format!("actor_{}", number % 4)), at(number))
        .about_account(Label::new(&format!("account_{}", number % 3)))
        .about_token(Label::new(&format!("token_{}", number % 5)));
    Recorded { sequence: Sequence::new(number), event }
}

fn at(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds).unwrap()
}

fn trail(length: i64) -> impl Iterator<Item = Recorded> {
    (1..=length).rev().map(recorded)
}

fn numbers(page: &Page) -> Vec<i64> {
    page.events.iter().map(|recorded| recorded.sequence.number()).collect()
}

/// Every page from the first to the one without a next.
fn pages(query: &Query, read: impl Fn(&Query) -> Page) -> Vec<Vec<i64>> {
    let mut query = query.clone();
    let mut pages = Vec::new();
    loop {
        let page = read(&query);
        pages.push(numbers(&page));
        match page.next {
            Some(place) => query = query.continue_from(place),
            None => return pages,
        }
    }
}

#[test]
fn pages_follow_one_another_without_gap_or_overlap_in_either_order() {
    let query = Query::default().limit(4);
    assert_eq!(pages(&query, |query| query.page(trail(10))), [vec![10, 9, 8, 7], vec![6, 5, 4, 3], vec![2, 1]]);
    let upwards = pages(&query.oldest_first(), |query| query.page((1..=10).map(recorded)));
    assert_eq!(upwards, [vec![1, 2, 3, 4], vec![5, 6, 7, 8], vec![9, 10]]);
}

#[test]
fn a_page_that_is_just_full_has_no_next() {
    for (length, has_next) in [(3, false), (4, false), (5, true)] {
        assert_eq!(Query::default().limit(4).page(trail(length)).next.is_some(), has_next, "{length}");
        let within = Query::default().limit(4).page_within(4, trail(length));
        assert_eq!(within.next.is_some(), has_next, "{length}");
    }
}

#[test]
fn a_bounded_look_may_find_nothing_and_still_goes_on_to_the_end() {
    let rare = Query::default().for_account(Label::new("account_0")).for_token(Label::new("token_1")).limit(2);
    let read = |query: &Query| query.page_within(3, (1..=20).rev().map(recorded).filter(|one| is_behind(query, one)));
    assert_eq!(pages(&rare, read), [vec![], vec![], vec![], vec![], vec![6], vec![], vec![]]);
}

#[test]
fn a_bounded_look_loses_nothing_at_any_bound() {
    for most in 0..12 {
        for limit in 1..5 {
            let query = Query::default().for_action(Action::AccessGranted).limit(limit);
            let read = |query: &Query| query.page_within(most, trail(10).filter(|one| is_behind(query, one)));
            assert_eq!(pages(&query, read).concat(), [10, 8, 6, 4, 2], "{most} {limit}");
        }
    }
}

fn is_behind(query: &Query, recorded: &Recorded) -> bool {
    query.place().is_none_or(|place| recorded.sequence < place)
}

#[test]
fn every_condition_narrows() {
    let all = Query::default();
    assert_eq!(numbers(&all.clone().for_action(Action::AccessGranted).page(trail(6))), [6, 4, 2]);
    assert_eq!(numbers(&all.clone().for_account(Label::new("account_0")).page(trail(6))), [6, 3]);
    assert_eq!(numbers(&all.clone().by_actor(Label::new("actor_1")).page(trail(6))), [5, 1]);
    assert_eq!(numbers(&all.clone().for_token(Label::new("token_1")).page(trail(6))), [6, 1]);
    assert_eq!(numbers(&all.clone().since(at(5)).page(trail(6))), [6, 5]);
    assert_eq!(numbers(&all.clone().until(at(3)).page(trail(6))), [2, 1]);
    assert_eq!(numbers(&all.clone().since(at(2)).until(at(4)).page(trail(6))), [3, 2]);
    assert_eq!(numbers(&all.for_account(Label::new("account_0")).for_action(Action::AccessDenied).page(trail(6))), [3]);
}

#[test]
fn a_limit_stays_between_one_and_the_largest_page() {
    assert_eq!(Query::default().limit(0).page_size(), 1);
    assert_eq!(Query::default().limit(usize::MAX).page_size(), Query::MAX_LIMIT);
}
