//! Where events are kept, and how they are read back.

use alloc::vec::Vec;
use core::{fmt, future::Future};

use time::UtcDateTime;

use crate::{Action, Event, Label};

/// Keeps events in the order of their arrival.
///
/// `append` keeps all of `events` or none. Nothing changes or removes an event once it is kept.
pub trait Trail {
    /// Why the storage failed.
    type Error;

    /// Adds events at the end.
    ///
    /// # Errors
    /// The storage failed and none of `events` was kept.
    fn append(&self, events: &[Event]) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Reads one page, newest first.
    ///
    /// # Errors
    /// The storage failed, or holds something that is no event.
    fn read(&self, query: &Query) -> impl Future<Output = Result<Page, Self::Error>> + Send;
}

/// The place of an event in its trail; later events have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Sequence(i64);

impl Sequence {
    /// The place with this number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An event and its place in the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Recorded {
    /// The place.
    pub sequence: Sequence,
    /// The event.
    pub event: Event,
}

/// Some events and where the next page starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The events, newest first.
    pub events: Vec<Recorded>,
    /// What to pass to [`Query::before`] for the next page; nothing when this is the last one.
    pub next: Option<Sequence>,
}

/// Which events to read; all conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    account: Option<Label>,
    token: Option<Label>,
    action: Option<Action>,
    since: Option<UtcDateTime>,
    before: Option<Sequence>,
    limit: usize,
}

impl Query {
    /// The largest page.
    pub const MAX_LIMIT: usize = 500;

    /// Only what happened to this account.
    #[must_use]
    pub fn for_account(self, account: Label) -> Self {
        Self { account: Some(account), ..self }
    }

    /// Only what happened to the token with this id.
    #[must_use]
    pub fn for_token(self, token: Label) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Only this action.
    #[must_use]
    pub fn for_action(self, action: Action) -> Self {
        Self { action: Some(action), ..self }
    }

    /// Only what happened at this instant or later.
    #[must_use]
    pub fn since(self, instant: UtcDateTime) -> Self {
        Self { since: Some(instant), ..self }
    }

    /// Only what is older in the trail than this place: the next page.
    #[must_use]
    pub fn before(self, place: Sequence) -> Self {
        Self { before: Some(place), ..self }
    }

    /// At most so many events, between 1 and [`Query::MAX_LIMIT`].
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: limit.clamp(1, Self::MAX_LIMIT), ..self }
    }

    /// The account asked for, if one is.
    #[must_use]
    pub const fn account(&self) -> Option<&Label> {
        self.account.as_ref()
    }

    /// The token asked for, if one is.
    #[must_use]
    pub const fn token(&self) -> Option<&Label> {
        self.token.as_ref()
    }

    /// The action asked for, if one is.
    #[must_use]
    pub const fn action(&self) -> Option<Action> {
        self.action
    }

    /// The earliest instant asked for, if one is.
    #[must_use]
    pub const fn earliest(&self) -> Option<UtcDateTime> {
        self.since
    }

    /// The place before which to read, if one is given.
    #[must_use]
    pub const fn place(&self) -> Option<Sequence> {
        self.before
    }

    /// How many events a page holds.
    #[must_use]
    pub const fn page_size(&self) -> usize {
        self.limit
    }

    /// Whether an event is asked for.
    #[must_use]
    pub fn matches(&self, recorded: &Recorded) -> bool {
        let event = &recorded.event;
        self.account.as_ref().is_none_or(|account| event.account() == Some(account))
            && self.token.as_ref().is_none_or(|token| event.token() == Some(token))
            && self.action.is_none_or(|action| event.action() == action)
            && self.since.is_none_or(|since| event.at() >= since)
            && self.before.is_none_or(|before| recorded.sequence < before)
    }

    /// The first page of what matches in `newest_first`.
    ///
    /// A storage that filters by itself passes what it found, one event more than the page holds, so that a next page
    /// can be told from the end.
    #[must_use]
    pub fn page(&self, newest_first: impl IntoIterator<Item = Recorded>) -> Page {
        let mut events: Vec<_> =
            newest_first.into_iter().filter(|recorded| self.matches(recorded)).take(self.limit + 1).collect();
        let has_more = events.len() > self.limit;
        events.truncate(self.limit);
        let next = if has_more { events.last().map(|last| last.sequence) } else { None };
        Page { events, next }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self { account: None, token: None, action: None, since: None, before: None, limit: 50 }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn trail(length: i64) -> impl Iterator<Item = Recorded> {
        (1..=length).rev().map(|number| Recorded {
            sequence: Sequence::new(number),
            event: Event::new(
                if number % 2 == 0 { Action::AccessGranted } else { Action::AccessDenied },
                Label::new("x"),
                UtcDateTime::from_unix_timestamp(number).unwrap(),
            )
            .about_account(Label::new(&format!("account_{}", number % 3)))
            .about_token(Label::new(&format!("token_{}", number % 5))),
        })
    }

    fn numbers(page: &Page) -> Vec<i64> {
        page.events.iter().map(|recorded| recorded.sequence.number()).collect()
    }

    #[test]
    fn pages_follow_one_another_without_gap_or_overlap() {
        let query = Query::default().limit(4);
        let first = query.page(trail(10));
        let second = query.clone().before(first.next.unwrap()).page(trail(10));
        let third = query.before(second.next.unwrap()).page(trail(10));
        assert_eq!(
            (numbers(&first), numbers(&second), numbers(&third)),
            (alloc::vec![10, 9, 8, 7], alloc::vec![6, 5, 4, 3], alloc::vec![2, 1])
        );
        assert_eq!(third.next, None);
    }

    #[test]
    fn a_page_that_is_just_full_has_no_next() {
        for (length, has_next) in [(3, false), (4, false), (5, true)] {
            assert_eq!(Query::default().limit(4).page(trail(length)).next.is_some(), has_next, "{length}");
        }
    }

    #[test]
    fn every_condition_narrows() {
        let all = Query::default();
        assert_eq!(numbers(&all.clone().for_action(Action::AccessGranted).page(trail(6))), [6, 4, 2]);
        assert_eq!(numbers(&all.clone().for_account(Label::new("account_0")).page(trail(6))), [6, 3]);
        assert_eq!(numbers(&all.clone().for_token(Label::new("token_1")).page(trail(6))), [6, 1]);
        assert_eq!(numbers(&all.clone().since(UtcDateTime::from_unix_timestamp(5).unwrap()).page(trail(6))), [6, 5]);
        assert_eq!(
            numbers(&all.for_account(Label::new("account_0")).for_action(Action::AccessDenied).page(trail(6))),
            [3]
        );
    }

    #[test]
    fn a_limit_stays_between_one_and_the_largest_page() {
        assert_eq!(Query::default().limit(0).page_size(), 1);
        assert_eq!(Query::default().limit(usize::MAX).page_size(), Query::MAX_LIMIT);
    }
}
