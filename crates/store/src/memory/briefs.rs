//! Where the memory store keeps [`Brief`]s: one hop from a credential's hash to its line.
//!
//! ```text
//!  hash: │ page, by as many bits as there are pages │ …  mark  … │ place in the page │
//!
//!  directory ──▶ page of 1,024 lines ──▶ line, or one of those behind it
//! ```
//!
//! A page that fills is split in two (extendible hashing), so memory grows page by page. It is a memory of what was found
//! out, and never asked for anything that is not in the records too: so a page that is split is simply emptied, and whoever
//! comes next asks the record. Readers take no lock and count nothing.

use std::{
    hash::{Hash, Hasher},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use service_accounts_token::{Tag, TokenId, TokenIdHasher};

use crate::{Brief, Clearance};

/// 64 KiB a page: the directory of a million tokens is 8 KiB then, and stays in the first cache.
const LINES: usize = 1024;
const LINE_BITS: u32 = 10;
/// A page with so many lines in use, wiped ones included, is split or emptied.
const FULL: usize = 704;
/// Pages that are made at once.
const CHUNK: usize = 16;
/// At most two gigabytes of lines. What finds no place is judged by its record.
const CHUNKS: usize = 2048;
const DEPTHS: usize = 16;

/// A line that was never written: no search goes beyond it.
const EMPTY: u32 = 0;
/// A line whose credential was forgotten: what was written behind it is still found.
const WIPED: u32 = 1;

type Page = [Brief; LINES];

/// Writers take turns; readers are never waited for.
pub(super) struct Briefs {
    depth: AtomicUsize,
    /// One for each depth, each twice as long as the one before: pages by the first bits of the hash.
    directories: [OnceLock<Box<[AtomicU32]>>; DEPTHS],
    chunks: Box<[OnceLock<Box<[Page]>>]>,
    writer: Mutex<Vec<Fill>>,
}

/// How full a page is, and how many bits of the hash lead to it.
#[derive(Clone, Copy, Default)]
struct Fill {
    used: usize,
    live: usize,
    depth: usize,
}

impl Briefs {
    pub(super) fn new() -> Self {
        let new = Self {
            depth: AtomicUsize::new(0),
            directories: [const { OnceLock::new() }; DEPTHS],
            chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect(),
            writer: Mutex::new(vec![Fill::default()]),
        };
        let [first, ..] = &new.directories;
        let _ = first.set(Box::new([AtomicU32::new(0)]));
        new
    }

    /// The line of this credential, or of one that is taken for it.
    #[inline]
    pub(super) fn find(&self, id: &TokenId) -> Option<&Brief> {
        let hash = hash_of(id);
        let mark = mark_of(hash);
        for line in lines(self.page(self.number(hash)?)?, hash) {
            match line.mark() {
                found if found == mark => return Some(line),
                EMPTY => return None,
                _ => {}
            }
        }
        None
    }

    /// Asks for the line, so that it has come by the time it is looked for.
    #[inline]
    pub(super) fn prefetch(&self, id: &TokenId) {
        let hash = hash_of(id);
        if let Some(page) = self.number(hash).and_then(|number| self.page(number)) {
            prefetch_index::prefetch_index(page, place_of(hash));
        }
    }

    /// Keeps what was found out, until it is forgotten.
    pub(super) fn keep(&self, id: &TokenId, tag: Tag, clearance: &Clearance) {
        let (hash, mut fills) = (hash_of(id), self.writer());
        while let Some((page, fill)) = self.for_writing(&mut fills, hash) {
            let Some((line, found)) = place_for(page, hash, fill.used) else {
                if !self.make_room(&mut fills, hash) {
                    return;
                }
                continue;
            };
            fill.used += usize::from(found == EMPTY);
            fill.live += usize::from(found == EMPTY || found == WIPED);
            return line.write(mark_of(hash), tag, clearance);
        }
    }

    /// From here on nobody is let in by what was kept of this credential.
    pub(super) fn forget(&self, id: &TokenId) {
        let (hash, mut fills) = (hash_of(id), self.writer());
        let Some((page, fill)) = self.for_writing(&mut fills, hash) else { return };
        let mut known = lines(page, hash).take_while(|line| line.mark() != EMPTY);
        if let Some(line) = known.find(|line| line.mark() == mark_of(hash)) {
            line.wipe(WIPED);
            fill.live = fill.live.saturating_sub(1);
        }
    }

    fn writer(&self) -> MutexGuard<'_, Vec<Fill>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn number(&self, hash: u64) -> Option<usize> {
        let depth = self.depth.load(Ordering::Acquire);
        let entry = self.directories.get(depth)?.get()?.get(leading(hash, depth))?;
        usize::try_from(entry.load(Ordering::Acquire)).ok()
    }

    #[inline]
    fn page(&self, number: usize) -> Option<&Page> {
        self.chunks.get(number / CHUNK)?.get()?.get(number % CHUNK)
    }

    fn for_writing<'a>(&'a self, fills: &'a mut [Fill], hash: u64) -> Option<(&'a Page, &'a mut Fill)> {
        let number = self.number(hash)?;
        self.chunks.get(number / CHUNK)?.get_or_init(|| (0..CHUNK).map(|_| new_page()).collect());
        Some((self.page(number)?, fills.get_mut(number)?))
    }

    /// Empties a page of what was wiped, or splits it; false where there is no room for another page.
    fn make_room(&self, fills: &mut Vec<Fill>, hash: u64) -> bool {
        let Some(number) = self.number(hash) else { return false };
        let Some(fill) = fills.get(number).copied() else { return false };
        let depth = if fill.live * 2 < FULL { fill.depth } else { fill.depth + 1 };
        if depth > fill.depth && !self.split(fills, hash, fill.depth) {
            return false;
        }
        if let (Some(page), Some(fill)) = (self.page(number), fills.get_mut(number)) {
            // Wiped all at once and then emptied: a search that still passes here must find nothing half-way.
            page.iter().for_each(|line| line.wipe(EMPTY));
            *fill = Fill { used: 0, live: 0, depth };
        }
        true
    }

    /// The upper half of what led to this page leads to a new one.
    fn split(&self, fills: &mut Vec<Fill>, hash: u64, of: usize) -> bool {
        let new = fills.len();
        let (Ok(entry), true) = (u32::try_from(new), new < CHUNKS * CHUNK) else { return false };
        let depth = self.depth.load(Ordering::Relaxed);
        let Some(depth) = (if of == depth { self.deepen(depth) } else { Some(depth) }) else { return false };
        let Some(directory) = self.directories.get(depth).and_then(OnceLock::get) else { return false };
        let span = 1 << (depth - of);
        let upper = leading(hash, of) * span + span / 2;
        fills.push(Fill { depth: of + 1, ..Fill::default() });
        directory.iter().skip(upper).take(span / 2).for_each(|slot| slot.store(entry, Ordering::Release));
        true
    }

    /// A directory twice as long.
    fn deepen(&self, depth: usize) -> Option<usize> {
        let present = self.directories.get(depth)?.get()?;
        let doubled = present.iter().flat_map(|entry| [entry.load(Ordering::Relaxed); 2]).map(AtomicU32::new).collect();
        self.directories.get(depth + 1)?.set(doubled).ok()?;
        self.depth.store(depth + 1, Ordering::Release);
        Some(depth + 1)
    }
}

