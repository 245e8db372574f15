//! The store as others see it.

use std::{path::Path, sync::Arc};

use service_accounts_audit::{Event, Page, Query};
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Authority, Change, Committed, Credential, ListedToken, Paged, Store, Usage};
use service_accounts_token::{PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    SqliteError,
    reader::Readers,
    writer::{Job, Writer},
};

/// Keeps service accounts in one SQLite file.
pub struct SqliteStore {
    readers: Readers,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the file at `path`, and makes it where there is none.
    ///
    /// # Errors
    /// The file cannot be opened, is no database or no file, or was written by a newer release.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SqliteError> {
        // The writer comes first: it makes the tables that the readers expect.
        let writer = Writer::open(path.as_ref())?;
        Ok(Self { readers: Readers::open(path.as_ref())?, writer })
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    type Error = SqliteError;

    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, SqliteError> {
        self.readers.credential(id)
    }

    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, SqliteError> {
        self.writer.run(Job::Commit(Box::new((authority.clone(), change, event)))).await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, SqliteError> {
        self.readers.account(id)
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, SqliteError> {
        self.readers.accounts(after, limit)
    }

    async fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<ListedToken, TokenId>, SqliteError> {
        self.readers.tokens(account, after, limit)
    }

    async fn due(&self, now: UtcDateTime, limit: usize) -> Result<Vec<TokenId>, SqliteError> {
        self.readers.due(now, limit)
    }

    async fn touch(&self, marks: &[Usage]) -> Result<(), SqliteError> {
        self.writer.run(Job::Touch(marks.to_vec())).await.map(drop)
    }

    async fn append(&self, events: &[Event]) -> Result<(), SqliteError> {
        self.writer.run(Job::Append(events.to_vec())).await.map(drop)
    }

    async fn events(&self, query: &Query) -> Result<Page, SqliteError> {
        self.readers.events(query)
    }

    async fn count_under(&self, pepper: PepperId) -> Result<Option<u64>, SqliteError> {
        self.readers.count_under(pepper).map(Some)
    }
}
