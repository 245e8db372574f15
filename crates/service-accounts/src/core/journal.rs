//! What is gathered in memory so that no request waits for a write: accesses, last uses, and what tokens were seen to do.
//!
//! ```text
//! request ─▶ accesses (coalesced, bounded) ─┐
//!         ─▶ last uses ─────────────────────┴─▶ one write at a time ─▶ store
//! ```
//!
//! A write belongs to the journal and not to whoever waits for it. Where that future is dropped, the next flush goes on
//! with the same write, so that a batch is written once.

mod access;
mod front;
mod marks;
mod writing;

use std::{
    hash::RandomState,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use service_accounts_audit::{Action, Coalescer, Label};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::{Credential, LastUsed, Store, Usage};
use service_accounts_token::TokenId;
use time::UtcDateTime;

pub(crate) use self::access::{Outcome, Shown};
use self::{
    access::{Access, AccessKey, RowKey},
    front::Front,
    marks::Marks,
    writing::UnderWay,
};
use crate::{Rejection, Unavailable, core::resolve::ready};

/// Whether the trail keeps access events, and how. `tracing` gets each of them in any case.
///
/// By default events are written in batches, for one write a request would limit a service to what its disk can do.
/// What that gives up says each variant; [`Strict`](Self::Strict) gives up the speed instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessEvents {
    /// The trail keeps none, and permissions used and addresses seen are not counted.
    Off,
    /// One event a minute for each token, address, outcome and permission, with a count. A process that is killed loses
    /// those of the last moments.
    #[default]
    Coalesced,
    /// An event for each access, written in batches. A process that is killed loses those of the last moments.
    Each,
    /// An event for each access before the request goes on: no record, no access.
    Strict,
}

/// How much memory waiting accesses may take, in bytes.
/// Beyond it accesses are summed by action until there is room, so nothing is lost but detail.
const ROOM: usize = 16 << 20;

/// How many events go into one write.
/// More waiting events take several writes.
const BATCH: usize = 4096;

type Accesses = Rows<Access>;

/// Rows of the trail that still count.
type Rows<T> = Coalescer<RowKey, T, RandomState>;

/// One a [`ServiceAccounts`](crate::ServiceAccounts), shared by its clones.
///
/// Its bounds: 16 MiB of accesses, for each person among them a name of 800 bytes, one mark for each token, one write at a
/// time. Whatever the store does, memory grows no further.
pub(crate) struct Journal {
    mode: AccessEvents,
    accesses: Mutex<Accesses>,
    front: Front,
    /// Set when half the room is used, until a flush: so that a request may look without the lock.
    is_pressing: AtomicBool,
    marks: Marks,
    writing: Mutex<Option<UnderWay>>,
}

/// Which waiting accesses a flush writes.
///
/// Last uses are written with each of them.
#[derive(Clone, Copy)]
pub(crate) enum Due<'a> {
    /// Those whose minute is over.
    Over,
    /// Those of one account, because it is about to change.
    Of(&'a AccountId),
    /// All.
    Now,
}

impl Journal {
    pub(crate) fn new(mode: AccessEvents) -> Self {
        Self {
            mode,
            accesses: Mutex::new(Coalescer::within(ROOM, RandomState::new())),
            front: Front::new(),
            is_pressing: AtomicBool::new(false),
            marks: Marks::default(),
            writing: Mutex::default(),
        }
    }

    /// Keeps a use for the next flush, once however often it is repeated within a second.
    #[inline]
    pub(crate) fn mark(&self, credential: &Credential, last: LastUsed) {
        if credential.note_use(last) {
            self.keep_use(Usage { token: credential.token().id, last });
        }
    }

    /// Keeps a use for the next flush.
    pub(crate) fn keep_use(&self, usage: Usage) {
        self.marks.mark(usage);
    }

    /// Whether a granted access needs no more to be told of than its token: it repeats one whose record is at hand, and is
    /// counted, or nobody is told of it.
    pub(crate) fn repeats(&self, token: &TokenId, address: Option<IpAddr>, second: i64) -> bool {
        let key = || AccessKey::new(*token, address, Outcome::Granted);
        match self.mode {
            _ if Access::is_traced() => false,
            AccessEvents::Off => true,
            AccessEvents::Coalesced => !self.has_to_wait() && self.front.repeats(key(), second, &self.accesses),
            AccessEvents::Each | AccessEvents::Strict => false,
        }
    }

    /// Counts a request that failed before any credential was verified.
    pub(crate) fn stranger(
        &self,
        address: Option<IpAddr>,
        rejection: Rejection,
        claimed: Option<&TokenId>,
        at: UtcDateTime,
    ) {
        access::trace_stranger(address, rejection, claimed);
        if self.mode != AccessEvents::Off {
            self.accesses().stranger(address, rejection.as_str(), claimed.map(TokenId::as_str), at);
        }
    }

