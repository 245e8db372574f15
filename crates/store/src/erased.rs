//! A store behind a pointer, for hosts that choose theirs at run time.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};

use service_accounts_audit::{Event, Page, Query};
use service_accounts_naming::AccountId;
use service_accounts_token::{PepperId, TokenId};
use time::UtcDateTime;

use crate::{Account, Authority, Change, Committed, Credential, ListedToken, Paged, Store, Usage};

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + 'a>>;

/// Any store, at the price of one allocation a call.
#[derive(Clone)]
pub struct BoxStore(Arc<dyn ErasedStore>);

impl BoxStore {
    /// Hides which store it is.
    #[must_use]
    pub fn new(store: impl Store + 'static) -> Self {
        Self(Arc::new(store))
    }
}

impl fmt::Debug for BoxStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxStore").finish_non_exhaustive()
    }
}

/// The error of a store whose type is hidden.
#[derive(Debug)]
pub struct BoxError(Box<dyn Error + Send + Sync>);

impl fmt::Display for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for BoxError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

macro_rules! erased {
    ($(fn $method:ident($($argument:ident: $type:ty),*) -> $output:ty;)+) => {
        trait ErasedStore: Send + Sync {
            $(fn $method<'a>(&'a self, $($argument: $type),*) -> Answer<'a, $output>;)+
        }

        impl<S: Store> ErasedStore for S {
            $(fn $method<'a>(&'a self, $($argument: $type),*) -> Answer<'a, $output> {
                Box::pin(async move { Store::$method(self, $($argument),*).await.map_err(|error| BoxError(error.into())) })
            })+
        }
    };
}

erased! {
    fn credential(id: &'a TokenId) -> Option<Arc<Credential>>;
    fn commit(authority: &'a Authority, change: Change, event: Event) -> Committed;
    fn account(id: &'a AccountId) -> Option<Arc<Account>>;
    fn accounts(after: Option<&'a AccountId>, limit: usize) -> Paged<Arc<Account>, AccountId>;
    fn tokens(account: &'a AccountId, after: Option<&'a TokenId>, limit: usize) -> Paged<ListedToken, TokenId>;
    fn due(now: UtcDateTime, limit: usize) -> Vec<TokenId>;
    fn touch(marks: &'a [Usage]) -> ();
    fn append(events: &'a [Event]) -> ();
    fn events(query: &'a Query) -> Page;
    fn count_under(pepper: PepperId) -> Option<u64>;
}

impl Store for BoxStore {
    type Error = BoxError;

    async fn credential(&self, id: &TokenId) -> Result<Option<Arc<Credential>>, BoxError> {
        self.0.credential(id).await
    }

    async fn commit(&self, authority: &Authority, change: Change, event: Event) -> Result<Committed, BoxError> {
        self.0.commit(authority, change, event).await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, BoxError> {
        self.0.account(id).await
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Paged<Arc<Account>, AccountId>, BoxError> {
        self.0.accounts(after, limit).await
    }

    async fn tokens(
        &self,
        account: &AccountId,
        after: Option<&TokenId>,
        limit: usize,
    ) -> Result<Paged<ListedToken, TokenId>, BoxError> {
        self.0.tokens(account, after, limit).await
    }

    async fn due(&self, now: UtcDateTime, limit: usize) -> Result<Vec<TokenId>, BoxError> {
        self.0.due(now, limit).await
    }

    async fn touch(&self, marks: &[Usage]) -> Result<(), BoxError> {
        self.0.touch(marks).await
    }

    async fn append(&self, events: &[Event]) -> Result<(), BoxError> {
        self.0.append(events).await
    }

    async fn events(&self, query: &Query) -> Result<Page, BoxError> {
        self.0.events(query).await
    }

    async fn count_under(&self, pepper: PepperId) -> Result<Option<u64>, BoxError> {
        self.0.count_under(pepper).await
    }
}
