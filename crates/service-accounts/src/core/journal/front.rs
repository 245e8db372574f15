//! Repeats of an access that has its row, counted by each thread in a place of its own.
//!
//! ```text
//! repeat ─▶ slot of the thread ──another key, or a close──▶ row of the coalescer
//! ```
//!
//! Otherwise all threads would meet at the one lock of the coalescer at every request. A slot knows when its row is over,
//! so it never counts for a minute that has passed; and rows are closed only after every slot was emptied into them.
//!
//! Given up: 150 KB a host, and a close waits for sixteen locks.

use std::{
    hash::{Hash, Hasher},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use service_accounts_token::{TokenId, TokenIdHasher};

use super::{Rows, access::AccessKey};
use crate::clock::instant;

const STRIPES: usize = 16;
/// Rows that a stripe counts for at a time: 16 of them take 150 KB.
const SLOTS: usize = 64;

/// Threads are spread over the stripes as they come; two threads of one stripe share its lock and nothing else.
pub(super) struct Front(Box<[Stripe]>);

/// On cache lines of its own: the neighbour belongs to another thread.
#[repr(align(128))]
struct Stripe(Mutex<[Option<Repeats>; SLOTS]>);

/// It holds no share in a credential: the row that it counts for does.
#[derive(Clone, Copy)]
struct Repeats {
    key: AccessKey,
    count: u32,
    /// The second of the last access.
    last: i64,
    /// The second at which the row is over.
    end: i64,
}

/// All stripes, so that nobody counts meanwhile.
pub(super) struct Stopped<'a>(Vec<MutexGuard<'a, [Option<Repeats>; SLOTS]>>);

impl Front {
    pub(super) fn new() -> Self {
        Self((0..STRIPES).map(|_| Stripe(Mutex::new([None; SLOTS]))).collect())
    }

    /// Counts an access whose row is open; false, and without effect, where none is.
    pub(super) fn repeats<T>(&self, key: AccessKey, second: i64, accesses: &Mutex<Rows<T>>) -> bool {
        let Some(mut stripe) = self.0.get(own_stripe()).map(Stripe::lock) else { return false };
        let Some(slot) = stripe.get_mut(slot_of(key.token())) else { return false };
        match slot {
            Some(known) if known.key == key && known.is_open(second) => {
                known.count = known.count.saturating_add(1);
                known.last = known.last.max(second);
                return true;
            }
            _ => {}
        }
        let mut accesses = accesses.lock().unwrap_or_else(PoisonError::into_inner);
        hand_over(slot, &mut accesses);
        let end = accesses.repeat(&key.into(), instant(second));
        *slot = end.map(|end| Repeats { key, count: 0, last: second, end });
        end.is_some()
    }

    /// Hands over what was counted for this key, because its row is over.
    pub(super) fn settle<T>(&self, key: AccessKey, accesses: &Mutex<Rows<T>>) {
        for stripe in &self.0 {
            let mut stripe = stripe.lock();
            let slot = stripe.get_mut(slot_of(key.token())).filter(|slot| slot.is_some_and(|known| known.key == key));
            if let Some(slot) = slot {
                hand_over(slot, &mut accesses.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
    }

    /// Keeps everybody from counting until the answer is dropped.
    pub(super) fn stop(&self) -> Stopped<'_> {
        Stopped(self.0.iter().map(Stripe::lock).collect())
    }
}

impl Stopped<'_> {
    /// Hands over all that was counted.
    pub(super) fn settle<T>(&mut self, accesses: &mut Rows<T>) {
        let slots = self.0.iter_mut().flat_map(|stripe| stripe.iter_mut());
        slots.for_each(|slot| hand_over(slot, accesses));
    }
}

impl Stripe {
    fn lock(&self) -> MutexGuard<'_, [Option<Repeats>; SLOTS]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repeats {
    /// A clock that stepped back asks the row.
    fn is_open(&self, second: i64) -> bool {
        (self.last..self.end).contains(&second)
    }
}

/// A slot without a count leaves no trace.
fn hand_over<T>(slot: &mut Option<Repeats>, accesses: &mut Rows<T>) {
    if let Some(known) = slot.take().filter(|known| known.count > 0) {
        accesses.repeat_many(&known.key.into(), known.count, instant(known.last));
    }
}

fn own_stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
    }
    OWN.with(|own| *own)
}