    /// Keeps an access as the host chose, to be written with the next flush. Returns whether that is pressing.
    ///
    /// Where the trail keeps the minute, a row whose minute is over is settled first, so that no count goes into the
    /// next one.
    pub(crate) fn note(&self, access: Shown<'_>) -> bool {
        if Access::is_traced() {
            access.trace();
        }
        if self.mode == AccessEvents::Off {
            return false;
        }
        let (key, action, at) = (access.key(), access.outcome.action(), access.at);
        let is_over = self.mode == AccessEvents::Coalesced && self.accesses().is_over(&key.into(), at);
        if is_over {
            self.front.settle(key, &self.accesses);
        }
        let mut accesses = self.accesses();
        match self.mode {
            AccessEvents::Off | AccessEvents::Coalesced => accesses.record(key.into(), action, at, || access.kept()),
            AccessEvents::Each | AccessEvents::Strict => accesses.record_each(action, at, || access.kept()),
        }
        let is_pressing = accesses.is_pressing();
        drop(accesses);
        if is_pressing {
            self.is_pressing.store(true, Ordering::Relaxed);
        }
        is_pressing
    }

    /// Keeps a call that was refused to a person, as the host chose for accesses.
    pub(crate) fn refused(&self, (name, realm): (&Label, &Realm), call: &'static str, at: UtcDateTime) {
        access::trace_person(name, call);
        let refusal = || Access::of_person(name.clone(), realm, call);
        let (key, action) = (RowKey::Person(name.clone(), call), Action::PermissionDenied);
        match self.mode {
            AccessEvents::Off => {}
            AccessEvents::Coalesced => self.accesses().record(key, action, at, refusal),
            AccessEvents::Each | AccessEvents::Strict => self.accesses().record_each(action, at, refusal),
        }
    }

    /// Whether a request waits for a write before it goes on.
    ///
    /// It reads one flag, because every request asks.
    pub(crate) fn has_to_wait(&self) -> bool {
        match self.mode {
            AccessEvents::Off => false,
            AccessEvents::Strict => true,
            AccessEvents::Coalesced | AccessEvents::Each => self.is_pressing.load(Ordering::Relaxed),
        }
    }

    /// Keeps an access as the host chose; in strict mode nobody is let in without.
    pub(crate) async fn record<S: Store + 'static>(
        self: &Arc<Self>,
        store: &Arc<S>,
        now: UtcDateTime,
        access: Shown<'_>,
    ) -> Result<(), Unavailable> {
        if self.mode == AccessEvents::Strict {
            access.trace();
            return store.append(&[access.kept().event(access.at)]).await.map_err(Unavailable::new);
        }
        if self.note(access) {
            self.relieve(store, now).await;
        }
        Ok(())
    }

    /// Writes what waits, or moves on the write that is under way, whose last waiter may have been dropped.
    ///
    /// Nobody waits for a write that somebody else has begun. What could not be written waits for the next flush.
    async fn relieve<S: Store + 'static>(self: &Arc<Self>, store: &Arc<S>, now: UtcDateTime) {
        self.give_up_late_write(now);
        if self.writing().is_none_or(|writing| ready(writing).is_some()) {
            let _ = self.flush(store, Due::Now, now).await;
        }
    }

    /// Writes what is due, and all last uses.
    ///
    /// It may be called at once by many: they share the write that is under way, and then write what has come since.
    ///
    /// # Errors
    /// The store failed; what was gathered is kept for the next call.
    pub(crate) async fn flush<S: Store + 'static>(
        self: &Arc<Self>,
        store: &Arc<S>,
        due: Due<'_>,
        now: UtcDateTime,
    ) -> Result<(), Unavailable> {
        self.is_pressing.store(false, Ordering::Relaxed);
        self.close(due, now);
        self.give_up_late_write(now);
        // A write under way began before this call and may lack what came since.
        if let Some(writing) = self.writing() {
            let _ = writing.await;
        }
        while let Some(writing) = self.begin(store, now) {
            writing.await.map_err(Unavailable::new)?;
        }
        Ok(())
    }

    /// Takes rows out of those that still count, so that the next write has them.
    ///
    /// All threads are stopped while rows are taken out, so that no count is between its thread and its row.
    fn close(&self, due: Due<'_>, now: UtcDateTime) {
        let mut front = self.front.stop();
        let mut accesses = self.accesses();
        front.settle(&mut accesses);
        match due {
            Due::Over => accesses.close_due(now),
            Due::Of(account) => accesses.close_where(|_, access| {
                access.credential().is_some_and(|credential| credential.account().id == *account)
            }),
            Due::Now => accesses.close_all(),
        }
    }

    fn accesses(&self) -> MutexGuard<'_, Accesses> {
        self.accesses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
