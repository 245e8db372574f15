//! Many accesses become few events.
//!
//! ```text
//! record ─▶ open rows, one a key ──close──▶ closed rows ──take──▶ one batch ──confirm──▶ gone
//!                                                ▲                   │
//! stranger ─▶ a few rows a minute ───────────────┘      the same ◀─ give_back
//! ```
//!
//! A row is open for a minute after its first access, and what repeats it is only counted. Then it waits, closed, for a
//! batch. At most one batch is out at a time; it keeps its id and its rows until it is confirmed, so that a write whose
//! outcome is unknown can be recognised instead of repeated.

mod batch;
mod row;
mod strangers;

use alloc::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use core::{
    hash::{BuildHasher, Hash},
    mem,
    net::IpAddr,
};

use hashbrown::{HashMap, hash_map::Entry};
use time::UtcDateTime;

use crate::Action;

use batch::Outgoing;
pub use batch::{Batch, BatchId};
pub use row::{Row, Stranger, Subject, Tally};
use strangers::Strangers;

/// Gathers access events in bounded memory.
///
/// `K` tells accesses apart that must not share a row: usually token, address, outcome and permission. `T` is what an
/// event of such a row is made from, once a row is written; it should own little, for only its own size is counted.
/// `S` hashes keys. A client chooses its address, so take a keyed hasher: the standard library's, or a faster one, since
/// hashing is most of what counting a repeated access costs.
///
/// It reads no clock: every call that depends on time takes an instant, and clocks that step back do no harm.
///
/// ```
/// use std::hash::RandomState;
/// use service_accounts_audit::{Action, Coalescer, Event, Label};
/// use time::{Duration, UtcDateTime};
///
/// let mut accesses: Coalescer<&str, &str, RandomState> = Coalescer::within(1 << 20, RandomState::new());
/// let start = UtcDateTime::UNIX_EPOCH;
/// for second in 0..50 {
///     accesses.record("token from 10.0.0.1", Action::AccessGranted, start + Duration::seconds(second), || "reporting");
/// }
///
/// accesses.close_due(start + Duration::seconds(60));
/// let batch = accesses.take(1000).unwrap();
/// let events: Vec<_> = batch
///     .rows()
///     .iter()
///     .map(|row| row.event(|account, at| Event::new(Action::AccessGranted, Label::new(account), at)))
///     .collect();
/// assert_eq!((events.len(), events[0].count()), (1, 50));
/// accesses.confirm(batch.id());
/// ```
#[derive(Debug)]
pub struct Coalescer<K, T, S> {
    open: HashMap<K, Open<T>, S>,
    closed: VecDeque<Row<T>>,
    outgoing: Option<Outgoing<T>>,
    next_id: u64,
    strangers: Strangers,
    /// Accesses that found no room, by what came of them.
    others: BTreeMap<Action, Tally>,
    most_rows: usize,
}

#[derive(Debug)]
struct Open<T> {
    subject: T,
    tally: Tally,
}

impl<K, T, S> Coalescer<K, T, S> {
    /// How long a row is open after its first access, in seconds.
    pub const WINDOW_SECONDS: i64 = 60;

    /// Most networks of strangers told apart within one window; accesses of the others are summed into one row.
    pub const MOST_SOURCES: usize = strangers::MOST_SOURCES;

    /// One that uses at most about so many bytes, and room for seven rows at least.
    #[must_use]
    pub fn within(bytes: usize, hasher: S) -> Self {
        let row = size_of::<(K, Open<T>)>().max(size_of::<Row<T>>()).saturating_add(1);
        // A table that grows holds its old and its new slots for a moment, and the closed rows have slots of their own.
        let slots = (bytes / row.saturating_mul(3)).checked_ilog2().map_or(1, |log| 1_usize << log).max(8);
        Self {
            open: HashMap::with_hasher(hasher),
            closed: VecDeque::new(),
            outgoing: None,
            next_id: 0,
            strangers: Strangers::default(),
            others: BTreeMap::new(),
            most_rows: slots / 8 * 7,
        }
    }

