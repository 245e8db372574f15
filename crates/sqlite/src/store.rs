//! The store as others see it.

use std::{path::Path, sync::Arc};

use service_accounts_audit::{Event, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::{
    Account, AccountFilter, Authority, Brief, Change, Clearance, Committed, Credential, Cursor, Document, DocumentId,
    DocumentKind, Listed, Paged, Sighting, Store, Usage,
};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    SqliteError, backup,
    checkpoints::Checkpoints,
    connection::{self, Role},
    documents, file,
    lists::{self, Lists},
    reader::Readers,
    trail, uses,
    writer::{Done, Job, Writer},
};

/// Keeps service accounts in one SQLite file.
///
/// Dropping it blocks nobody: its threads finish what they were asked for and close the file by themselves. Wait for that
/// with [`close`](Self::close), before the file is moved or the process ends.
pub struct SqliteStore {
    readers: Readers,
    lists: Lists,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the file at `path`, and makes it where there is none, for its owner's eyes only.
    ///
    /// # Errors
    /// The file cannot be opened or written, is no database or another program's, has no write-ahead log, or was written by
    /// a newer release. Another process that is opening it is waited for, up to five seconds.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SqliteError> {
        let path = file::prepare(path.as_ref())?;
        // The writer comes first: it makes the tables that the readers expect.
        let writer = connection::open(&path, Role::Writer)?;
        let readers = Readers::open(&path)?;
        let (lists, mut threads) = Lists::start(&path, readers.shared())?;
        let checkpoints = Checkpoints::start(&path, readers.shared())?.map(|(checkpoints, thread)| {
            threads.push(thread);
            checkpoints
        });
        let join = move || threads.into_iter().for_each(|thread| drop(thread.join()));
        let writer = Writer::start(writer, readers.shared().clone(), (checkpoints, join))?;
        Ok(Self { readers, lists, writer })
    }

    /// Copies everything to a new file at `to`, as of one moment, while the store goes on.
    ///
    /// The copy is its owner's alone, and it appears under its name when it is whole and on disk.
    ///
    /// # Errors
    /// There is a file at `to` already, it cannot be written, or the database failed. No file is left then.
    pub async fn back_up(&self, to: impl AsRef<Path>) -> Result<(), SqliteError> {
        let to = to.as_ref().to_owned();
        self.lists.run(move |from, _| backup::copy(from, &to)).await
    }

    /// Closes the file when all that was asked for is on disk, and returns after that.
    ///
    /// Where no other process has the file open, its log is emptied into it, so the one file is all there is.
    pub async fn close(self) {
        let Self { readers, lists, writer } = self;
        drop((readers, lists));
        // The thread is gone already where nobody answers.
        let _ = writer.close().await;
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    type Error = SqliteError;

    fn answers_at_once(&self) -> bool {
        true
    }

    #[inline]
    fn brief(&self, id: &TokenId) -> Option<&Brief> {
        self.readers.brief(id)
    }

    fn clear(&self, credential: &Arc<Credential>, clearance: Clearance) {
        self.readers.clear(credential, clearance);
    }

    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, SqliteError> {
        self.readers.credential(id)
    }

    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, SqliteError> {
        match self.writer.run(Job::Commit(Box::new((authority.clone(), change, event)))).await? {
            Done::Committed(committed) => Ok(committed),
            _ => Err(SqliteError::Closed),
        }
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, SqliteError> {
        self.readers.account(id)
    }

    async fn accounts(
        &self,
        filter: &AccountFilter,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, SqliteError> {
        let (filter, after) = (filter.clone(), after.cloned());
        self.lists.run(move |file, shared| lists::accounts(file, shared, &filter, after.as_ref(), limit)).await
    }

    async fn credentials(
        &self,
        account: &AccountId,
        kind: Kind,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<Listed, TokenId>, SqliteError> {
        let (account, after) = (account.clone(), after.copied());
        self.lists
            .run(move |file, shared| lists::credentials(file, shared, (&account, kind), after.as_ref(), limit))
            .await
    }

    async fn due(&self, realm: &Realm, now: UtcDateTime, limit: usize) -> Result<Vec<Listed>, SqliteError> {
        // Most sweeps find nothing, and to hand a read to another thread costs ten times this look.
        if !self.readers.read(|file| lists::is_any_due(file, realm, now))? {
            return Ok(Vec::new());
        }
        let realm = realm.clone();
        self.lists.run(move |file, shared| lists::due(file, shared, &realm, now, limit)).await
    }

    async fn touch(&self, uses: &[Usage], sightings: &[Sighting]) -> Result<(), SqliteError> {
        self.writer.run(Job::Touch(uses.to_vec(), sightings.to_vec())).await.map(drop)
    }

    async fn sightings(&self, token: &TokenId) -> Result<Vec<Sighting>, SqliteError> {
        self.readers.read(|file| uses::sightings(file, token))
    }

    async fn document(&self, kind: DocumentKind, id: &DocumentId) -> Result<Option<Document>, SqliteError> {
        self.readers.read(|file| documents::get(file, kind, id))
    }

    async fn documents(
        &self,
        kind: DocumentKind,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Paged<Document, DocumentId>, SqliteError> {
        let after = after.cloned();
        self.lists.run(move |file, _| documents::page(file, kind, after.as_ref(), limit)).await
    }

    async fn append(&self, events: &[Event]) -> Result<(), SqliteError> {
        self.writer.run(Job::Append(events.to_vec())).await.map(drop)
    }

    async fn events(&self, query: &Query) -> Result<Page, SqliteError> {
        let query = query.clone();
        self.lists.run(move |file, _| trail::page(file, &query)).await
    }

    async fn trim(&self, place: Sequence, limit: usize) -> Result<usize, SqliteError> {
        match self.writer.run(Job::Trim(place, limit)).await? {
            Done::Trimmed(removed) => Ok(removed),
            _ => Err(SqliteError::Closed),
        }
    }

    async fn cursor(&self, reader: &DocumentId) -> Result<Option<Cursor>, SqliteError> {
        self.readers.read(|file| documents::cursor(file, reader))
    }

    async fn advance(
        &self,
        reader: &DocumentId,
        from: Option<Sequence>,
        to: Option<Cursor>,
    ) -> Result<bool, SqliteError> {
        match self.writer.run(Job::Advance(reader.clone(), from, to)).await? {
            Done::Advanced(has_moved) => Ok(has_moved),
            _ => Err(SqliteError::Closed),
        }
    }

    async fn slowest_cursor(&self) -> Result<Option<Sequence>, SqliteError> {
        self.readers.read(documents::slowest_cursor)
    }

    async fn count_under(&self, pepper: PepperId) -> Result<Option<u64>, SqliteError> {
        self.lists.run(move |file, _| lists::count_under(file, pepper)).await.map(Some)
    }
}
