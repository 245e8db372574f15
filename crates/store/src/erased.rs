//! A store behind a pointer, for hosts that choose theirs at run time.
//!
//! The names of the port's calls come from one table; only their lifetimes are written out again here.
//!
//! Futures are boxed and errors hidden; nothing else changes. The suite runs over a boxed store too.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};

use service_accounts_audit::{Event, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    Account, AccountFilter, Authority, Brief, Change, Clearance, Committed, Credential, Cursor, Document, DocumentId,
    DocumentKind, Listed, Paged, Sighting, Store, Usage, port_calls::port_calls,
};

/// A call under way.
type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + 'a>>;

/// Any store, at the price of one allocation a call.
///
/// Cloning it shares the store. [`answers_at_once`](Store::answers_at_once) is the inner store's, so memory stays
/// without a wait behind it.
///
/// ```
/// use service_accounts_audit::Query;
/// use service_accounts_store::{BoxStore, MemoryStore, Store};
/// use std::sync::Arc;
///
/// // Stores of two types are of one type now.
/// for store in [BoxStore::new(MemoryStore::new()), BoxStore::new(Arc::new(MemoryStore::new()))] {
///     let events = pollster::block_on(store.events(&Query::default())).unwrap();
///     assert!(events.events.is_empty());
/// }
/// ```
#[derive(Clone)]
pub struct BoxStore(Arc<dyn ErasedStore>);

impl BoxStore {
    /// Hides which store it is.
    ///
    /// Every call then boxes its future, `credential` too: where one allocation a request counts, name the store's type
    /// instead.
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
///
/// It prints as the store's own error and names the same source, so nothing of a log is lost.
#[derive(Debug)]
pub struct BoxError(Box<dyn Error + Send + Sync>);

impl fmt::Display for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Transparent: its source is the inner error's own source.
impl Error for BoxError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

macro_rules! erased {
    ($(fn $method:ident($($argument:ident: $type:ty),*) -> $output:ty;)+) => {
        /// [`Store`] with its futures boxed, so that it can stand behind a pointer.
        trait ErasedStore: Send + Sync {
            fn answers_at_once(&self) -> bool;
            fn prefetch(&self, id: &TokenId);
            fn brief(&self, id: &TokenId) -> Option<&Brief>;
            fn clear(&self, credential: &Arc<Credential>, clearance: Clearance);

            $(fn $method<'a>(&'a self, $($argument: $type),*) -> Answer<'a, $output>;)+
        }

        impl<S: Store> ErasedStore for S {
            fn answers_at_once(&self) -> bool {
                Store::answers_at_once(self)
            }

            fn prefetch(&self, id: &TokenId) {
                Store::prefetch(self, id);
            }

            fn brief(&self, id: &TokenId) -> Option<&Brief> {
                Store::brief(self, id)
            }

            fn clear(&self, credential: &Arc<Credential>, clearance: Clearance) {
                Store::clear(self, credential, clearance);
            }

            $(fn $method<'a>(&'a self, $($argument: $type),*) -> Answer<'a, $output> {
                Box::pin(async move { Store::$method(self, $($argument),*).await.map_err(|error| BoxError(error.into())) })
            })+
        }
    };
}

// The table of the port once more, because here every reference must live as long as the answer.
erased! {
    fn credential(id: &'a TokenId) -> Option<Arc<Credential>>;
    fn commit(authority: &'a Authority, change: Change, event: Event) -> Committed;
    fn account(id: &'a AccountId) -> Option<Arc<Account>>;
    fn accounts(filter: &'a AccountFilter, after: Option<&'a AccountId>, limit: usize) -> Paged<Arc<Account>, AccountId>;
    fn credentials(account: &'a AccountId, kind: Kind, after: Option<&'a TokenId>, limit: usize) -> Paged<Listed, TokenId>;
    fn due(realm: &'a Realm, now: UtcDateTime, limit: usize) -> Vec<Listed>;
    fn touch(uses: &'a [Usage], sightings: &'a [Sighting]) -> ();
    fn sightings(token: &'a TokenId) -> Vec<Sighting>;
    fn document(kind: DocumentKind, id: &'a DocumentId) -> Option<Document>;
    fn documents(kind: DocumentKind, after: Option<&'a DocumentId>, limit: usize) -> Paged<Document, DocumentId>;
    fn append(events: &'a [Event]) -> ();
    fn events(query: &'a Query) -> Page;
    fn trim(place: Sequence, limit: usize) -> usize;
    fn cursor(reader: &'a DocumentId) -> Option<Cursor>;
    fn advance(reader: &'a DocumentId, from: Option<Sequence>, to: Option<Cursor>) -> bool;
    fn slowest_cursor() -> Option<Sequence>;
    fn count_under(pepper: PepperId) -> Option<u64>;
}

macro_rules! handed_on {
    ($($variant:ident $call:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        impl Store for BoxStore {
            type Error = BoxError;

            fn answers_at_once(&self) -> bool {
                self.0.answers_at_once()
            }

            fn prefetch(&self, id: &TokenId) {
                self.0.prefetch(id);
            }

            fn brief(&self, id: &TokenId) -> Option<&Brief> {
                self.0.brief(id)
            }

            fn clear(&self, credential: &Arc<Credential>, clearance: Clearance) {
                self.0.clear(credential, clearance);
            }

            $(async fn $call(&self, $($argument: $type),*) -> Result<$answer, BoxError> {
                self.0.$call($($argument),*).await
            })+
        }
    };
}

port_calls!(handed_on);
