//! Credentials kept in memory, for a host that accepts a bound of staleness.
//!
//! What is kept answers until a moment that only [`listen`](crate::listen) moves on, and not beyond it. So a connection that is
//! lost, slow or half open turns the cache off without anybody noticing that it is.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use quick_cache::{Weighter, sync};
use service_accounts_store::{Credential, Write};
use service_accounts_token::TokenId;

use crate::{connections::locked, decoded::networks};

/// What a credential takes beside its texts and its networks.
const OVERHEAD: u64 = 512;

pub(crate) struct Cache {
    kept: sync::Cache<TokenId, Kept, ByBytes>,
    /// Moves on whenever anything is forgotten. Whoever keeps or forgets holds it, so that what is stale is never there to be
    /// found, not even for a moment.
    forgotten: Mutex<u64>,
    began: Instant,
    /// In microseconds since it began; zero where it is off.
    good_until: AtomicU64,
}

#[derive(Clone)]
struct Kept {
    credential: Arc<Credential>,
    bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<TokenId, Kept> for ByBytes {
    fn weight(&self, _: &TokenId, kept: &Kept) -> u64 {
        kept.bytes
    }
}

/// What had been forgotten when a read began.
#[derive(Clone, Copy)]
pub(crate) struct Mark(u64);

impl Cache {
    /// Off, and empty.
    pub(crate) fn new(most_bytes: u64) -> Self {
        let items = usize::try_from(most_bytes / 2_048).unwrap_or(usize::MAX);
        Self {
            kept: sync::Cache::with_weighter(items, most_bytes, ByBytes),
            forgotten: Mutex::new(0),
            began: Instant::now(),
            good_until: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        micros(self.began.elapsed()) < self.good_until.load(Ordering::SeqCst)
    }

    pub(crate) fn get(&self, id: &TokenId) -> Option<Arc<Credential>> {
        if !self.is_on() {
            return None;
        }
        self.kept.get(id).map(|kept| kept.credential)
    }

    /// Where a read begins whose answer may be kept.
    pub(crate) fn mark(&self) -> Option<Mark> {
        let mark = Mark(*locked(&self.forgotten));
        self.is_on().then_some(mark)
    }

    /// Keeps what a read found, unless anything was forgotten since it began: it may be what the read did not see.
    pub(crate) fn keep(&self, mark: Mark, credential: &Arc<Credential>, texts: usize) {
        let id = credential.token().id;
        let bytes = texts.saturating_add(networks(credential));
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX / 4).saturating_add(OVERHEAD);
        let forgotten = locked(&self.forgotten);
        if *forgotten == mark.0 {
            self.kept.insert(id, Kept { credential: credential.clone(), bytes });
        }
    }

    /// What this node wrote itself is forgotten before it is acknowledged.
    pub(crate) fn forget_written(&self, writes: &[Write]) {
        for write in writes {
            match write {
                Write::PutToken(token) => self.forget(Some(("token", token.id.as_str()))),
                Write::RemoveToken(id) => self.forget(Some(("token", id.as_str()))),
                Write::PutAccount(account) => self.forget(Some(("account", account.id.as_str()))),
                Write::RemoveAccount(id) => self.forget(Some(("account", id.as_str()))),
                Write::PutDocument(_) | Write::RemoveDocument(..) | Write::Append(_) => {}
            }
        }
    }

    /// Forgets a row of a table, or everything.
    pub(crate) fn forget(&self, row: Option<(&str, &str)>) {
        let mut forgotten = locked(&self.forgotten);
        *forgotten = forgotten.wrapping_add(1);
        match row {
            Some(("token", id)) => match TokenId::parse(id) {
                Ok(id) => drop(self.kept.remove(&id)),
                Err(_) => self.kept.clear(),
            },
            Some(("account", id)) => self.kept.retain(|_, kept| kept.credential.account().id.as_str() != id),
            _ => self.kept.clear(),
        }
    }

    /// Answers until then, and not beyond.
    pub(crate) fn is_good_until(&self, end: Instant) {
        let end = micros(end.saturating_duration_since(self.began));
        self.good_until.store(end, Ordering::SeqCst);
    }

    pub(crate) fn turn_off(&self) {
        self.good_until.store(0, Ordering::SeqCst);
        self.forget(None);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use service_accounts_store::{MemoryStore, conformance::Subject};

    use super::*;

    fn cache(bytes: u64) -> Cache {
        let cache = Cache::new(bytes);
        cache.is_good_until(Instant::now() + Duration::from_secs(600));
        cache
    }

    fn credentials(count: usize) -> Vec<Arc<Credential>> {
        let subject = Subject::new(MemoryStore::new());
        let account = Arc::new(Subject::<MemoryStore>::account("pipeline"));
        let token = |number| subject.token(&account.id, &format!("token-{number}"));
        (0..count).map(|number| Arc::new(Credential::new(token(number), account.clone()))).collect()
    }

    #[test]
    fn what_is_kept_takes_no_more_than_its_bytes() {
        let cache = cache(100_000);
        for credential in credentials(1_000) {
            cache.keep(cache.mark().unwrap(), &credential, 1_000);
        }
        assert!(cache.kept.weight() <= 100_000 && cache.kept.len() > 10, "{}", cache.kept.len());
    }

    #[test]
    fn what_was_read_beside_a_change_is_not_kept() {
        let cache = cache(100_000);
        let [one, other] = [0, 1].map(|number| credentials(2).swap_remove(number));
        let mark = cache.mark().unwrap();
        cache.forget(Some(("token", one.token().id.as_str())));
        cache.keep(mark, &one, 1_000);
        assert!(cache.get(&one.token().id).is_none());
        cache.keep(cache.mark().unwrap(), &other, 1_000);
        assert!(cache.get(&other.token().id).is_some());
        cache.forget(Some(("account", other.account().id.as_str())));
        assert!(cache.get(&other.token().id).is_none());
    }

    #[test]
    fn a_cache_that_is_off_neither_answers_nor_keeps() {
        let cache = cache(100_000);
        let one = credentials(1).swap_remove(0);
        cache.keep(cache.mark().unwrap(), &one, 1_000);
        cache.is_good_until(Instant::now());
        assert!(cache.get(&one.token().id).is_none() && cache.mark().is_none());
    }

    /// Not even for the moment in which it is found out that it is stale: who asks then was told of the change already.
    #[test]
    fn what_was_read_beside_a_change_is_never_answered_with() {
        let cache = cache(100_000);
        let one = credentials(1).swap_remove(0);
        let id = one.token().id;
        let mark = cache.mark().unwrap();
        cache.forget(Some(("token", id.as_str())));
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (0..200_000).for_each(|_| cache.keep(mark, &one, 1_000));
                is_over.store(true, Ordering::SeqCst);
            });
            let mut answered = 0;
            while !is_over.load(Ordering::SeqCst) {
                answered += u32::from(cache.get(&id).is_some());
            }
            assert_eq!(answered, 0, "a credential that was forgotten is answered with");
        });
    }
}
