//! From a principal back to its records, for the few that are asked about them.
//!
//! A principal is plain values: to take a share in a record would have every request write to memory that other threads
//! write too. It names the core that judged it by a number, and this finds that core while it lives.
//!
//! The register is of the process, because a [`Principal`](crate::Principal) names no store: with the store in its
//! type every handler would name it, and with a reference to the core in it every request would count that reference.
//! It holds the cores weakly and loses a core when that is dropped, so it keeps nothing alive. Given up: whoever asks
//! a principal for its records after the token was deleted, or after the service accounts were dropped, gets `None`.

use std::{
    any::Any,
    collections::BTreeMap,
    future::Future,
    num::NonZeroU32,
    pin::pin,
    sync::{Arc, PoisonError, RwLock, Weak},
    task::{Context, Poll, Waker},
};

use service_accounts_access::{Permission, RoleCatalogue};
use service_accounts_store::{Credential, Store};
use service_accounts_token::TokenId;

use super::Core;

static CORES: RwLock<BTreeMap<NonZeroU32, Weak<dyn Resolve>>> = RwLock::new(BTreeMap::new());

/// The permissions' type is hidden and asked for again by [`grants`].
trait Resolve: Send + Sync {
    fn record(&self, token: &TokenId) -> Option<Arc<Credential>>;
    fn grants(&self, credential: &Credential) -> Option<Arc<dyn Any + Send + Sync>>;
}

/// Lets principals find this core until it is dropped.
pub(crate) fn register<S: Store + 'static, P: Permission>(core: &Arc<Core<S, P>>) {
    let weak: Weak<Core<S, P>> = Arc::downgrade(core);
    if let Some(id) = core.id {
        CORES.write().unwrap_or_else(PoisonError::into_inner).insert(id, weak);
    }
}

pub(crate) fn unregister(core: NonZeroU32) {
    CORES.write().unwrap_or_else(PoisonError::into_inner).remove(&core);
}

/// The records of a token as they stand; none if it was deleted, or the core was dropped.
///
/// It is the store's own look-up and takes its lock; few requests get here.
pub(crate) fn record(core: NonZeroU32, token: &TokenId) -> Option<Arc<Credential>> {
    found(core)?.record(token)
}

/// What a credential may do by the catalogue of this moment.
///
/// None also where a principal of other permissions asks, which the number of its core rules out.
pub(crate) fn grants<T: Any + Send + Sync>(core: NonZeroU32, credential: &Credential) -> Option<Arc<T>> {
    found(core)?.grants(credential)?.downcast().ok()
}

fn found(core: NonZeroU32) -> Option<Arc<dyn Resolve>> {
    CORES.read().unwrap_or_else(PoisonError::into_inner).get(&core)?.upgrade()
}

impl<S: Store + 'static, P: Permission> Resolve for Core<S, P> {
    fn record(&self, token: &TokenId) -> Option<Arc<Credential>> {
        ready(self.store.credential(token))?.ok()?
    }

    fn grants(&self, credential: &Credential) -> Option<Arc<dyn Any + Send + Sync>> {
        let grants = credential.grants(&self.rules.catalogue.current()).ok()?;
        Some(grants)
    }
}

/// What a future answers when it is first polled.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}
