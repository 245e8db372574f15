//! A store in memory, for tests, for tools, and for services that mint anew at each start.
//!
//! Requests read joined credentials from shards of their own, so they meet a writer only in the one shard it is just
//! writing to. Everything else lives in one ledger behind one lock, and a change is carried out under that lock from its
//! first read to its last write.

mod ledger;

use std::{
    collections::HashMap,
    convert::Infallible,
    hash::{BuildHasherDefault, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use service_accounts_audit::{Event, Page, Query};
use service_accounts_naming::AccountId;
use service_accounts_token::{PepperId, TokenId, TokenIdHasher};
use time::UtcDateTime;

use self::ledger::Ledger;
use crate::{Account, Authority, Change, Committed, Credential, ListedToken, Paged, Store, Usage};

const SHARD_MASK: u64 = 63;

type Shard = RwLock<HashMap<TokenId, Arc<Credential>, BuildHasherDefault<TokenIdHasher>>>;

/// Keeps everything in memory, and loses it with the process.
pub struct MemoryStore {
    shards: Box<[Shard]>,
    ledger: Mutex<Ledger>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self { shards: (0..=SHARD_MASK).map(|_| Shard::default()).collect(), ledger: Mutex::default() }
    }

    /// A poisoned lock is taken as it is: the ledger is changed only after all that can fail has succeeded.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chosen by the middle of the hash: a map looks at both ends.
    fn shard(&self, id: &TokenId) -> Option<&Shard> {
        let mut hasher = TokenIdHasher::default();
        id.hash(&mut hasher);
        usize::try_from(hasher.finish() >> 24 & SHARD_MASK).ok().and_then(|place| self.shards.get(place))
    }

    fn publish(&self, id: TokenId, credential: Option<Arc<Credential>>) {
        let Some(shard) = self.shard(&id) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        match credential {
            Some(credential) => shard.insert(id, credential),
            None => shard.remove(&id),
        };
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, Infallible> {
        let Some(shard) = self.shard(id) else { return Ok(None) };
        Ok(shard.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned())
    }

    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, Infallible> {
        let mut ledger = self.ledger();
        Ok(match ledger.commit(authority, change, event) {
            Ok((sequence, touched)) => {
                // Published before the lock is released, so that two changes cannot be published in the wrong order.
                touched.into_iter().for_each(|id| self.publish(id, ledger.credential(&id)));
                Committed::Applied(sequence)
            }
            Err(refusal) => Committed::Refused(refusal),
        })
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, Infallible> {
        Ok(self.ledger().account(id))
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, Infallible> {
        Ok(self.ledger().accounts(after, limit))
    }

    async fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<ListedToken, TokenId>, Infallible> {
        Ok(self.ledger().tokens(account, after, limit))
    }

    async fn due(&self, now: UtcDateTime, limit: usize) -> Result<Vec<TokenId>, Infallible> {
        Ok(self.ledger().due(now, limit))
    }

    async fn touch(&self, marks: &[Usage]) -> Result<(), Infallible> {
        self.ledger().touch(marks);
        Ok(())
    }

    async fn append(&self, events: &[Event]) -> Result<(), Infallible> {
        let mut ledger = self.ledger();
        for event in events {
            ledger.append(event.clone());
        }
        Ok(())
    }

    async fn events(&self, query: &Query) -> Result<Page, Infallible> {
        Ok(self.ledger().events(query))
    }

    async fn count_under(&self, pepper: PepperId) -> Result<Option<u64>, Infallible> {
        Ok(Some(self.ledger().count_under(pepper)))
    }
}