    /// Most rows that are kept, open and closed and on their way; later ones are summed by action until there is room.
    #[must_use]
    pub const fn most_rows(&self) -> usize {
        self.most_rows
    }

    /// Rows that are kept now.
    #[must_use]
    pub fn rows(&self) -> usize {
        let outgoing = self.outgoing.as_ref().map_or(0, |outgoing| outgoing.batch.rows().len());
        self.open.len() + self.closed.len() + outgoing
    }

    /// Whether it is time to write, because half the room is used.
    #[must_use]
    pub fn is_pressing(&self) -> bool {
        self.rows() >= self.most_rows / 2
    }

    /// Hands over at most `most` closed rows, oldest first, or the batch that was given back.
    ///
    /// `None` if no row is closed, or while another batch is out. After a write, tell its outcome:
    ///
    /// - it is written: [`confirm`](Self::confirm);
    /// - it is certainly not written: [`give_back`](Self::give_back), and it is handed over again, with the same id and
    ///   the same rows;
    /// - nobody knows, because the future of the write was dropped: do neither. Keep that future and finish it later, or
    ///   let the store note the id of the last batch in the same transaction, and then give back.
    pub fn take(&mut self, most: usize) -> Option<Batch<T>> {
        match &mut self.outgoing {
            Some(outgoing) if outgoing.is_out => return None,
            Some(outgoing) => {
                outgoing.is_out = true;
                return Some(outgoing.batch.clone());
            }
            None => {}
        }
        let rows: Arc<[_]> = self.closed.drain(..most.min(self.closed.len())).collect();
        if rows.is_empty() {
            return None;
        }
        let batch = Batch::new(self.next_id, rows);
        self.next_id = self.next_id.wrapping_add(1);
        self.outgoing = Some(Outgoing { batch: batch.clone(), is_out: true });
        Some(batch)
    }

    /// The batch that is out, if one is.
    #[must_use]
    pub fn outstanding(&self) -> Option<BatchId> {
        self.outgoing.as_ref().filter(|outgoing| outgoing.is_out).map(|outgoing| outgoing.batch.id())
    }

    /// Forgets a batch that is written. False, and without effect, for any other than the last one taken.
    pub fn confirm(&mut self, id: BatchId) -> bool {
        self.outgoing.take_if(|outgoing| outgoing.batch.id() == id).is_some()
    }

    /// Makes [`take`](Self::take) hand over the same batch again. False, and without effect, for any other than the last
    /// one taken.
    pub fn give_back(&mut self, id: BatchId) -> bool {
        match &mut self.outgoing {
            Some(outgoing) if outgoing.batch.id() == id => {
                outgoing.is_out = false;
                true
            }
            _ => false,
        }
    }

    /// Counts a request without a verified credential: an unknown id, a wrong secret, a text that is no token.
    ///
    /// Such requests are told apart by network, reason and what they claimed, as far as
    /// [`MOST_SOURCES`](Self::MOST_SOURCES) reach. Pass as `claimed` only the id of a record that exists: made-up ids
    /// would use up the rows.
    pub fn stranger(&mut self, address: Option<IpAddr>, reason: &'static str, claimed: Option<&str>, at: UtcDateTime) {
        if !self.strangers.is_within_window(at) {
            self.close_strangers();
        }
        self.strangers.count(address, reason, claimed, at);
    }

    fn room(&self) -> usize {
        self.most_rows.saturating_sub(self.rows())
    }

    fn close_strangers(&mut self) {
        let room = self.room();
        self.closed.extend(self.strangers.close(room));
    }

    /// What found no room stays a sum until there is room.
    fn close_others(&mut self, is_due: impl Fn(&Tally) -> bool) {
        while self.room() > 0
            && let Some(action) = self.others.iter().find(|(_, tally)| is_due(tally)).map(|(action, _)| *action)
            && let Some(tally) = self.others.remove(&action)
        {
            self.closed.push_back(Row { subject: Subject::Others(action), tally });
        }
    }
}

