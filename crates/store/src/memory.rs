//! A store in memory, for tests, for tools, and for services that mint anew at each start.
//!
//! A good request reads one line of the briefs and takes no lock. Every other reads a row of its shard, so it meets a writer
//! only in the one shard that is just written to. Everything else lives in one ledger behind one lock, and a change is
//! carried out under that lock from its first read to its last write.
//!
//! ```text
//!  good request ──▶ briefs: a line of 64 bytes
//!  any other    ──▶ recent: unpacked lately ──▶ rows: packed
//!  ledger       ──▶ indexes: by name, account, due date ──number──▶ rows
//! ```

mod briefs;
mod documents;
mod group;
mod ledger;
mod names;
mod packed;
mod recent;
mod row;
mod rows;
mod sightings;
mod trail;

use std::{
    convert::Infallible,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use service_accounts_audit::{Event, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_token::{Kind, PepperId, TokenId, TokenIdHasher};
use time::UtcDateTime;

use self::{ledger::Ledger, rows::Rows};
use crate::{
    Account, AccountFilter, Authority, Brief, Change, Clearance, Committed, Credential, Cursor, Document, DocumentId,
    DocumentKind, Listed, Paged, Sighting, Store, Usage,
};

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
    rows: Arc<Rows>,
    ledger: Mutex<Ledger>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        let ledger = Ledger::default();
        Self { rows: ledger.rows.clone(), ledger: Mutex::new(ledger) }
    }

    /// A poisoned lock is taken as it is: the ledger is changed only after all that can fail has succeeded.
    ///
    /// Every call but a look-up takes it, for the length of the call.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.rows.briefs.prefetch(id);
    }

    #[inline]
    fn brief(&self, id: &TokenId) -> Option<&Brief> {
        self.rows.briefs.find(id)
    }

    /// Only the very record that was judged may be cleared: a change since has put another one in its place.
    fn clear(&self, credential: &Arc<Credential>, clearance: Clearance) {
        self.rows.clear(credential, &clearance);
    }

    /// One that was read lately is the same again, so that its uses are noted once.
    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, Infallible> {
        Ok(self.rows.credential(id))
    }

    /// Nothing is awaited, so a caller that drops the future has made the change or has not begun it.
    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, Infallible> {
        Ok(self.ledger().commit(authority, change, event).map_or_else(Committed::Refused, Committed::Applied))
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

#[inline]
fn hash_of(id: &TokenId) -> u64 {
    let mut hasher = TokenIdHasher::default();
    id.hash(&mut hasher);
    hasher.finish()
}
