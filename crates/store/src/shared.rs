//! A store behind a reference or an [`Arc`] is the same store.

use std::sync::Arc;

use service_accounts_audit::{Event, Page, Query};
use service_accounts_naming::AccountId;
use service_accounts_token::{PepperId, TokenId};
use time::UtcDateTime;

use crate::{Account, Authority, Change, Committed, Credential, ListedToken, Paged, Store, Usage};

macro_rules! shared {
    ($($pointer:ty),+) => {$(
        impl<S: Store> Store for $pointer {
            type Error = S::Error;

            async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, S::Error> {
                S::credential(self, id).await
            }

            async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, S::Error> {
                S::commit(self, authority, change, event).await
            }

            async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, S::Error> {
                S::account(self, id).await
            }

            async fn accounts(
                &self,
                after: Option<&AccountId>,
                limit: usize,
            ) -> Result<Paged<Arc<Account>, AccountId>, S::Error> {
                S::accounts(self, after, limit).await
            }

            async fn tokens(
                &self,
                account: &AccountId,
                after: Option<&TokenId>,
                limit: usize,
            ) -> Result<Paged<ListedToken, TokenId>, S::Error> {
                S::tokens(self, account, after, limit).await
            }

            async fn due(&self, now: UtcDateTime, limit: usize) -> Result<Vec<TokenId>, S::Error> {
                S::due(self, now, limit).await
            }

            async fn touch(&self, marks: &[Usage]) -> Result<(), S::Error> {
                S::touch(self, marks).await
            }

            async fn append(&self, events: &[Event]) -> Result<(), S::Error> {
                S::append(self, events).await
            }

            async fn events(&self, query: &Query) -> Result<Page, S::Error> {
                S::events(self, query).await
            }

            async fn count_under(&self, pepper: PepperId) -> Result<Option<u64>, S::Error> {
                S::count_under(self, pepper).await
            }
        }
    )+};
}

shared!(&S, Arc<S>);
