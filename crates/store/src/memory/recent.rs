//! Credentials that were unpacked lately, for requests that no brief lets in.
//!
//! A credential with networks is judged by its record at every request. While it stays here it is unpacked once, its grants
//! are worked out once, and its uses are noted once a second, because all requests hold the same one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use service_accounts_token::TokenId;

use super::hash_of;
use crate::Credential;

/// How many there are at most, each in the one place that its hash gives it. A power of two.
const PLACES: usize = 4096;

type Place = Mutex<Option<Arc<Credential>>>;

pub(super) struct Recent(Box<[Place]>);

impl Recent {
    pub(super) fn new() -> Self {
        Self((0..PLACES).map(|_| Place::default()).collect())
    }

    pub(super) fn get(&self, id: &TokenId) -> Option<Arc<Credential>> {
        self.place(id)?.as_ref().filter(|present| present.token().id == *id).cloned()
    }

    /// Keeps a credential in the place of another; where another thread was first, its one stays and is returned.
    ///
    /// Called under the lock of its shard, so that what is kept is what the shard holds.
    pub(super) fn keep(&self, credential: Arc<Credential>) -> Arc<Credential> {
        let id = credential.token().id;
        let Some(mut place) = self.place(&id) else { return credential };
        match place.as_ref().filter(|present| present.token().id == id) {
            Some(present) => present.clone(),
            None => place.insert(credential).clone(),
        }
    }

    /// Whether this very one is kept, and so is still what the shard holds.
    pub(super) fn holds(&self, credential: &Arc<Credential>) -> bool {
        let place = self.place(&credential.token().id);
        place.is_some_and(|place| place.as_ref().is_some_and(|present| Arc::ptr_eq(present, credential)))
    }

    /// Called under the lock of its shard, for writing.
    pub(super) fn forget(&self, id: &TokenId) {
        if let Some(mut place) = self.place(id) {
            place.take_if(|present| present.token().id == *id);
        }
    }

    fn place(&self, id: &TokenId) -> Option<MutexGuard<'_, Option<Arc<Credential>>>> {
        let place = usize::try_from(hash_of(id) >> 32).unwrap_or_default() % PLACES;
        self.0.get(place).map(|place| place.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