fn slot_of(token: &TokenId) -> usize {
    let mut hasher = TokenIdHasher::default();
    token.hash(&mut hasher);
    usize::try_from(hasher.finish() >> 32).unwrap_or_default() % SLOTS
}

#[cfg(test)]
mod tests {
    use std::{hash::RandomState, thread};

    use service_accounts_audit::Action;

    use super::*;
    use crate::core::journal::Outcome;

    fn key(token: usize) -> AccessKey {
        AccessKey::new(TokenId::parse(&format!("{token:016}")).unwrap(), None, Outcome::Granted)
    }

    /// With a row open from second 100 on for each of these.
    fn rows(keys: usize) -> Mutex<Rows<usize>> {
        let mut rows = Rows::within(1 << 20, RandomState::new());
        (0..keys).for_each(|number| rows.record(key(number).into(), Action::AccessGranted, instant(100), || number));
        Mutex::new(rows)
    }

    /// How often each key was counted, in the order of the keys.
    fn counts(front: &Front, rows: &Mutex<Rows<usize>>) -> Vec<u32> {
        let (mut stopped, mut rows) = (front.stop(), rows.lock().unwrap());
        stopped.settle(&mut rows);
        rows.close_all();
        let batch = rows.take(usize::MAX).unwrap();
        let mut counts: Vec<_> =
            batch.rows().iter().map(|row| (format!("{:?}", row.subject), row.tally.count())).collect();
        counts.sort();
        counts.into_iter().map(|(_, count)| count).collect()
    }

    #[test]
    fn what_threads_count_apart_is_one_sum() {
        let (front, rows) = (Front::new(), rows(3));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..900).for_each(|n| assert!(front.repeats(key(n % 3), 101, &rows))));
            }
        });
        assert_eq!(counts(&front, &rows), [1_201; 3]);
    }

    #[test]
    fn keys_that_share_a_slot_take_turns_and_lose_nothing() {
        let many = 3 * SLOTS;
        let (front, rows) = (Front::new(), rows(many));
        for _ in 0..5 {
            (0..many).for_each(|number| assert!(front.repeats(key(number), 101, &rows)));
        }
        assert_eq!(counts(&front, &rows), vec![6; many]);
    }

    #[test]
    fn nothing_is_counted_without_a_row_or_past_its_minute() {
        let (front, rows) = (Front::new(), rows(1));
        assert!(!front.repeats(key(1), 101, &rows));
        for (second, is_counted) in [(101, true), (159, true), (160, false), (161, false)] {
            assert_eq!(front.repeats(key(0), second, &rows), is_counted, "{second}");
        }
        assert_eq!(counts(&front, &rows), [3]);
    }

    #[test]
    fn what_was_counted_for_a_row_that_is_over_is_handed_to_it_before_the_next_begins() {
        let (front, rows) = (Front::new(), rows(1));
        (0..4).for_each(|_| assert!(front.repeats(key(0), 101, &rows)));
        front.settle(key(0), &rows);
        rows.lock().unwrap().record(key(0).into(), Action::AccessGranted, instant(200), || 1);
        assert!(front.repeats(key(0), 201, &rows));
        assert_eq!(counts(&front, &rows), [5, 2]);
    }

    #[test]
    fn a_clock_that_stepped_back_begins_the_minute_anew() {
        let (front, rows) = (Front::new(), rows(1));
        for (second, is_counted) in [(150, true), (99, true), (158, true), (159, false), (30, false)] {
            assert_eq!(front.repeats(key(0), second, &rows), is_counted, "{second}");
        }
    }
}