fn new_page() -> Page {
    std::array::from_fn(|_| Brief::default())
}

#[inline]
fn hash_of(id: &TokenId) -> u64 {
    let mut hasher = TokenIdHasher::default();
    id.hash(&mut hasher);
    hasher.finish()
}

/// The first bits of a hash, as a number.
#[inline]
fn leading(hash: u64, bits: usize) -> usize {
    // In two steps: to shift by 64 is an error.
    usize::try_from(hash >> 1 >> (63 - bits)).unwrap_or(usize::MAX)
}

#[inline]
fn place_of(hash: u64) -> usize {
    usize::try_from(hash % (1 << LINE_BITS)).unwrap_or_default()
}

/// Thirty-two bits that neither choose the page nor the place, and are none of the two marks with a meaning.
#[inline]
fn mark_of(hash: u64) -> u32 {
    u32::try_from(hash >> LINE_BITS & u64::from(u32::MAX)).unwrap_or_default().max(WIPED + 1)
}

/// All lines of a page, from the place of this hash on and around.
#[inline]
fn lines(page: &Page, hash: u64) -> impl Iterator<Item = &Brief> {
    let (before, from) = page.split_at_checked(place_of(hash)).unwrap_or((page, &[]));
    from.iter().chain(before)
}

/// Where to write, with the mark that stands there: over the same mark, or in the first free line. None if the page is full.
fn place_for(page: &Page, hash: u64, used: usize) -> Option<(&Brief, u32)> {
    let mut free = None;
    for line in lines(page, hash) {
        match line.mark() {
            found if found == mark_of(hash) => return Some((line, found)),
            WIPED => free = free.or(Some((line, WIPED))),
            EMPTY => return free.or_else(|| (used < FULL).then_some((line, EMPTY))),
            _ => {}
        }
    }
    free
}

#[cfg(test)]
mod tests {
    use time::UtcDateTime;

    use super::*;

    fn id(number: usize) -> TokenId {
        TokenId::parse(&format!("{number:016}")).unwrap()
    }

    fn tag(number: usize) -> Tag {
        Tag::from_words([u64::try_from(number).unwrap(); 4])
    }

    fn keep(briefs: &Briefs, number: usize) {
        let what = u32::try_from(number).unwrap();
        briefs.keep(&id(number), tag(number), &Clearance { by: 1, what, until: UtcDateTime::MAX });
    }

    fn is_known(briefs: &Briefs, number: usize) -> bool {
        let told = briefs.find(&id(number)).and_then(Brief::read);
        told.is_some_and(|told| told.tag == tag(number) && told.by == 1)
    }

    #[test]
    fn what_is_kept_twice_is_found_while_pages_split() {
        let briefs = Briefs::new();
        for number in 0..6_000 {
            keep(&briefs, number);
            assert!(is_known(&briefs, number), "{number}");
        }
        // Pages that were split were emptied. The second time, one may be split for the last time.
        (0..2).for_each(|_| (0..6_000).for_each(|number| keep(&briefs, number)));
        assert_eq!((0..6_000).filter(|number| !is_known(&briefs, *number)).count(), 0);
        assert!((6_000..9_000).all(|number| !is_known(&briefs, number)));
    }

    #[test]
    fn what_is_forgotten_is_never_found_again_whatever_comes_after_it() {
        let briefs = Briefs::new();
        (0..600).for_each(|number| keep(&briefs, number));
        (0..600).step_by(2).for_each(|number| briefs.forget(&id(number)));
        assert!((0..600).all(|number| is_known(&briefs, number) == (number % 2 == 1)));
        for round in 0..8 {
            (0..300).for_each(|number| keep(&briefs, 1_000 + round * 300 + number));
            assert!((0..600).step_by(2).all(|number| !is_known(&briefs, number)));
        }
    }

    #[test]
    fn pages_of_what_comes_and_goes_do_not_multiply() {
        let briefs = Briefs::new();
        for number in 0..5_000 {
            keep(&briefs, number);
            briefs.forget(&id(number));
        }
        assert!(briefs.writer().len() <= 2, "{}", briefs.writer().len());
    }
}
