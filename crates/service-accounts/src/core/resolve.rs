//! From a principal back to its records, for the few that are asked about them.
//!
//! A principal is plain values: to take a share in a record would have every request write to memory that other threads
//! write too. It names the core that judged it by a number, and this finds that core while it lives.

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
pub(crate) fn record(core: NonZeroU32, token: &TokenId) -> Option<Arc<Credential>> {
    found(core)?.record(token)
}

/// What a credential may do by the catalogue of this moment.
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
