//! One row: what repeated accesses have in common, and how often and when they came.

use alloc::{boxed::Box, string::ToString};
use core::net::IpAddr;

use time::UtcDateTime;

use super::Coalescer;
use crate::{Action, Event, Label, Source};

/// Accesses that become one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<T> {
    /// What they have in common.
    pub subject: Subject<T>,
    /// How often and when.
    pub tally: Tally,
}

/// What the accesses of a row have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject<T> {
    /// Accesses with one verified credential, from one address, with one outcome.
    Known(T),
    /// Requests without a verified credential.
    Stranger(Box<Stranger>),
    /// Accesses of this outcome that found no row of their own.
    Others(Action),
    /// Requests without a verified credential that found no row of their own.
    OtherStrangers,
}

/// Requests from one network that failed for one reason before any credential was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Their network.
    pub source: Source,
    /// Their address, while it is the same for all.
    pub address: Option<IpAddr>,
    /// Why they were refused.
    pub reason: &'static str,
    /// The id of an existing record that they named without knowing its secret.
    pub claimed: Option<Label>,
}

/// A count with its first and last instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    count: u32,
    first: UtcDateTime,
    last: UtcDateTime,
    /// The second of the first, because working it out costs more than all the rest of counting.
    second: i64,
}

impl Tally {
    /// How often, at least once in every row that is handed out.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// When first.
    #[must_use]
    pub const fn first(&self) -> UtcDateTime {
        self.first
    }

    /// When last.
    #[must_use]
    pub const fn last(&self) -> UtcDateTime {
        self.last
    }

    pub(super) const fn once(at: UtcDateTime) -> Self {
        Self { count: 1, first: at, last: at, second: at.unix_timestamp() }
    }

    pub(super) fn add(&mut self, at: UtcDateTime) {
        if at < self.first {
            (self.first, self.second) = (at, at.unix_timestamp());
        }
        self.count = self.count.saturating_add(1);
        self.last = self.last.max(at);
    }

    pub(super) fn add_many(&mut self, count: u32, last: UtcDateTime) {
        self.count = self.count.saturating_add(count);
        self.last = self.last.max(last);
    }

    /// The second at which a window that began with the first is over.
    pub(super) const fn end(&self) -> i64 {
        self.second.saturating_add(Coalescer::<(), (), ()>::WINDOW_SECONDS)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.second = self.second.min(other.second);
        self.last = self.last.max(other.last);
    }

    /// Whether an instant is less than a window away from the first, in either direction.
    pub(super) fn is_within_window(&self, at: UtcDateTime) -> bool {
        at.unix_timestamp().abs_diff(self.second) < Coalescer::<(), (), ()>::WINDOW_SECONDS.unsigned_abs()
    }
}

impl<T> Row<T> {
    /// The event of the row; `name` makes the one of a known credential's first access, at that instant.
    ///
    /// The others name nobody: their actor is `unknown`. What a stranger claimed is the detail `claimed`, its network
    /// the detail `network`. The reason `others` stands for whatever found no row of its own.
    #[must_use]
    pub fn event(&self, name: impl FnOnce(&T, UtcDateTime) -> Event) -> Event {
        let unknown = |action| Event::new(action, Label::new("unknown"), self.tally.first);
        let event = match &self.subject {
            Subject::Known(subject) => name(subject, self.tally.first),
            Subject::Stranger(stranger) => stranger.tell(unknown(Action::AccessDenied)),
            Subject::Others(action) => unknown(*action).because(Label::new("others")),
            Subject::OtherStrangers => unknown(Action::AccessDenied)
                .because(Label::new("others"))
                .with(Label::new("network"), Label::new("others")),
        };
        event.repeated(self.tally.count, self.tally.last)
    }
}

impl Stranger {
    fn tell(&self, event: Event) -> Event {
        let event = event
            .from_address(self.address)
            .because(Label::new(self.reason))
            .with(Label::new("network"), Label::new(&self.source.to_string()));
        match &self.claimed {
            Some(claimed) => event.with(Label::new("claimed"), claimed.clone()),
            None => event,
        }
    }
}
