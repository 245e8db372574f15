//! A memory store that can be switched off, at once or after some calls.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use service_accounts::{
    audit::{Event, Page, Query},
    naming::AccountId,
    store::{Account, Authority, Change, Committed, Credential, ListedToken, MemoryStore, Paged, Store, Usage},
    token::TokenId,
};
use time::UtcDateTime;

pub(crate) struct Switch {
    store: MemoryStore,
    calls_left: AtomicUsize,
}

impl Default for Switch {
    fn default() -> Self {
        Self { store: MemoryStore::new(), calls_left: AtomicUsize::new(usize::MAX) }
    }
}

#[derive(Debug)]
pub(crate) struct SwitchedOff;

impl std::fmt::Display for SwitchedOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("switched off")
    }
}

impl std::error::Error for SwitchedOff {}

impl Switch {
    /// Answers this many calls and no more.
    pub(crate) fn go_down_after(&self, calls: usize) {
        self.calls_left.store(calls, Ordering::Relaxed);
    }

    fn reach(&self) -> Result<&MemoryStore, SwitchedOff> {
        let counted = |left: usize| left.checked_sub(1);
        let left = self.calls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted);
        left.map(|_| &self.store).map_err(|_| SwitchedOff)
    }
}

/// The memory store itself never fails.
fn whole<T>(done: Result<T, std::convert::Infallible>) -> Result<T, SwitchedOff> {
    done.map_err(|never| match never {})
}

impl Store for Switch {
    type Error = SwitchedOff;

    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, SwitchedOff> {
        whole(self.reach()?.credential(id).await)
    }

    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, SwitchedOff> {
        whole(self.reach()?.commit(authority, change, event).await)
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, SwitchedOff> {
        whole(self.reach()?.account(id).await)
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, SwitchedOff> {
        whole(self.reach()?.accounts(after, limit).await)
    }

    async fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<ListedToken, TokenId>, SwitchedOff> {
        whole(self.reach()?.tokens(account, after, limit).await)
    }

    async fn due(&self, now: UtcDateTime, limit: usize) -> Result<Vec<TokenId>, SwitchedOff> {
        whole(self.reach()?.due(now, limit).await)
    }

    async fn touch(&self, marks: &[Usage]) -> Result<(), SwitchedOff> {
        whole(self.reach()?.touch(marks).await)
    }

    async fn append(&self, events: &[Event]) -> Result<(), SwitchedOff> {
        whole(self.reach()?.append(events).await)
    }

    async fn events(&self, query: &Query) -> Result<Page, SwitchedOff> {
        whole(self.reach()?.events(query).await)
    }
}
