//! What was found out about credentials, served while the file is in the state in which it was found out.
//!
//! ```text
//!  hash: │ … mark … │ page │ set │        stamp: │ the log's last commit │ generation │
//!
//!  page: │ generation │ set of 4 lines │ set of 4 lines │ …
//! ```
//!
//! A line was true when the log's last commit was that of the stamp, and its page is of the stamp's generation. A request
//! looks for the line first, then reads the log's last commit, and then compares both with the stamp. If they fit, the line
//! was true at the moment of that read, which lies within the request. What is written to the line after that is of a later
//! state, so whenever the caller reads it, it gets what was true then or later.
//!
//! - Somebody else's commit: nothing fits any more. The next credential that is found good after it moves the stamp to the
//!   new commit, with a new generation; pages of an old one are wiped when they are next written to.
//! - A commit of this store's own: the lines it concerns are wiped first, then the stamp moves to it and the others stay.
//!   The log counts commits, so it is known that no other one came between.
//! - What was read before a commit and found good after it is of no use. Either the stamp is still that of the commit it was
//!   read at: then it does not serve after the later one, and is among the lines that a commit of this store's own wipes. Or
//!   the stamp has moved on: then the log's last commit is read again, and only what was read at that one is kept.

mod stamp;

use std::{
    array,
    hash::{Hash, Hasher},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use service_accounts_store::{Brief, Clearance, Token, Write};
use service_accounts_token::{TokenId, TokenIdHasher};

use self::stamp::Stamp;
use crate::watch::Head;

/// As many lines may one credential stand in; one of them makes place for it when all are taken.
const WAYS: usize = 4;

/// 4 KiB a page, so that few credentials take little. All pages are 64 MiB: the briefs of a million.
const SETS: usize = 16;
const PAGES: usize = 16_384;

/// The mark of a line that tells of nobody.
const FREE: u32 = 0;

pub(crate) struct Briefs {
    pages: Box<[OnceLock<Page>]>,
    stamp: Stamp,
    /// Held by whoever writes; which line of a full set makes place next.
    turn: Mutex<usize>,
}

struct Page {
    generation: AtomicU64,
    sets: Box<[[Brief; WAYS]]>,
}

/// A line as it was found, which serves only if the stamp fits.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    brief: &'a Brief,
    generation: u64,
}

impl Briefs {
    pub(crate) fn new() -> Self {
        Self::with_pages(PAGES)
    }

    fn with_pages(pages: usize) -> Self {
        Self { pages: (0..pages).map(|_| OnceLock::new()).collect(), stamp: Stamp::default(), turn: Mutex::default() }
    }

    /// Made when it is first written to.
    #[inline]
    fn page(&self, place: &Place) -> Option<&OnceLock<Page>> {
        self.pages.get(place.page % self.pages.len())
    }

    /// The line of this credential, or of one that is taken for it. Look for the log's last commit after this.
    #[inline]
    pub(crate) fn find(&self, id: &TokenId) -> Option<Found<'_>> {
        let place = Place::of(id);
        let page = self.page(&place)?.get()?;
        let generation = page.generation.load(Ordering::Acquire);
        let brief = page.sets.get(place.set)?.iter().find(|line| line.mark() == place.mark)?;
        Some(Found { brief, generation })
    }

    /// The line, if it was true when the log's last commit was read.
    #[inline]
    pub(crate) fn serve<'a>(&self, found: Found<'a>, head: &Head) -> Option<&'a Brief> {
        self.stamp.fits(head, found.generation).then_some(found.brief)
    }

    /// Keeps what was found out about a token that was read `at` this commit, if it is still the last one.
    pub(crate) fn keep(&self, token: &Token, clearance: &Clearance, at: &Head, present: impl FnOnce() -> Option<Head>) {
        let mut turn = self.lock();
        // Under the stamp of an earlier commit it would never serve; a stamp that has moved on is not moved back.
        if !self.stamp.is_of(at) {
            if present().as_ref() != Some(at) {
                return;
            }
            self.stamp.set(at, self.stamp.generation().wrapping_add(1));
        }
        let place = Place::of(&token.id);
        let Some(page) = self.page(&place).map(|page| page.get_or_init(Page::new)) else { return };
        page.renew(self.stamp.generation());
        let Some(set) = page.sets.get(place.set) else { return };
        let known = set.iter().find(|line| line.mark() == place.mark);
        let line = known.or_else(|| set.iter().find(|line| line.mark() == FREE)).or_else(|| {
            *turn = turn.wrapping_add(1);
            set.get(*turn % WAYS)
        });
        if let Some(line) = line {
            line.write(place.mark, token.digest.tag(), clearance);
        }
    }

    /// Goes on from one commit to the next, which was this store's own and wrote this.
    pub(crate) fn follow<'w>(&self, before: &Head, after: &Head, mut writes: impl Iterator<Item = &'w Write>) {
        let _turn = self.lock();
        if !before.is_one_before(after) || !self.stamp.is_of(before) {
            return;
        }
        let is_known = writes.try_for_each(|write| self.forget(write));
        let generation = self.stamp.generation();
        self.stamp.set(after, if is_known.is_some() { generation } else { generation.wrapping_add(1) });
    }

    /// Wipes the lines that a row concerns; nothing where it is not known which ones.
    fn forget(&self, write: &Write) -> Option<()> {
        let id = match write {
            Write::PutToken(token) => &token.id,
            Write::RemoveToken(id) => id,
            Write::PutAccount(_) | Write::RemoveAccount(_) => return None,
            Write::PutDocument(_) | Write::RemoveDocument(..) | Write::Append(_) => return Some(()),
        };
        let place = Place::of(id);
        let page = self.page(&place).and_then(OnceLock::get);
        let lines = page.and_then(|page| page.sets.get(place.set)).into_iter().flatten();
        lines.filter(|line| line.mark() == place.mark).for_each(|line| line.wipe(FREE));
        Some(())
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    fn new() -> Self {
        let set = || array::from_fn(|_| Brief::default());
        Self { generation: AtomicU64::default(), sets: (0..SETS).map(|_| set()).collect() }
    }

    /// Makes it one of this generation. It becomes that when it is empty.
    fn renew(&self, generation: u64) {
        if self.generation.load(Ordering::Relaxed) != generation {
            self.sets.iter().flatten().for_each(|line| line.wipe(FREE));
            self.generation.store(generation, Ordering::Release);
        }
    }
}

