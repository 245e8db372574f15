//! The records of the memory store, as requests and the ledger read them.
//!
//! ```text
//!  id ──hash──▶ shard ─▶ table of numbers ─▶ row: account, last use, packed record
//!                             ▲
//!  number, as the ledger's indexes keep it
//! ```
//!
//! A number takes four bytes where an id takes sixteen, so the ledger finds rows by it. Only the ledger writes, under its
//! lock; a reader meets it in one shard, for the length of one row.

use std::{
    alloc::{Layout, handle_alloc_error},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use hashbrown::HashTable;
use service_accounts_token::TokenId;

use super::{briefs::Briefs, hash_of, recent::Recent, row::Row};
use crate::{Account, Clearance, Credential, Token, Usage};

/// How many shards there are. A power of two.
const SHARDS: u32 = 64;

/// Which row it is, as long as there is one.
///
/// A row that is replaced keeps its number; that of a row that was removed is given again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(u32);

/// With what was found out about the rows: whatever changes one forgets that under the lock of its shard.
pub(super) struct Rows {
    pub(super) briefs: Briefs,
    recent: Recent,
    shards: Box<[RwLock<Shard>]>,
}

#[derive(Default)]
struct Shard {
    /// By the hash of the ids, which is worked out from the rows.
    places: HashTable<u32>,
    rows: Vec<Option<Row>>,
    free: Vec<u32>,
}

impl Default for Rows {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { briefs: Briefs::new(), recent: Recent::new(), shards }
    }
}

impl Rows {
    /// The credential as it stands, for a request. It takes a lock for one look-up, and for the unpacking if that was long
    /// ago.
    pub(super) fn credential(&self, id: &TokenId) -> Option<Arc<Credential>> {
        if let Some(found) = self.recent.get(id) {
            return Some(found);
        }
        let shard = self.reading(shard_of(id))?;
        Some(self.recent.keep(shard.row(shard.place(id)?)?.credential()?))
    }

    /// Only what was judged by the very record that stands there may be kept: a change since has forgotten it.
    pub(super) fn clear(&self, credential: &Arc<Credential>, clearance: &Clearance) {
        let token = credential.token();
        let Some(_shard) = self.reading(shard_of(&token.id)) else { return };
        if self.recent.holds(credential) {
            self.briefs.keep(&token.id, token.digest.tag(), clearance);
        }
    }

    pub(super) fn number(&self, id: &TokenId) -> Option<Number> {
        let shard = shard_of(id);
        Some(Number::new(shard, self.reading(shard)?.place(id)?))
    }

    /// What `read` tells of a row.
    pub(super) fn at<T>(&self, number: Number, read: impl FnOnce(&Row) -> Option<T>) -> Option<T> {
        read(self.reading(number.shard())?.row(number.place())?)
    }

    /// The same, of the row with this id.
    pub(super) fn of<T>(&self, id: &TokenId, read: impl FnOnce(&Row) -> Option<T>) -> Option<T> {
        let shard = self.reading(shard_of(id))?;
        read(shard.row(shard.place(id)?)?)
    }

    /// Inserts or replaces a record; its last use stays.
    pub(super) fn put(&self, token: Token, account: Arc<Account>) -> Option<Number> {
        let (id, shard) = (token.id, shard_of(&token.id));
        let row = Row::new(token, account);
        self.writing(&id, |rows| Number::new(shard, rows.put(&id, row)))
    }

    pub(super) fn remove(&self, id: &TokenId) {
        self.writing(id, |rows| rows.remove(id));
    }

    /// Joins a record with another state of its account.
    pub(super) fn join(&self, id: &TokenId, account: &Arc<Account>) {
        self.writing(id, |rows| rows.row_mut(id).map(|row| row.join(account.clone())));
    }

    /// Keeps the later of two uses. A use changes nothing that was found out.
    pub(super) fn touch(&self, usage: &Usage) {
        let Some(mut shard) = self.locked(shard_of(&usage.token)) else { return };
        if let Some(row) = shard.row_mut(&usage.token)
            && row.last_used.is_none_or(|last| last.at < usage.last.at)
        {
            row.last_used = Some(usage.last);
        }
    }

