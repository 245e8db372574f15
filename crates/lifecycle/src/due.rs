//! What is due, without asking everything.
//!
//! [`DueIndex`] keeps keys in the order of their due dates: a sweep reads from the front and stops at the
//! first date to come, so it costs what is due, not what exists. For the other question, the one after a
//! change of policy, see [`DateColumn`](crate::DateColumn).

use alloc::collections::BTreeSet;

use time::UtcDateTime;

use crate::moment::Moment;

/// Keys in the order of their due dates, in memory.
///
/// ```
/// use service_accounts_lifecycle::DueIndex;
/// use time::{Duration, UtcDateTime};
///
/// let now = UtcDateTime::UNIX_EPOCH;
/// let mut index = DueIndex::new();
/// index.insert(now, "token-1");
/// index.insert(now + Duration::SECOND, "token-2");
/// assert_eq!(index.due(now).collect::<Vec<_>>(), [&"token-1"]);
///
/// index.remove(now, &"token-1");
/// assert_eq!(index.first(), Some(now + Duration::SECOND));
/// ```
#[derive(Clone, Debug)]
pub struct DueIndex<K> {
    by_date: BTreeSet<(Moment, K)>,
}

impl<K: Ord> DueIndex<K> {
    /// An index of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { by_date: BTreeSet::new() }
    }

    /// Adds a key under its due date; says whether it was not there yet.
    pub fn insert(&mut self, due: UtcDateTime, key: K) -> bool {
        self.by_date.insert((Moment::of(due), key))
    }

    /// Removes a key from under its due date; says whether it was there.
    pub fn remove(&mut self, due: UtcDateTime, key: &K) -> bool
    where
        K: Clone,
    {
        self.by_date.remove(&(Moment::of(due), key.clone()))
    }

    /// Every key whose date has come, the longest overdue first.
    pub fn due(&self, now: UtcDateTime) -> impl Iterator<Item = &K> {
        let now = Moment::of(now);
        self.by_date.iter().take_while(move |(due, _)| *due <= now).map(|(_, key)| key)
    }

    /// The earliest date of all: nothing is due before it.
    #[must_use]
    pub fn first(&self) -> Option<UtcDateTime> {
        self.by_date.first().map(|(due, _)| due.to_utc())
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_date.len()
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_date.is_empty()
    }
}

impl<K: Ord> Default for DueIndex<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord> FromIterator<(UtcDateTime, K)> for DueIndex<K> {
    fn from_iter<I: IntoIterator<Item = (UtcDateTime, K)>>(entries: I) -> Self {
        Self { by_date: entries.into_iter().map(|(due, key)| (Moment::of(due), key)).collect() }
    }
}
