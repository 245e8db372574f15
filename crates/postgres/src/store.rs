//! The store as others see it.

use std::{fmt, future::Future, sync::Arc};

use service_accounts_audit::{Event, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::{
    Account, AccountFilter, Authority, Change, Committed, Credential, Cursor, Document, DocumentId, DocumentKind,
    Listed, Paged, Sighting, Store, Usage,
};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    PostgresError, Settings, change, decoded::Decoded, documents, events, listen::Listener, lists, marks, pool::Pool,
    retry::retrying,
};

/// Keeps service accounts in one schema of a Postgres database, shared by any number of nodes.
///
/// Its futures may be awaited on any executor; the runtime in which it was connected does the work, and must live as long
/// as the store.
pub struct PostgresStore {
    pool: Arc<Pool>,
    decoded: Arc<Decoded>,
    _listener: Option<Listener>,
}

impl PostgresStore {
    /// Connects, and brings the schema up to date. Any number of nodes may do so at once.
    ///
    /// # Errors
    /// The server cannot be reached or refuses the login, is a standby, acknowledges commits that a crash can lose, or its schema is
    /// that of a newer release; each error says what to do.
    pub async fn connect(settings: Settings) -> Result<Self, PostgresError> {
        let pool = Pool::open(settings.clone()).await?;
        let listener = pool.cache.clone().zip(settings.cache);
        let lineages = &pool.connections.lineages;
        let listener =
            listener.map(|(cache, bounds)| Listener::start((settings, lineages.clone()), cache, bounds.staleness));
        Ok(Self { pool, decoded: Arc::new(Decoded::new()), _listener: listener })
    }

    /// Whether reads are answered from memory at this moment; see [`Settings::cache`].
    #[must_use]
    pub fn is_cache_on(&self) -> bool {
        self.pool.cache.as_ref().is_some_and(|cache| cache.is_on())
    }

    pub(crate) const fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, PostgresError>>,
    ) -> impl Future<Output = Result<T, PostgresError>> {
        self.pool.bounded(work)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    type Error = PostgresError;

    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, PostgresError> {
        if let Some(known) = self.pool.cache.as_ref().and_then(|cache| cache.get(id)) {
            return Ok(Some(known));
        }
        self.bounded(async { retrying!(lists::credential(&self.pool, &self.decoded, id).await) }).await
    }

    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, PostgresError> {
        let (pool, decoded, authority) = (self.pool.clone(), self.decoded.clone(), authority.clone());
        let committed = async move { retrying!(change::commit((&pool, &decoded), &authority, &change, &event).await) };
        self.pool.whole(committed).await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, PostgresError> {
        self.bounded(async { retrying!(lists::account(&self.pool, &self.decoded, id).await) }).await
    }

    async fn accounts(
        &self,
        filter: &AccountFilter,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, PostgresError> {
        self.bounded(async { retrying!(lists::accounts(&self.pool, &self.decoded, filter, after, limit).await) }).await
    }

    async fn credentials(
        &self,
        account: &AccountId,
        kind: Kind,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<Listed, TokenId>, PostgresError> {
        let of = (account, kind);
        self.bounded(async { retrying!(lists::credentials(&self.pool, &self.decoded, of, after, limit).await) }).await
    }

    async fn due(&self, realm: &Realm, now: UtcDateTime, limit: usize) -> Result<Vec<Listed>, PostgresError> {
        self.bounded(async { retrying!(lists::due(&self.pool, &self.decoded, realm, now, limit).await) }).await
    }

    async fn touch(&self, uses: &[Usage], sightings: &[Sighting]) -> Result<(), PostgresError> {
        let (pool, uses, sightings) = (self.pool.clone(), uses.to_vec(), sightings.to_vec());
        self.pool.whole(async move { retrying!(marks::touch(&pool, &uses, &sightings).await) }).await
    }

    async fn sightings(&self, token: &TokenId) -> Result<Vec<Sighting>, PostgresError> {
        self.bounded(async { retrying!(marks::sightings(&self.pool, token).await) }).await
    }

    async fn document(&self, kind: DocumentKind, id: &DocumentId) -> Result<Option<Document>, PostgresError> {
        self.bounded(async { retrying!(documents::document(&self.pool, kind, id).await) }).await
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Document, DocumentId>, PostgresError> {
        self.bounded(async { retrying!(documents::documents(&self.pool, kind, after, limit).await) }).await
    }

    async fn append(&self, events: &[Event]) -> Result<(), PostgresError> {
        let (pool, events) = (self.pool.clone(), events.to_vec());
        self.pool.whole(async move { retrying!(events::append(&pool, &events).await) }).await
    }

    async fn events(&self, query: &Query) -> Result<Page, PostgresError> {
        self.bounded(async { retrying!(events::page(&self.pool, query).await) }).await
    }

    async fn trim(&self, place: Sequence, limit: usize) -> Result<usize, PostgresError> {
        let pool = self.pool.clone();
        self.pool.whole(async move { retrying!(events::trim(&pool, place, limit).await) }).await
    }

    async fn cursor(&self, reader: &DocumentId) -> Result<Option<Cursor>, PostgresError> {
        self.bounded(async { retrying!(documents::cursor(&self.pool, reader).await) }).await
    }

    async fn advance(
        &self,
        reader: &DocumentId,
        from: Option<Sequence>,
        to: Option<Cursor>,
    ) -> Result<bool, PostgresError> {
        let (pool, reader) = (self.pool.clone(), reader.clone());
        self.pool.whole(async move { retrying!(documents::advance(&pool, &reader, from, to.as_ref()).await) }).await
    }

    async fn slowest_cursor(&self) -> Result<Option<Sequence>, PostgresError> {
        self.bounded(async { retrying!(documents::slowest_cursor(&self.pool).await) }).await
    }

    async fn count_under(&self, pepper: PepperId) -> Result<Option<u64>, PostgresError> {
        self.bounded(async { retrying!(lists::count_under(&self.pool, pepper).await).map(Some) }).await
    }
}
