//! What a good request is told of its account without a look at the records, by number.
//!
//! A store remembers the number with the credential that was cleared. Requests read an entry without a lock; it never
//! changes once it is there.
//!
//! A number means one holder for as long as the core lives, so a line that was read while it was being forgotten
//! cannot lead to somebody else. Entries are never taken away: what fills them is bounded, and what finds no room goes
//! the slower way.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

use service_accounts_access::{Permission, PermissionSet};
use service_accounts_naming::CompactAccountId;

/// Whose a credential is, and what it may do where no team has a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Holder<P: Permission> {
    pub(crate) account: CompactAccountId,
    pub(crate) permissions: PermissionSet<P>,
}

/// Most entries: about 15 MB. The accounts that come later are judged by their records.
const MOST: usize = CHUNK * CHUNKS - 1;
const CHUNK: usize = 256;
const CHUNKS: usize = 256;

type Entry<P> = OnceLock<Holder<P>>;
type Chunk<P> = OnceLock<Box<[Entry<P>]>>;

/// Numbers are given under a lock, only when a credential is cleared; requests read past it.
pub(crate) struct Holders<P: Permission> {
    chunks: Box<[Chunk<P>]>,
    numbers: Mutex<HashMap<Holder<P>, usize>>,
}

impl<P: Permission> Holders<P> {
    /// A number that is never given.
    pub(crate) const NOBODY: u16 = u16::MAX;

    pub(crate) fn new() -> Self {
        Self { chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect(), numbers: Mutex::default() }
    }

    /// None for a number that was never given.
    #[inline]
    pub(crate) fn get(&self, number: u16) -> Option<&Holder<P>> {
        let number = usize::from(number);
        self.chunks.get(number / CHUNK)?.get()?.get(number % CHUNK)?.get()
    }

    /// The number of this holder, old or new; none where there is no room.
    pub(crate) fn number(&self, holder: Holder<P>) -> Option<u16> {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = numbers.get(&holder) {
            return u16::try_from(*number).ok();
        }
        let number = numbers.len();
        if number >= MOST {
            return None;
        }
        let chunk = self.chunks.get(number / CHUNK)?;
        let chunk = chunk.get_or_init(|| (0..CHUNK).map(|_| OnceLock::new()).collect());
        chunk.get(number % CHUNK)?.set(holder).ok()?;
        numbers.insert(holder, number);
        u16::try_from(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use service_accounts_access::presets::data_quality::Permission;
    use service_accounts_naming::AccountId;

    use super::*;

    fn holder(number: usize) -> Holder<Permission> {
        let id = AccountId::parse(&format!("load_{number}@service")).unwrap();
        Holder { account: CompactAccountId::new(&id).unwrap(), permissions: PermissionSet::empty() }
    }

    #[test]
    fn a_holder_keeps_its_number_and_nobody_else_has_it() {
        let holders = Holders::new();
        let numbers: Vec<_> = (0..600).map(|number| holders.number(holder(number)).unwrap()).collect();
        for (number, given) in numbers.iter().enumerate() {
            assert_eq!(holders.number(holder(number)), Some(*given));
            assert_eq!(holders.get(*given), Some(&holder(number)));
        }
        assert_eq!((holders.get(600), holders.get(Holders::<Permission>::NOBODY)), (None, None));
    }

    #[test]
    fn there_is_no_number_where_there_is_no_room() {
        let holders = Holders::new();
        assert_eq!((0..MOST).filter_map(|number| holders.number(holder(number))).count(), MOST);
        assert_eq!(holders.number(holder(MOST)), None);
        assert!(holders.number(holder(0)).is_some());
    }
}
