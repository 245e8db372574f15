//! What every room stands on: the rules, the issuer of credentials, commits, and the journal of accesses.
//!
//! Rooms (`admin`, `door`, `notify`, `upkeep`) hold a reference to the core and no state of their own.

pub(crate) mod asker;
pub(crate) mod authority;
pub(crate) mod clearer;
pub(crate) mod commit;
pub(crate) mod credentials;
pub(crate) mod differences;
pub(crate) mod documents;
pub(crate) mod governance;
pub(crate) mod holders;
pub(crate) mod issuer;
pub(crate) mod journal;
pub(crate) mod known_names;
pub(crate) mod narrowed;
pub(crate) mod observe;
pub(crate) mod resolve;
pub(crate) mod retry;
pub(crate) mod room;
pub(crate) mod rules;
pub(crate) mod trail;

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use service_accounts_access::Permission;
use service_accounts_naming::AccountId;
use service_accounts_store::{Account, Credential, Status, Store};
use service_accounts_token::TokenId;
use time::UtcDateTime;

use self::{
    clearer::Clearer, holders::Holders, issuer::Issuer, journal::Journal, known_names::KnownNames, observe::Observers,
    rules::Rules, trail::Followers,
};
use crate::{Clock, Error, Unavailable, clock::instant};

/// Everything that clones of one [`ServiceAccounts`](crate::ServiceAccounts) share. Each part keeps its own state and
/// its own locks; none is held over an await.
pub(crate) struct Core<S, P: Permission> {
    /// Tells this one from others in the process that share its store; none where more were made than can be told apart.
    pub(crate) id: Option<NonZeroU32>,
    pub(crate) store: Arc<S>,
    /// What the host has chosen; only the catalogue changes while it runs.
    pub(crate) rules: Rules<P>,
    pub(crate) issuer: Issuer,
    /// What waits in memory for the next write.
    pub(crate) journal: Arc<Journal>,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) observers: Observers,
    pub(crate) known_names: KnownNames,
    /// How far upkeep has read the trail.
    pub(crate) followers: Followers,
    pub(crate) holders: Holders<P>,
    pub(crate) clearer: Clearer,
}

impl<S, P: Permission> Core<S, P> {
    pub(crate) fn new(
        store: S,
        rules: Rules<P>,
        issuer: Issuer,
        journal: Journal,
        clock: Box<dyn Clock>,
        observers: Observers,
    ) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let id = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| last.checked_add(1)).ok();
        let id = id.and_then(|before| NonZeroU32::new(before + 1));
        let (store, journal, known_names) = (Arc::new(store), Arc::new(journal), KnownNames::default());
        let (followers, holders, clearer) = (Followers::default(), Holders::new(), Clearer::default());
        Self { id, store, rules, issuer, journal, clock, observers, known_names, followers, holders, clearer }
    }

    /// Stores keep whole seconds, so nothing finer may enter a decision.
    ///
    /// Every decision takes the instant as an argument from here, once a call.
    pub(crate) fn now(&self) -> UtcDateTime {
        instant(self.clock.second())
    }
}

impl<S, P: Permission> Drop for Core<S, P> {
    fn drop(&mut self) {
        self.id.into_iter().for_each(resolve::unregister);
    }
}

impl<S: Store, P: Permission> Core<S, P> {
    /// An account of this realm: one of another realm, or one that was deleted, is as absent as one that never was.
    ///
    /// The status is asked here, because a deleted account's record stays until it is purged.
    pub(crate) async fn account(&self, id: &AccountId) -> Result<Arc<Account>, Error> {
        if !id.is_in(&self.rules.realm) {
            return Err(Error::AccountMissing);
        }
        let found = self.store.account(id).await.map_err(Unavailable::new)?;
        found.filter(|account| account.status != Status::Deleted).ok_or(Error::AccountMissing)
    }

    /// A credential of this account, of whatever kind: one of another account is as absent as one that never was.
    pub(crate) async fn credential(&self, account: &AccountId, id: &TokenId) -> Result<Arc<Credential>, Error> {
        if !account.is_in(&self.rules.realm) {
            return Err(Error::TokenMissing);
        }
        let found = self.store.credential(id).await.map_err(Unavailable::new)?;
        found.filter(|found| found.account().id == *account).ok_or(Error::TokenMissing)
    }
}