impl<K: Eq + Hash, T, S: BuildHasher> Coalescer<K, T, S> {
    /// Counts an access; `subject` is asked for only if it begins a new row.
    ///
    /// Where there is no room for a new row, the access is counted in one row for all of its `action`.
    pub fn record(&mut self, key: K, action: Action, at: UtcDateTime, subject: impl FnOnce() -> T) {
        let is_full = self.rows() >= self.most_rows;
        match self.open.entry(key) {
            Entry::Occupied(mut row) if row.get().tally.is_within_window(at) => row.get_mut().tally.add(at),
            _ if is_full => count_other(&mut self.others, action, at),
            Entry::Occupied(mut row) => {
                let old = mem::replace(row.get_mut(), Open { subject: subject(), tally: Tally::once(at) });
                self.closed.push_back(old.close());
            }
            Entry::Vacant(slot) => _ = slot.insert(Open { subject: subject(), tally: Tally::once(at) }),
        }
    }

    /// Counts an access that repeats one of an open row, and returns the unix second at which that row is over; `None`, and
    /// without effect, where no row of its key is open at `at`.
    ///
    /// For who would have to look up what [`record`](Self::record) makes a row from.
    pub fn repeat(&mut self, key: &K, at: UtcDateTime) -> Option<i64> {
        let row = self.open.get_mut(key).filter(|row| row.tally.is_within_window(at))?;
        row.tally.add(at);
        Some(row.tally.end())
    }

    /// Counts accesses that repeated one of an open row and were gathered elsewhere; false, and without effect, where no row
    /// of their key is open any more.
    pub fn repeat_many(&mut self, key: &K, count: u32, last: UtcDateTime) -> bool {
        let row = self.open.get_mut(key);
        row.map(|row| row.tally.add_many(count, last)).is_some()
    }

    /// Whether a row of this key is open and over at `at`: the next access of the key begins another one.
    pub fn is_over(&self, key: &K, at: UtcDateTime) -> bool {
        self.open.get(key).is_some_and(|row| !row.tally.is_within_window(at))
    }

    /// Keeps an access as a row of its own, to be written as soon as possible.
    pub fn record_each(&mut self, action: Action, at: UtcDateTime, subject: impl FnOnce() -> T) {
        if self.rows() >= self.most_rows {
            count_other(&mut self.others, action, at);
        } else {
            self.closed.push_back(Row { subject: Subject::Known(subject()), tally: Tally::once(at) });
        }
    }

    /// Closes the rows whose minute is over.
    pub fn close_due(&mut self, now: UtcDateTime) {
        self.close_open(|_, open| !open.tally.is_within_window(now));
        if !self.strangers.is_within_window(now) {
            self.close_strangers();
        }
        self.close_others(|tally| !tally.is_within_window(now));
    }

    /// Closes the rows that a change concerns, so that they can be written before it.
    pub fn close_where(&mut self, mut concerns: impl FnMut(&K, &T) -> bool) {
        self.close_open(|key, open| concerns(key, &open.subject));
    }

    /// Closes every row, for the last batch of a process.
    pub fn close_all(&mut self) {
        self.close_open(|_, _| true);
        self.close_strangers();
        self.close_others(|_| true);
    }

    fn close_open(&mut self, mut is_due: impl FnMut(&K, &Open<T>) -> bool) {
        let before = self.closed.len();
        self.closed.extend(self.open.extract_if(|key, open| is_due(key, open)).map(|(_, open)| open.close()));
        let closed = self.closed.make_contiguous();
        closed.get_mut(before..).unwrap_or_default().sort_by_key(|row| row.tally.first());
    }
}

fn count_other(others: &mut BTreeMap<Action, Tally>, action: Action, at: UtcDateTime) {
    others.entry(action).and_modify(|tally| tally.add(at)).or_insert(Tally::once(at));
}

impl<T> Open<T> {
    fn close(self) -> Row<T> {
        Row { subject: Subject::Known(self.subject), tally: self.tally }
    }
}

#[cfg(test)]
mod tests;
