//! A memory store that can be switched off, in whole or for appending events only.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use service_accounts::{
    audit::{Event, Page, Query},
    naming::AccountId,
    store::{Account, Authority, Change, Committed, Credential, ListedToken, MemoryStore, Paged, Store, Usage},
    token::TokenId,
};
use time::UtcDateTime;

#[derive(Default)]
pub(crate) struct Switch {
    store: MemoryStore,
    is_down: AtomicBool,
    refuses_events: AtomicBool,
}

#[derive(Debug, thiserror::Error)]
#[error("switched off")]
pub(crate) struct SwitchedOff;

impl Switch {
    pub(crate) fn go_down(&self) {
        self.is_down.store(true, Ordering::Relaxed);
    }

    pub(crate) fn refuse_events(&self) {
        self.refuses_events.store(true, Ordering::Relaxed);
    }

    fn reach(&self) -> Result<&MemoryStore, SwitchedOff> {
        if self.is_down.load(Ordering::Relaxed) { Err(SwitchedOff) } else { Ok(&self.store) }
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
        if self.refuses_events.load(Ordering::Relaxed) {
            return Err(SwitchedOff);
        }
        whole(self.reach()?.append(events).await)
    }

    async fn events(&self, query: &Query) -> Result<Page, SwitchedOff> {
        whole(self.reach()?.events(query).await)
    }
}
