//! A store behind a reference or an [`Arc`] is the same store.
//!
//! So one store serves several owners: the facade, a backup, a test that looks on.
//!
//! A backup or a test that holds its own reference sees every change at once, because there is no second state.

use std::sync::Arc;

use service_accounts_audit::{Event, Page, Query, Sequence};
use service_accounts_naming::{AccountId, Realm};
use service_accounts_token::{Kind, PepperId, TokenId};
use time::UtcDateTime;

use crate::{
    Account, AccountFilter, Authority, Brief, Change, Clearance, Committed, Credential, Cursor, Document, DocumentId,
    DocumentKind, Listed, Paged, Sighting, Store, Usage, port_calls::port_calls,
};

/// The calls that are answered without a wait.
macro_rules! at_once {
    () => {
        fn answers_at_once(&self) -> bool {
            S::answers_at_once(self)
        }

        fn prefetch(&self, id: &TokenId) {
            S::prefetch(self, id);
        }

        fn brief(&self, id: &TokenId) -> Option<&Brief> {
            S::brief(self, id)
        }

        fn clear(&self, credential: &Arc<Credential>, clearance: Clearance) {
            S::clear(self, credential, clearance);
        }
    };
}

macro_rules! shared {
    ($($variant:ident $call:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        impl<S: Store> Store for &S {
            type Error = S::Error;

            at_once!();

            $(async fn $call(&self, $($argument: $type),*) -> Result<$answer, S::Error> {
                S::$call(self, $($argument),*).await
            })+
        }

        impl<S: Store> Store for Arc<S> {
            type Error = S::Error;

            at_once!();

            $(async fn $call(&self, $($argument: $type),*) -> Result<$answer, S::Error> {
                S::$call(self, $($argument),*).await
            })+
        }
    };
}

port_calls!(shared);
