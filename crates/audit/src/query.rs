//! Which events to read, and one page of them.

use alloc::vec::Vec;

use time::UtcDateTime;

use crate::{Action, Event, Label, Recorded, Sequence};

/// Some events, and where the next page starts.
///
/// A store may stop after it looked at a bounded number of events, so that a rare combination of conditions never reads
/// the whole trail at once. Such a page may be short or even empty and still have a `next`: follow `next` until it is
/// `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The events, in the order that was asked for.
    pub events: Vec<Recorded>,
    /// What to pass to [`Query::continue_from`] for the next page; `None` when the end was reached.
    pub next: Option<Sequence>,
}

impl Page {
    /// A page of a store that stopped looking at `next`, which may be an event that the page does not hold.
    #[must_use]
    pub const fn new(events: Vec<Recorded>, next: Option<Sequence>) -> Self {
        Self { events, next }
    }
}

/// Which end of the trail comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// For people: the latest event first.
    #[default]
    NewestFirst,
    /// For readers that follow the trail: the order in which events were kept.
    OldestFirst,
}

/// Which events to read, and in which order; all conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    account: Option<Label>,
    actor: Option<Label>,
    token: Option<Label>,
    action: Option<Action>,
    since: Option<UtcDateTime>,
    until: Option<UtcDateTime>,
    order: Order,
    place: Option<Sequence>,
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

    /// Only what this actor did.
    #[must_use]
    pub fn by_actor(self, actor: Label) -> Self {
        Self { actor: Some(actor), ..self }
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

    /// Only what happened at this instant or later; [`Event::at`] decides.
    #[must_use]
    pub fn since(self, instant: UtcDateTime) -> Self {
        Self { since: Some(instant), ..self }
    }

    /// Only what happened before this instant; [`Event::at`] decides.
    #[must_use]
    pub fn until(self, instant: UtcDateTime) -> Self {
        Self { until: Some(instant), ..self }
    }

    /// Starts at the oldest event instead of the newest.
    #[must_use]
    pub fn oldest_first(self) -> Self {
        Self { order: Order::OldestFirst, ..self }
    }

    /// Only what follows this place in the order of reading: older than it newest first, newer than it oldest first.
    #[must_use]
    pub fn continue_from(self, place: Sequence) -> Self {
        Self { place: Some(place), ..self }
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

    /// The actor asked for, if one is.
    #[must_use]
    pub const fn actor(&self) -> Option<&Label> {
        self.actor.as_ref()
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

    /// The instant before which everything asked for happened, if one is given.
    #[must_use]
    pub const fn end(&self) -> Option<UtcDateTime> {
        self.until
    }

    /// Which end of the trail comes first.
    #[must_use]
    pub const fn order(&self) -> Order {
        self.order
    }

    /// The place that the events asked for follow, if one is given.
    #[must_use]
    pub const fn place(&self) -> Option<Sequence> {
        self.place
    }

    /// How many events a page holds.
    #[must_use]
    pub const fn page_size(&self) -> usize {
        self.limit
    }

    /// Whether an event is asked for.
    #[must_use]
    pub fn matches(&self, recorded: &Recorded) -> bool {
        self.place.is_none_or(|place| self.follows(recorded.sequence, place)) && self.describes(&recorded.event)
    }

    /// The first page of what matches in `in_order`, which runs in the order of this query.
    ///
    /// A store that filters by itself passes what it found, one event more than the page holds, so that a next page can
    /// be told from the end.
    #[must_use]
    pub fn page(&self, in_order: impl IntoIterator<Item = Recorded>) -> Page {
        let mut events: Vec<_> =
            in_order.into_iter().filter(|recorded| self.matches(recorded)).take(self.limit + 1).collect();
        let has_more = events.len() > self.limit;
        events.truncate(self.limit);
        let next = if has_more { events.last().map(|last| last.sequence) } else { None };
        Page { events, next }
    }

    /// Like [`page`](Self::page), but looks at no more than `most` events of `in_order`, at least one.
    ///
    /// The page's `next` is where it stopped looking, also if it found nothing. Pass `most` events and one more, so
    /// that the end can be told.
    #[must_use]
    pub fn page_within(&self, most: usize, in_order: impl IntoIterator<Item = Recorded>) -> Page {
        let mut events = Vec::new();
        let mut last_seen = None;
        for (seen, recorded) in in_order.into_iter().enumerate() {
            if seen >= most.max(1) || events.len() >= self.limit {
                return Page { events, next: last_seen };
            }
            last_seen = Some(recorded.sequence);
            if self.matches(&recorded) {
                events.push(recorded);
            }
        }
        Page { events, next: None }
    }

    fn follows(&self, sequence: Sequence, place: Sequence) -> bool {
        match self.order {
            Order::NewestFirst => sequence < place,
            Order::OldestFirst => sequence > place,
        }
    }

    fn describes(&self, event: &Event) -> bool {
        self.account.as_ref().is_none_or(|account| event.account() == Some(account))
            && self.actor.as_ref().is_none_or(|actor| event.actor() == actor)
            && self.token.as_ref().is_none_or(|token| event.token() == Some(token))
            && self.action.is_none_or(|action| event.action() == action)
            && self.since.is_none_or(|since| event.at() >= since)
            && self.until.is_none_or(|until| event.at() < until)
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            account: None,
            actor: None,
            token: None,
            action: None,
            since: None,
            until: None,
            order: Order::NewestFirst,
            place: None,
            limit: 50,
        }
    }
}

#[cfg(test)]
mod tests;
