//! A memory store of which a fault replaces some calls.

use std::{convert::Infallible, future::Future, sync::Arc};

use service_accounts_audit::{Event, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_store::{
    Account, AccountFilter, Authority, Change, Committed, Credential, Cursor, Document, DocumentId, DocumentKind,
    Listed, MemoryStore, Paged, Sighting, Store, Usage,
};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

/// A store with one fault.
pub(crate) struct Broken<F>(F);

impl<F: Fault> Broken<F> {
    pub(crate) fn new() -> Self {
        Self(F::default())
    }
}

macro_rules! wrapped {
    ($($variant:ident $call:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        /// What a broken store does otherwise than the memory store behind it.
        pub(crate) trait Fault: Default + Send + Sync {
            fn store(&self) -> &MemoryStore;

            $(fn $call(&self, $($argument: $type),*) -> impl Future<Output = $answer> + Send {
                async move {
                    let Ok(answer) = self.store().$call($($argument),*).await;
                    answer
                }
            })+
        }

        impl<F: Fault> Store for Broken<F> {
            type Error = Infallible;

            $(async fn $call(&self, $($argument: $type),*) -> Result<$answer, Infallible> {
                Ok(self.0.$call($($argument),*).await)
            })+
        }
    };
}

service_accounts_store::__port_calls!(wrapped);
