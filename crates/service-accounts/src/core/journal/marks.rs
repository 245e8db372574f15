//! Last-used marks, gathered in memory so that no request waits for a write.

use std::{
    collections::HashMap,
    hash::BuildHasherDefault,
    sync::{Mutex, MutexGuard, PoisonError},
};

use service_accounts_store::{LastUsed, Usage};
use service_accounts_token::{TokenId, TokenIdHasher};

/// The newest use of each token since the last flush.
///
/// A request only writes behind the last use that is waiting; the waiting ones are joined by token when there are many.
/// A look into a map of a million tokens costs a request more than its MAC, and in one go most of that overlaps.
#[derive(Default)]
pub(crate) struct Marks(Mutex<Gathered>);

#[derive(Default)]
struct Gathered {
    waiting: Vec<Usage>,
    newest: Newest,
}

/// How many uses wait to be joined.
const WAITING: usize = 8_192;

type Newest = HashMap<TokenId, LastUsed, BuildHasherDefault<TokenIdHasher>>;

impl Marks {
    /// Keeps the newer of two uses of one token, and of two in one second the one marked last.
    pub(crate) fn mark(&self, usage: Usage) {
        let mut gathered = self.lock();
        if gathered.waiting.len() >= WAITING {
            gathered.join();
        }
        gathered.waiting.push(usage);
    }

    /// Hands over all marks and starts anew.
    pub(crate) fn take(&self) -> Vec<Usage> {
        let mut taken = std::mem::take(&mut *self.lock());
        taken.join();
        taken.newest.into_iter().map(|(token, last)| Usage { token, last }).collect()
    }

    /// Takes back what could not be written, never over a newer mark.
    pub(crate) fn put_back(&self, usages: &[Usage]) {
        let mut gathered = self.lock();
        gathered.join();
        for usage in usages {
            let last = gathered.newest.entry(usage.token).or_insert(usage.last);
            if last.at < usage.last.at {
                *last = usage.last;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    /// Joining is put off until it is worth it: each join touches the map once a use.
    fn join(&mut self) {
        for usage in self.waiting.drain(..) {
            let last = self.newest.entry(usage.token).or_insert(usage.last);
            if last.at <= usage.last.at {
                *last = usage.last;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;
    use time::UtcDateTime;

    fn usage(token: u8, at: i64, address: u8) -> Usage {
        let token = TokenId::parse(&format!("{token:016}")).unwrap();
        let at = UtcDateTime::from_unix_timestamp(at).unwrap();
        Usage { token, last: LastUsed { at, address: Some(IpAddr::from([10, 0, 0, address])) } }
    }

    fn kept(marks: &Marks) -> Vec<Usage> {
        let mut usages = marks.take();
        usages.sort_by_key(|usage| usage.token);
        usages
    }

    #[test]
    fn many_uses_of_one_token_become_one_mark_and_the_newest_stays() {
        let marks = Marks::default();
        for (at, address) in [(5, 1), (9, 2), (9, 3), (8, 4)] {
            marks.mark(usage(1, at, address));
        }
        marks.mark(usage(2, 1, 1));
        assert_eq!(kept(&marks), [usage(1, 9, 3), usage(2, 1, 1)]);
    }

    #[test]
    fn however_many_uses_come_between_two_flushes_what_waits_is_bounded_and_none_is_lost() {
        let marks = Marks::default();
        for at in 0..3 * WAITING {
            marks.mark(usage(u8::try_from(at % 7).unwrap(), i64::try_from(at).unwrap(), 1));
            assert!(marks.lock().waiting.len() <= WAITING);
        }
        let newest = kept(&marks).into_iter().map(|usage| usage.last.at.unix_timestamp());
        let last = i64::try_from(3 * WAITING).unwrap() - 1;
        let mut expected: Vec<_> = (0..7).map(|before| last - before).collect();
        expected.sort_by_key(|at| at % 7);
        assert!(newest.eq(expected));
    }

    #[test]
    fn marks_that_were_written_are_gone() {
        let marks = Marks::default();
        marks.mark(usage(1, 5, 1));
        drop(marks.take());
        assert_eq!(kept(&marks), []);
    }

    #[test]
    fn marks_that_were_not_written_come_back_but_never_over_newer_ones() {
        for (meanwhile, stays) in [(4, usage(1, 5, 1)), (5, usage(1, 5, 2)), (6, usage(1, 6, 2))] {
            let marks = Marks::default();
            marks.mark(usage(1, 5, 1));
            let taken = marks.take();
            marks.mark(usage(1, meanwhile, 2));
            marks.put_back(&taken);
            assert_eq!(kept(&marks), [stays], "marked meanwhile at {meanwhile}");
        }
    }
}
