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
use time::UtcDateTime;

use super::{Accesses, access::AccessKey};

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
    last: UtcDateTime,
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
    pub(super) fn repeats(&self, key: AccessKey, at: UtcDateTime, accesses: &Mutex<Accesses>) -> bool {
        let Some(mut stripe) = self.0.get(own_stripe()).map(Stripe::lock) else { return false };
        let Some(slot) = stripe.get_mut(slot_of(key.token())) else { return false };
        match slot {
            Some(known) if known.key == key && known.is_open(at) => {
                known.count = known.count.saturating_add(1);
                known.last = known.last.max(at);
                return true;
            }
            _ => {}
        }
        let mut accesses = accesses.lock().unwrap_or_else(PoisonError::into_inner);
        hand_over(slot, &mut accesses);
        let end = accesses.repeat(&key.into(), at);
        *slot = end.map(|end| Repeats { key, count: 0, last: at, end });
        end.is_some()
    }

    /// Hands over what was counted for this key, because its row is over.
    pub(super) fn settle(&self, key: AccessKey, accesses: &Mutex<Accesses>) {
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
    pub(super) fn settle(&mut self, accesses: &mut Accesses) {
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
    fn is_open(&self, at: UtcDateTime) -> bool {
        at >= self.last && at.unix_timestamp() < self.end
    }
}

/// A slot without a count leaves no trace.
fn hand_over(slot: &mut Option<Repeats>, accesses: &mut Accesses) {
    if let Some(known) = slot.take().filter(|known| known.count > 0) {
        accesses.repeat_many(&known.key.into(), known.count, known.last);
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
