//! What a request needs of a credential that was found good before, in one cache line.
//!
//! A store keeps these lines and knows nothing of what stands in them; whoever clears a credential gives the numbers
//! their meaning.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU32, AtomicU64, Ordering, fence},
};

use service_accounts_token::Tag;
use time::UtcDateTime;

use crate::Clearance;

/// A credential's tag with its [`Clearance`], as plain numbers that many threads read while one writes.
///
/// ```text
///  0        4        8        12       16       20       24         32              64
///  │sequence│ mark   │ second │ address│ until  │ by     │ what     │ tag           │
/// ```
///
/// The sequence is odd while the rest is being written, so a reader knows whether it saw one state. Nobody waits: a reader
/// that met a writer is told nothing, and asks the whole record.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Brief {
    sequence: AtomicU32,
    /// Which credential it is, as far as 32 bits can tell. A tag that fits is the proof.
    mark: AtomicU32,
    second: AtomicU32,
    address: AtomicU32,
    until: AtomicU32,
    by: AtomicU32,
    what: AtomicU64,
    tag: [AtomicU64; Tag::WORDS],
}

/// What a [`Brief`] said at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The tag of the credential under the current pepper of whoever cleared it. Compare it before anything else.
    pub tag: Tag,
    /// Who cleared the credential, and by what.
    pub by: u32,
    /// What it found out.
    pub what: u64,
    /// The first second since 1970 at which that no longer holds.
    pub until: u32,
}

impl Brief {
    /// The whole of it at one moment; none while it is being written.
    #[must_use]
    #[inline]
    pub fn read(&self) -> Option<Told> {
        let before = self.sequence.load(Ordering::Acquire);
        let [a, b, c, d] = &self.tag;
        let told = Told {
            tag: Tag::from_words([a, b, c, d].map(|word| word.load(Ordering::Relaxed))),
            by: self.by.load(Ordering::Relaxed),
            what: self.what.load(Ordering::Relaxed),
            until: self.until.load(Ordering::Relaxed),
        };
        fence(Ordering::Acquire);
        let is_whole = before & 1 == 0 && self.sequence.load(Ordering::Relaxed) == before;
        is_whole.then_some(told)
    }

    /// Whether a use, in this second since 1970, differs from the one noted last in its second or its address; it is the
    /// one noted last then.
    ///
    /// As [`Credential::note_use`](crate::Credential::note_use), in plain writes: of two uses at one time both may be news.
    #[inline]
    pub fn note_use(&self, second: u32, address: Option<IpAddr>) -> bool {
        let address = folded(address);
        let noted = (self.second.load(Ordering::Relaxed), self.address.load(Ordering::Relaxed));
        let is_news = noted != (second, address);
        if is_news {
            self.address.store(address, Ordering::Relaxed);
            self.second.store(second, Ordering::Relaxed);
        }
        is_news
    }

    /// Which credential it is told of, as [`write`](Self::write) was told; zero for one that was never written.
    #[must_use]
    #[inline]
    pub fn mark(&self) -> u32 {
        self.mark.load(Ordering::Relaxed)
    }

    /// Tells from here on of the credential with this tag. For stores: only one thread writes at a time.
    pub fn write(&self, mark: u32, tag: Tag, clearance: &Clearance) {
        let before = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(before | 1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.mark.store(mark, Ordering::Relaxed);
        self.second.store(0, Ordering::Relaxed);
        self.until.store(seconds(clearance.until), Ordering::Relaxed);
        self.what.store(clearance.what, Ordering::Relaxed);
        self.by.store(clearance.by, Ordering::Relaxed);
        self.tag.iter().zip(tag.words()).for_each(|(slot, word)| slot.store(word, Ordering::Relaxed));
        self.sequence.store((before | 1).wrapping_add(1), Ordering::Release);
    }

    /// Leaves nothing that anybody could be let in by. For stores: only one thread writes at a time.
    pub fn wipe(&self, mark: u32) {
        self.write(mark, Tag::from_words([0; Tag::WORDS]), &Clearance::NONE);
    }
}

/// Seconds since 1970; what lies past 2106 ends then, and the whole record is asked.
#[inline]
fn seconds(at: UtcDateTime) -> u32 {
    u32::try_from(at.unix_timestamp().max(0)).unwrap_or(u32::MAX)
}

/// An IPv4 address as it is, an IPv6 address by a sum of its parts: two that are taken for one cost a note of a use within
/// the same second.
#[inline]
fn folded(address: Option<IpAddr>) -> u32 {
    match address {
        None => 0,
        Some(IpAddr::V4(address)) => address.to_bits(),
        Some(IpAddr::V6(address)) => {
            let octets = address.octets();
            let (words, _) = octets.as_chunks();
            words.iter().fold(1, |sum: u32, word| sum.wrapping_mul(0x9e37_79b1) ^ u32::from_be_bytes(*word))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicBool, thread};

    use super::*;

    fn at(second: i64) -> UtcDateTime {
        UtcDateTime::from_unix_timestamp(second).unwrap()
    }

    fn clearance(of: u32) -> Clearance {
        Clearance { by: of, what: u64::from(of), until: at(i64::from(of)) }
    }

    #[test]
    fn a_brief_fills_one_cache_line() {
        assert_eq!((size_of::<Brief>(), align_of::<Brief>()), (64, 64));
    }

    #[test]
    fn a_use_is_news_once_a_second_for_each_address() {
        let brief = Brief::default();
        let (here, there, far) = ("192.0.2.1".parse().ok(), "192.0.2.2".parse().ok(), "2001:db8::1".parse().ok());
        for (second, address, is_news) in [
            (7, None, true),
            (7, None, false),
            (7, here, true),
            (7, there, true),
            (7, far, true),
            (7, far, false),
            (8, far, true),
        ] {
            assert_eq!(brief.note_use(second, address), is_news, "{second} {address:?}");
        }
    }

    #[test]
    fn an_end_past_2106_ends_with_2106_and_one_before_1970_has_come() {
        for (end, expected) in [(-1, 0), (0, 0), (1, 1), (i64::from(u32::MAX), u32::MAX), (1 << 32, u32::MAX)] {
            assert_eq!(seconds(at(end)), expected);
        }
    }

    #[test]
    fn a_reader_sees_one_state_whole_or_nothing() {
        let (brief, stop) = (Brief::default(), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                (1..200_000).for_each(|of| brief.write(7, Tag::from_words([u64::from(of); 4]), &clearance(of)));
                stop.store(true, Ordering::Relaxed);
            });
            while !stop.load(Ordering::Relaxed) {
                let Some(told) = brief.read() else { continue };
                assert!(told.tag.words().iter().all(|word| *word == told.what), "{told:?}");
                assert!(told.what == u64::from(told.by) && told.by == told.until, "{told:?}");
            }
        });
    }

    #[test]
    fn what_was_wiped_is_cleared_by_nobody() {
        let brief = Brief::default();
        brief.write(7, Tag::from_words([1; 4]), &clearance(9));
        brief.wipe(1);
        let told = brief.read().unwrap();
        assert_eq!((told.until, told.what, told.by), (0, 0, u32::MAX));
    }
}
