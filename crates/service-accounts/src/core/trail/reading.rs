//! The trail from its old end to its new one, page by page.

use service_accounts_access::Permission;
use service_accounts_audit::{Page, Query, Recorded, Sequence};
use service_accounts_store::Store;

use crate::{Unavailable, core::Core};

/// How many events are read at once.
const PAGE: usize = Query::MAX_LIMIT;

/// Some events in their order, and how far the trail was read by them.
pub(crate) struct Stretch {
    pub(crate) events: Vec<Recorded>,
    /// Where to go on reading.
    pub(crate) to: Option<Sequence>,
    /// Whether the trail ended there.
    pub(crate) is_last: bool,
}

impl<S: Store, P: Permission> Core<S, P> {
    /// The events that follow a place, at most `most` of them; those from the beginning where there is none.
    ///
    /// A stretch may be empty and not be the last, because a store may look at only so much in one page.
    pub(crate) async fn events_after(&self, place: Option<Sequence>, most: usize) -> Result<Stretch, Unavailable> {
        let query = Query::default().oldest_first().limit(most.min(PAGE));
        let query = place.map_or(query.clone(), |place| query.continue_from(place));
        let Page { events, next } = self.store.events(&query).await.map_err(Unavailable::new)?;
        let last = events.last().map(|recorded| recorded.sequence);
        Ok(Stretch { events, to: next.or(last).or(place), is_last: next.is_none() })
    }

    /// The place of the newest event.
    pub(crate) async fn newest_place(&self) -> Result<Option<Sequence>, Unavailable> {
        let page = self.store.events(&Query::default().limit(1)).await.map_err(Unavailable::new)?;
        Ok(page.events.first().map(|recorded| recorded.sequence))
    }

    /// All events from one place to another, both included; they must be few, such as those of a segment.
    pub(crate) async fn events_within(&self, first: Sequence, last: Sequence) -> Result<Vec<Recorded>, Unavailable> {
        let (mut found, mut place) = (Vec::new(), Some(before(first)));
        loop {
            let stretch = self.events_after(place, PAGE).await?;
            let is_beyond = stretch.events.last().is_some_and(|recorded| recorded.sequence >= last);
            found.extend(stretch.events.into_iter().filter(|recorded| recorded.sequence <= last));
            if is_beyond || stretch.is_last {
                return Ok(found);
            }
            place = stretch.to;
        }
    }
}

/// The place right before another.
pub(crate) const fn before(place: Sequence) -> Sequence {
    Sequence::new(place.number().saturating_sub(1))
}
