//! The names of all accounts, kept in memory to tell which of them look alike.
//!
//! Advice may miss a name that another process gave within the last hour, or one beyond the bound; it never holds up a
//! creation, and its failure is none of the creation.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use service_accounts_access::{Permission, Teams};
use service_accounts_naming::{DisplayName, LookAlikes, NameAdvice};
use service_accounts_store::{AccountFilter, Store};
use time::{Duration, UtcDateTime};

use super::Core;
use crate::Unavailable;

/// How many names are kept; each takes up to about 1 KiB.
const MOST: usize = 20_000;

/// How many accounts are read at once.
const PAGE: usize = 500;

/// How long what was read is good for.
const GOOD_FOR: Duration = Duration::HOUR;

/// The names that are known, and whose they are.
#[derive(Default)]
pub(crate) struct KnownNames(Mutex<Option<Known>>);

/// Names of accounts that were deleted since stay until it is read again.
struct Known {
    names: LookAlikes,
    /// The teams that somebody must be in to be told the name.
    teams: BTreeMap<DisplayName, Teams>,
    read_at: UtcDateTime,
}

impl Known {
    /// Beyond the bound a name is not kept, and nothing is told to look like it.
    fn add(&mut self, name: &DisplayName, teams: &Teams) {
        if self.teams.len() < MOST && !self.teams.contains_key(name) {
            self.names.add(name.clone());
            self.teams.insert(name.clone(), teams.clone());
        }
    }
}

impl KnownNames {
    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Store + 'static, P: Permission> Core<S, P> {
    /// Whether the name of a new account of these teams looks like another one that somebody in `seen_by` may see. It is
    /// known from now on.
    ///
    /// A name that the asker may not see is not told, not even that there is one.
    pub(crate) async fn look_alike(&self, name: &DisplayName, teams: &Teams, seen_by: &Teams) -> Option<NameAdvice> {
        if let Err(error) = self.read_names().await {
            tracing::warn!(target: "service_accounts::store", %error, "no advice on names that look alike");
            return None;
        }
        let mut known = self.known_names.lock();
        let known = known.as_mut()?;
        let is_visible = |alike: &&DisplayName| known.teams.get(*alike).is_some_and(|of| of.is_subset(seen_by));
        let visible: LookAlikes = known.names.of(name).into_iter().filter(is_visible).cloned().collect();
        known.add(name, teams);
        visible.advise(name)
    }

    /// Reads all names anew where the last reading is too old; two that do so at once read twice.
    async fn read_names(&self) -> Result<(), Unavailable> {
        let now = self.now();
        let is_good = |known: &Known| (now - known.read_at).abs() < GOOD_FOR;
        if self.known_names.lock().as_ref().is_some_and(is_good) {
            return Ok(());
        }
        let mut read = Known { names: LookAlikes::default(), teams: BTreeMap::new(), read_at: now };
        let (filter, mut after) = (AccountFilter::of(self.rules.realm.clone()), None);
        while read.teams.len() < MOST {
            let page = self.store.accounts(&filter, after.as_ref(), PAGE).await.map_err(Unavailable::new)?;
            page.items.iter().for_each(|account| read.add(&account.name, account.grant.teams()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        *self.known_names.lock() = Some(read);
        Ok(())
    }
}
