//! Where the memory store keeps [`Brief`]s: one hop from a credential's hash to its line.
//!
//! ```text
//!  hash: │ group, by as many bits as there are groups │ page of the group │ … mark … │ place in the page │
//!
//!  directory ──▶ group of two or three pages ──▶ page of 1,024 lines ──▶ line, or one of those behind it
//! ```
//!
//! A group of two pages that fills gets a third; one of three gets a fourth and becomes two groups of two (extendible
//! hashing). So memory grows by a half or a third at a time, and pages are never less than half as full as they may be. It is
//! a memory of what was found out, and never asked for anything that is not in the records too: so a group that grows is
//! simply emptied, and whoever comes next asks the record. Readers take no lock and count nothing.

use std::sync::{
    Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use service_accounts_token::{Tag, TokenId};

use super::{
    group::{EMPTY, Group, LINE_BITS, NO_PAGE, WIPED, leading, mark_of, page_of, place_of},
    hash_of,
};
use crate::{Brief, Clearance};

/// 64 KiB a page: the directory of a million tokens is 4 KiB then, and stays in the first cache.
const LINES: usize = 1 << LINE_BITS;
/// A page with so many lines in use, wiped ones included, is emptied, or its group grows.
const FULL: usize = 704;
/// Pages that are made at once.
const CHUNK: usize = 16;
/// At most two gigabytes of lines. What finds no place is judged by its record.
const CHUNKS: usize = 2048;
const DEPTHS: usize = 16;

type Page = [Brief; LINES];

/// Writers take turns; readers are never waited for.
pub(super) struct Briefs {
    depth: AtomicUsize,
    /// One for each depth, each twice as long as the one before: groups by the first bits of the hash.
    directories: [OnceLock<Box<[AtomicU64]>>; DEPTHS],
    chunks: Box<[OnceLock<Box<[Page]>>]>,
    writer: Mutex<Vec<Fill>>,
}

/// How full a page is, and how many bits of the hash lead to its group.
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
            writer: Mutex::new(vec![Fill::default(); 2]),
        };
        let [first, ..] = &new.directories;
        let _ = first.set(Box::new([AtomicU64::new(Group([0, 1, NO_PAGE]).entry())]));
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
    fn entry(&self, hash: u64) -> Option<u64> {
        let depth = self.depth.load(Ordering::Acquire);
        Some(self.directories.get(depth)?.get()?.get(leading(hash, depth))?.load(Ordering::Acquire))
    }

    #[inline]
    fn number(&self, hash: u64) -> Option<usize> {
        page_of(self.entry(hash)?, hash)
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

    /// Empties a page of what was wiped, or has its group grow; false where there is no room for another page.
    fn make_room(&self, fills: &mut Vec<Fill>, hash: u64) -> bool {
        let Some(number) = self.number(hash) else { return false };
        if fills.get(number).is_some_and(|fill| fill.live * 2 < FULL) {
            self.empty(fills, number);
            return true;
        }
        self.grow(fills, hash).is_some()
    }

    /// One page more for a group, all of which is emptied, because its hashes are shared out anew.
    fn grow(&self, fills: &mut Vec<Fill>, hash: u64) -> Option<()> {
        let Group([first, second, third]) = Group::of(self.entry(hash)?);
        let bits = fills.get(usize::try_from(first).ok()?)?.depth;
        let new = u64::try_from(fills.len()).ok().filter(|_| fills.len() < CHUNKS * CHUNK)?;
        let prefix = leading(hash, bits);
        let (bits, groups) = if third == NO_PAGE {
            (bits, vec![(prefix, Group([first, second, new]))])
        } else {
            self.deepen_to(bits + 1)?;
            (
                bits + 1,
                vec![(prefix * 2, Group([first, second, NO_PAGE])), (prefix * 2 + 1, Group([third, new, NO_PAGE]))],
            )
        };
        fills.push(Fill::default());
        for (prefix, group) in groups {
            self.direct(prefix, bits, &group)?;
            for page in group.0.into_iter().filter_map(|page| usize::try_from(page).ok()) {
                self.empty(fills, page);
                fills.get_mut(page).into_iter().for_each(|fill| fill.depth = bits);
            }
        }
        Some(())
    }

    /// Wiped all at once and then emptied: a search that still passes here must find nothing half-way.
    fn empty(&self, fills: &mut [Fill], number: usize) {
        if let (Some(page), Some(fill)) = (self.page(number), fills.get_mut(number)) {
            page.iter().for_each(|line| line.wipe(EMPTY));
            *fill = Fill { depth: fill.depth, ..Fill::default() };
        }
    }

    /// From here on all hashes that begin with these bits lead to this group.
    fn direct(&self, prefix: usize, bits: usize, group: &Group) -> Option<()> {
        let depth = self.depth.load(Ordering::Relaxed);
        let span = 1 << depth.checked_sub(bits)?;
        let directory = self.directories.get(depth)?.get()?;
        directory.iter().skip(prefix * span).take(span).for_each(|slot| slot.store(group.entry(), Ordering::Release));
        Some(())
    }

    /// A directory twice as long, where it is not as deep yet.
    fn deepen_to(&self, depth: usize) -> Option<()> {
        let now = self.depth.load(Ordering::Relaxed);
        if now < depth {
            let present = self.directories.get(now)?.get()?;
            let doubled = present.iter().flat_map(|entry| [entry.load(Ordering::Relaxed); 2]).map(AtomicU64::new);
            self.directories.get(depth)?.set(doubled.collect()).ok()?;
            self.depth.store(depth, Ordering::Release);
        }
        Some(())
    }
}

fn new_page() -> Page {
    std::array::from_fn(|_| Brief::default())
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
mod tests;
