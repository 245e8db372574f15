//! The events of the memory store.

use std::collections::VecDeque;

use service_accounts_audit::{Event, Order, Page, Query, Recorded, Sequence};

/// Events in the order of their places, the oldest of which may have been trimmed.
///
/// Places ascend without a gap, which a store need not promise.
#[derive(Default)]
pub(super) struct Events {
    /// The newest last.
    kept: VecDeque<Recorded>,
    /// The place given last; trimming never lowers it, so no place is given twice.
    last: i64,
}

impl Events {
    /// The place that the next event will have. Places start at 1.
    pub(super) fn next(&self) -> Sequence {
        Sequence::new(self.last.saturating_add(1))
    }

    /// Appends an event and returns its place.
    pub(super) fn append(&mut self, event: Event) -> Sequence {
        let sequence = self.next();
        self.last = sequence.number();
        self.kept.push_back(Recorded { sequence, event });
        sequence
    }

    /// Oldest first, a page costs what it looks at behind its place; newest first, it starts at the end of the trail.
    pub(super) fn page(&self, query: &Query) -> Page {
        match query.order() {
            Order::NewestFirst => query.page(self.kept.iter().rev().cloned()),
            Order::OldestFirst => {
                let behind =
                    query.place().map_or(0, |place| self.kept.partition_point(|recorded| recorded.sequence <= place));
                query.page(self.kept.range(behind..).cloned())
            }
        }
    }

    /// Removes events below `place`, the oldest first and at most `limit`, and returns how many.
    ///
    /// Pages begin with the oldest event that is left.
    pub(super) fn trim(&mut self, place: Sequence, limit: usize) -> usize {
        let below = self.kept.partition_point(|recorded| recorded.sequence < place).min(limit);
        self.kept.drain(..below).count()
    }
}
