//! A store in memory, for tests, for tools, and for services that mint anew at each start.
//!
//! A good request reads one line of [`Briefs`] and takes no lock. Every other reads joined credentials from shards of their
//! own, so it meets a writer only in the one shard that is just written to. Everything else lives in one ledger behind one
//! lock, and a change is carried out under that lock from its first read to its last write.

mod briefs;
mod documents;
mod ledger;
mod sightings;
mod trail;

use std::{
    collections::HashMap,
    convert::Infallible,
    hash::{BuildHasherDefault, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use service_accounts_audit::{Event, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_token::{Kind, PepperId, TokenId, TokenIdHasher};
use time::UtcDateTime;

use self::{briefs::Briefs, ledger::Ledger};
use crate::{
    Account, AccountFilter, Authority, Brief, Change, Clearance, Committed, Credential, Cursor, Document, DocumentId,
    DocumentKind, Listed, Paged, Sighting, Store, Usage,
};

/// How many shards there are, less one; a power of two less one, so that it masks a hash.
const SHARD_MASK: u64 = 63;

/// Credentials as requests read them. The ids that are kept are random, so their hash needs no key.
type Shard = RwLock<HashMap<TokenId, Arc<Credential>, BuildHasherDefault<TokenIdHasher>>>;

/// Keeps everything in memory, and loses it with the process.
///
/// Each of its futures is ready when first polled. It keeps what it is given for as long as it lives,
/// so a service that runs for long trims the trail and lets sweeps remove what has ended, as with any other store.
///
/// A panic inside a call poisons a lock and leaves the state whole; later calls go on.
///
/// ```
/// use service_accounts_store::{MemoryStore, Store};
/// use service_accounts_audit::Query;
///
/// let store = MemoryStore::new();
/// assert!(store.answers_at_once());
/// assert!(pollster::block_on(store.events(&Query::default())).unwrap().events.is_empty());
/// ```
///
/// Where time matters: a look-up takes the lock of one of 64 shards, a change takes the ledger's and then those of the
/// credentials it touches. Lists look at what they return; a list of accounts by a filter may look at every account.
pub struct MemoryStore {
    briefs: Briefs,
    shards: Box<[Shard]>,
    ledger: Mutex<Ledger>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        let briefs = Briefs::new();
        Self { briefs, shards: (0..=SHARD_MASK).map(|_| Shard::default()).collect(), ledger: Mutex::default() }
    }

    /// A poisoned lock is taken as it is: the ledger is changed only after all that can fail has succeeded.
    ///
    /// Every call but a look-up takes it, for the length of the call.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chosen by the middle of the hash: a map looks at both ends.
    fn shard(&self, id: &TokenId) -> Option<&Shard> {
        let mut hasher = TokenIdHasher::default();
        id.hash(&mut hasher);
        usize::try_from(hasher.finish() >> 24 & SHARD_MASK).ok().and_then(|place| self.shards.get(place))
    }

    /// Shows requests a credential as it is now, or that it is gone.
    ///
    /// It is called under the ledger's lock, so what requests see changes in the order of the changes.
    fn publish(&self, id: TokenId, credential: Option<Arc<Credential>>) {
        let Some(shard) = self.shard(&id) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        match credential {
            Some(credential) => shard.insert(id, credential),
            None => shard.remove(&id),
        };
        // Within the lock that `clear` takes too, so that nothing found out about the old record is kept after this.
        self.briefs.forget(&id);
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

    fn answers_at_once(&self) -> bool {
        true
    }

    #[inline]
    fn prefetch(&self, id: &TokenId) {
        self.briefs.prefetch(id);
    }

    #[inline]
    fn brief(&self, id: &TokenId) -> Option<&Brief> {
        self.briefs.find(id)
    }

    /// Only the very record that was judged may be cleared: a change since has put another one in its place.
    fn clear(&self, credential: &Arc<Credential>, clearance: Clearance) {
        let id = credential.token().id;
        let Some(shard) = self.shard(&id) else { return };
        let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
        if shard.get(&id).is_some_and(|present| Arc::ptr_eq(present, credential)) {
            self.briefs.keep(&id, credential.token().digest.tag(), &clearance);
        }
    }

    /// Takes the lock of one shard, for a look-up.
    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, Infallible> {
        let Some(shard) = self.shard(id) else { return Ok(None) };
        Ok(shard.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned())
    }

    /// Nothing is awaited, so a caller that drops the future has made the change or has not begun it.
    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, Infallible> {
        let mut ledger = self.ledger();
        Ok(match ledger.commit(authority, change, event) {
            Ok((applied, touched)) => {
                // Published before the lock is released, so that two changes cannot be published in the wrong order.
                touched.into_iter().for_each(|id| self.publish(id, ledger.credential(&id)));
                Committed::Applied(applied)
            }
            Err(refusal) => Committed::Refused(refusal),
        })
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, Infallible> {
        Ok(self.ledger().account(id))
    }

    async fn accounts(
        &self,
        filter: &AccountFilter,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, Infallible> {
        Ok(self.ledger().accounts(filter, after, limit))
    }

    async fn credentials(
        &self,
        account: &AccountId,
        kind: Kind,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<Listed, TokenId>, Infallible> {
        Ok(self.ledger().credentials(account, kind, after, limit))
    }

    async fn due(&self, realm: &Realm, now: UtcDateTime, limit: usize) -> Result<Vec<Listed>, Infallible> {
        Ok(self.ledger().due(realm, now, limit))
    }

    async fn touch(&self, uses: &[Usage], sightings: &[Sighting]) -> Result<(), Infallible> {
        self.ledger().touch(uses, sightings);
        Ok(())
    }

    async fn sightings(&self, token: &TokenId) -> Result<Vec<Sighting>, Infallible> {
        Ok(self.ledger().sightings.of(token))
    }

    async fn document(&self, kind: DocumentKind, id: &DocumentId) -> Result<Option<Document>, Infallible> {
        Ok(self.ledger().documents.get(kind, id))
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Document, DocumentId>, Infallible> {
        Ok(self.ledger().documents.page(kind, after, limit))
    }

    /// All of them stand together in the trail.
    async fn append(&self, events: &[Event]) -> Result<(), Infallible> {
        let mut ledger = self.ledger();
        events.iter().for_each(|event| _ = ledger.trail.append(event.clone()));
        Ok(())
    }

    async fn events(&self, query: &Query) -> Result<Page, Infallible> {
        Ok(self.ledger().trail.page(query))
    }

    async fn trim(&self, place: Sequence, limit: usize) -> Result<usize, Infallible> {
        Ok(self.ledger().trail.trim(place, limit))
    }

    async fn cursor(&self, reader: &DocumentId) -> Result<Option<Cursor>, Infallible> {
        Ok(self.ledger().cursors.get(reader).cloned())
    }

    async fn advance(
        &self,
        reader: &DocumentId,
        from: Option<Sequence>,
        to: Option<Cursor>,
    ) -> Result<bool, Infallible> {
        Ok(self.ledger().advance(reader, from, to))
    }

    async fn slowest_cursor(&self) -> Result<Option<Sequence>, Infallible> {
        Ok(self.ledger().cursors.values().map(|cursor| cursor.at).min())
    }

    async fn count_under(&self, pepper: PepperId) -> Result<Option<u64>, Infallible> {
        Ok(Some(self.ledger().count_under(pepper)))
    }
}