/// Where a credential's line may be.
struct Place {
    page: usize,
    set: usize,
    mark: u32,
}

impl Place {
    #[inline]
    fn of(id: &TokenId) -> Self {
        let mut hasher = TokenIdHasher::default();
        id.hash(&mut hasher);
        let hash = hasher.finish();
        let [set, page] = [hash & 0xff, hash >> 8 & 0xffff].map(|part| usize::try_from(part).unwrap_or_default());
        let mark = u32::try_from(hash >> 32).unwrap_or_default().max(FREE + 1);
        Self { page, set: set % SETS, mark }
    }
}

#[cfg(test)]
mod tests {
    use service_accounts_store::conformance::Subject;
    use service_accounts_token::Tag;
    use time::UtcDateTime;

    use super::*;
    use crate::SqliteStore;

    type Host = Subject<SqliteStore>;

    struct Scene {
        briefs: Briefs,
        token: Token,
    }

    impl Scene {
        fn set() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let host = Host::new(SqliteStore::open(folder.path().join("accounts.db")).unwrap());
            Self { briefs: Briefs::new(), token: host.token(&Host::account("pipeline").id, "nightly") }
        }

        fn token(&self, number: u64) -> Token {
            Token { id: id(number), ..self.token.clone() }
        }

        fn keep(&self, number: u64, at: u32) {
            self.keep_while(number, at, at);
        }

        fn keep_while(&self, number: u64, at: u32, present: u32) {
            let clearance = Clearance { by: 1, what: number, until: UtcDateTime::MAX };
            self.briefs.keep(&self.token(number), &clearance, &Head::counted(at), || Some(Head::counted(present)));
        }

        fn served(&self, number: u64, at: u32) -> bool {
            let found = self.briefs.find(&id(number));
            let told = found.and_then(|found| self.briefs.serve(found, &Head::counted(at))).and_then(Brief::read);
            told.is_some_and(|told| told.what == number && told.tag != Tag::from_words([0; Tag::WORDS]))
        }

        fn follow(&self, before: u32, after: u32, writes: &[Write]) {
            self.briefs.follow(&Head::counted(before), &Head::counted(after), writes.iter());
        }
    }

    fn id(number: u64) -> TokenId {
        TokenId::parse(&format!("{number:016}")).unwrap()
    }

    #[test]
    fn a_line_serves_at_its_own_commit_only_and_never_again_after_another() {
        let scene = Scene::set();
        scene.keep(7, 1);
        assert!(scene.served(7, 1) && !scene.served(7, 2) && !scene.served(8, 1));
        (100..200).for_each(|number| scene.keep(number, 2));
        assert!(!scene.served(7, 1) && !scene.served(7, 2) && scene.served(150, 2));
        scene.keep(7, 2);
        assert!(scene.served(7, 2));
    }

    #[test]
    fn what_is_no_longer_the_last_commit_is_not_kept() {
        let scene = Scene::set();
        scene.keep_while(7, 1, 2);
        assert!(!scene.served(7, 1) && !scene.served(7, 2));
    }

    #[test]
    fn only_the_very_next_commit_is_followed_and_counts_may_begin_anew() {
        for (before, after, is_followed) in
            [(1, 2, true), (1, 3, false), (1, 1, true), (2, 1, false), (u32::MAX, 0, true)]
        {
            let scene = Scene::set();
            scene.keep(7, before);
            scene.follow(before, after, &[]);
            assert_eq!(scene.served(7, after), is_followed, "{before} {after}");
        }
        let scene = Scene::set();
        scene.keep(7, 1);
        scene.follow(4, 5, &[]);
        assert!(!scene.served(7, 5), "other commits lie between");
    }

    #[test]
    fn what_a_commit_concerns_is_forgotten() {
        let scene = Scene::set();
        [7, 8].iter().for_each(|number| scene.keep(*number, 1));
        scene.follow(1, 2, &[Write::PutToken(scene.token(7).into())]);
        assert!(!scene.served(7, 2) && scene.served(8, 2));
        scene.follow(2, 3, &[Write::RemoveToken(id(8))]);
        assert!(!scene.served(8, 3));
        scene.keep(9, 3);
        scene.follow(3, 4, &[Write::RemoveAccount(scene.token.account.clone())]);
        assert!(!scene.served(9, 4));
    }

    /// The newest finds a line, whoever must make place.
    #[test]
    fn a_full_table_makes_place_and_takes_none_for_another() {
        let scene = Scene { briefs: Briefs::with_pages(16), ..Scene::set() };
        let lines = u64::try_from(16 * SETS * WAYS).unwrap();
        for number in 0..lines + lines / 8 {
            scene.keep(number, 1);
            assert!(scene.served(number, 1), "{number}");
        }
        let served = (0..lines).filter(|number| scene.served(*number, 1)).count();
        assert!(served > 8 * SETS * WAYS, "{served}");
    }
}