    /// How many rows there are for which `counts` is true; it looks at every row.
    pub(super) fn count(&self, counts: impl Fn(&Row) -> bool) -> u64 {
        let shards = (0..SHARDS).filter_map(|shard| self.reading(shard));
        shards.fold(0, |sum, shard| shard.rows.iter().flatten().filter(|row| counts(row)).fold(sum, |sum, _| sum + 1))
    }

    /// Changes a row, and forgets what was found out about it: within the lock that `clear` takes too, so that nothing
    /// found out about the old record is kept after this.
    fn writing<T>(&self, id: &TokenId, write: impl FnOnce(&mut Shard) -> T) -> Option<T> {
        let mut shard = self.locked(shard_of(id))?;
        let written = write(&mut shard);
        self.recent.forget(id);
        self.briefs.forget(id);
        Some(written)
    }

    fn reading(&self, shard: u32) -> Option<RwLockReadGuard<'_, Shard>> {
        let shard = self.shards.get(usize::try_from(shard).ok()?)?;
        Some(shard.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn locked(&self, shard: u32) -> Option<RwLockWriteGuard<'_, Shard>> {
        let shard = self.shards.get(usize::try_from(shard).ok()?)?;
        Some(shard.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shard {
    fn place(&self, id: &TokenId) -> Option<u32> {
        self.places.find(hash_of(id), |place| self.row(*place).is_some_and(|row| row.is_of(id))).copied()
    }

    fn row(&self, place: u32) -> Option<&Row> {
        row_at(&self.rows, place)
    }

    fn row_mut(&mut self, id: &TokenId) -> Option<&mut Row> {
        let place = self.place(id)?;
        self.rows.get_mut(usize::try_from(place).ok()?)?.as_mut()
    }

    fn put(&mut self, id: &TokenId, mut row: Row) -> u32 {
        if let Some(place) = self.place(id) {
            row.last_used = self.row(place).and_then(|present| present.last_used);
            self.set(place, Some(row));
            return place;
        }
        let place = self.free_place();
        self.set(place, Some(row));
        let hash = |place: &u32| row_at(&self.rows, *place).and_then(Row::id).map(|id| hash_of(&id));
        self.places.insert_unique(hash_of(id), place, |place| hash(place).unwrap_or_default());
        place
    }

    fn remove(&mut self, id: &TokenId) {
        let is_it = |place: &u32| row_at(&self.rows, *place).is_some_and(|row| row.is_of(id));
        if let Ok(found) = self.places.find_entry(hash_of(id), is_it) {
            let (place, _) = found.remove();
            self.set(place, None);
            self.free.push(place);
        }
    }

    fn set(&mut self, place: u32, row: Option<Row>) {
        if let Some(slot) = usize::try_from(place).ok().and_then(|at| self.rows.get_mut(at)) {
            *slot = row;
        }
    }

    /// A place that nothing stands in. Past four billion rows there is none, as if the memory had ended.
    fn free_place(&mut self) -> u32 {
        if let Some(place) = self.free.pop() {
            return place;
        }
        let place = u32::try_from(self.rows.len()).ok().filter(|place| *place < u32::MAX / SHARDS);
        self.rows.push(None);
        place.unwrap_or_else(|| handle_alloc_error(Layout::new::<Row>()))
    }
}

fn row_at(rows: &[Option<Row>], place: u32) -> Option<&Row> {
    rows.get(usize::try_from(place).ok()?)?.as_ref()
}

impl Number {
    const fn new(shard: u32, place: u32) -> Self {
        Self(place * SHARDS + shard)
    }

    const fn shard(self) -> u32 {
        self.0 % SHARDS
    }

    const fn place(self) -> u32 {
        self.0 / SHARDS
    }
}

/// Chosen by the middle of the hash: a table looks at both ends.
fn shard_of(id: &TokenId) -> u32 {
    u32::try_from(hash_of(id) >> 24 & u64::from(SHARDS - 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::memory::row::tests::{account, token};

    /// Sessions come and go for as long as a service runs.
    #[test]
    fn rows_that_come_and_go_take_no_more_places() {
        let (rows, account) = (Rows::default(), account());
        for number in 0..1_000_u32 {
            let id = TokenId::parse(&format!("{number:016}")).unwrap();
            rows.put(Token { id, ..token(json!({})) }, account.clone());
            rows.remove(&id);
        }
        let places: usize = (0..SHARDS).filter_map(|shard| rows.reading(shard)).map(|shard| shard.rows.len()).sum();
        assert!(places <= 64, "{places}");
    }
}
