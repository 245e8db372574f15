//! A store in the place of the leaves' smaller ports.

use service_accounts_audit::{Event, Page, Query, Trail};

use crate::Store;

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
/// It is no id registry for `naming`: an id is claimed by creating its account, and a store has no id without one.
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
