//! A store in the place of the leaves' smaller ports.

use std::sync::Arc;

use service_accounts_audit::{Event, Page, Query, Trail};
use service_accounts_token::{CredentialSource, Digest, PepperId, TokenId};

use crate::{Credential, Store};

/// Any store, where a leaf asks for its own small port.
///
/// ```
/// use service_accounts_audit::{Action, Event, Label, Query, Trail};
/// use service_accounts_store::{MemoryStore, Ports};
/// use time::UtcDateTime;
///
/// # pollster::block_on(async {
/// let trail = Ports::new(MemoryStore::new());
/// trail.append(&[Event::new(Action::AccessDenied, Label::new("unknown"), UtcDateTime::UNIX_EPOCH)]).await?;
/// assert_eq!(trail.read(&Query::default()).await?.events.len(), 1);
/// # Ok::<(), std::convert::Infallible>(())
/// # }).unwrap();
/// ```
///
/// It is no id registry for `naming`: an id is claimed by creating its account, and a store has no id without one. It is
/// no inventory for `lifecycle` either: to settle a token is to carry out its tasks, which is a decision and not storage.
/// What plans and reviews ask for is [`Listed::entry`](crate::Listed::entry).
#[derive(Clone, Copy, Debug)]
pub struct Ports<S>(S);

impl<S: Store> Ports<S> {
    /// The ports of a store, or of a reference to one.
    #[must_use]
    pub const fn new(store: S) -> Self {
        Self(store)
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.0
    }
}

/// Control events come with their changes; what is appended here is what changed nothing else, such as an access.
impl<S: Store> Trail for Ports<S> {
    type Error = S::Error;

    async fn append(&self, events: &[Event]) -> Result<(), S::Error> {
        self.0.append(events).await
    }

    async fn read(&self, query: &Query) -> Result<Page, S::Error> {
        self.0.events(query).await
    }
}

/// What is found is not yet judged: state, expiry, account and network are for the closure that a `Verifier` is given.
impl<S: Store> CredentialSource for Ports<S> {
    type Credential = Found;
    type Error = PortError<S::Error>;

    async fn credential(&self, id: &TokenId) -> Result<Option<Found>, PortError<S::Error>> {
        Ok(self.0.credential(id).await?.map(Found))
    }

    async fn count_under(&self, pepper: PepperId) -> Result<u64, PortError<S::Error>> {
        self.0.count_under(pepper).await?.ok_or(PortError::Uncounted)
    }
}

/// A credential that a store has found, with its digest at hand.
///
/// It gives a `Verifier` the digest to compare, and afterwards the record that was judged.
///
/// Keep it until the request is judged: it holds account, networks and grants.
#[derive(Clone, Debug)]
pub struct Found(Arc<Credential>);

impl Found {
    /// The credential.
    #[must_use]
    pub const fn credential(&self) -> &Arc<Credential> {
        &self.0
    }
}

impl AsRef<Digest> for Found {
    fn as_ref(&self) -> &Digest {
        &self.0.token().digest
    }
}

/// Why a store did not answer in the place of a smaller port.
///
/// The ports of the leaves want an answer where [`Store`] may decline to give one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError<E> {
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] E),
    /// The store cannot tell how many credentials stand under a pepper.
    #[error("the store does not count credentials by pepper")]
    Uncounted,
}
