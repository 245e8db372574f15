//! The index of the write-ahead log, read as a file.
//!
//! Its first 48 bytes name the last commit of the log by place and checksum, so while they stay the same, nothing was
//! committed: to read them costs one system call, where SQLite's own answer costs two file locks. SQLite writes them
//! through shared memory, and on Linux a read of the file sees that at once. Elsewhere SQLite is asked.
//!
//! ```text
//! 0         8       12  16      20      24         32      40         48     96        100  …  128       132
//! │version …│commits│ … │frames│ pages │ checksum │ salts │ checksum │ again │ moved  │ marks │ to move │
//! ```
//!
//! See "WAL-Index Format" of SQLite's documentation; the numbers are in the machine's own order.
//!
//! SQLite's file system `unix-excl` keeps the index in memory that is no file's. Without the file nothing tells of a log that was cut
//! short: what is written after that is acknowledged and lost. Its lock on the database also goes when any part of the process
//! closes a descriptor of that file (POSIX), and then a second process writes with an index of its own. And it locks out online
//! restore and `sqlite3` beside the service. Given up: an index that is cut short within the microseconds between the look and
//! the use ends the process.

#[cfg(target_os = "linux")]
pub(super) use linux::Index;

#[cfg(not(target_os = "linux"))]
pub(super) use other::Index;

const HEAD: usize = 48;

/// Where SQLite counts the commits.
const COUNT: usize = 8;

/// The last commit in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head([u8; HEAD]);

impl Head {
    /// How many words it has.
    pub(crate) const WORDS: usize = HEAD / 8;

    pub(crate) fn words(&self) -> [u64; Self::WORDS] {
        let (words, _) = self.0.as_chunks();
        std::array::from_fn(|place| words.get(place).copied().map_or(0, u64::from_ne_bytes))
    }

    /// One that only its count tells from others.
    #[cfg(test)]
    pub(crate) fn counted(commits: u32) -> Self {
        let mut head = [1; HEAD];
        head[COUNT..COUNT + 4].copy_from_slice(&commits.to_ne_bytes());
        Self(head)
    }

    /// Whether exactly one commit lies between this and `later`, if none of those who wrote lost the log's index.
    pub(crate) fn is_one_before(&self, later: &Self) -> bool {
        let counts = [self, later].map(|head| head.0.get(COUNT..).and_then(|rest| rest.first_chunk().copied()));
        let [before, after] = counts.map(|count| count.map(u32::from_ne_bytes));
        before.is_some() && after == before.map(|before| before.wrapping_add(1))
    }
}

/// How far the log's pages have been moved to the main file: for which log, how many were, and how many shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    salts: [u8; 8],
    done: [u8; 4],
    begun: [u8; 4],
}

impl Moved {
    /// Whether pages are being moved, or a process died while it moved them.
    pub(super) fn is_under_way(&self) -> bool {
        self.done != self.begun
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs::{self, File, OpenOptions},
        io,
        os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
        path::Path,
        sync::{
            Arc, Mutex, PoisonError,
            atomic::{AtomicU64, Ordering},
        },
    };

    use rustix::fs::OFlags;

    use super::{
        super::{Damage, INDEX, LOG},
        HEAD, Head, Moved,
    };
    use crate::SqliteError;

    /// As far as this file reads.
    const READ: usize = 132;

    /// Where the numbers stand, as drawn above.
    const PAGE_SIZE: usize = 14;
    const FRAMES: usize = 16;
    const PAGES: usize = 20;
    const SALTS: usize = 32;
    const MOVED: usize = 96;
    const TO_MOVE: usize = 128;

    /// SQLite maps it in pieces of this size.
    const PIECE: u64 = 32_768;

    /// Bytes of a log before its first page, and before each page.
    const LOG_HEADER: u64 = 32;
    const PAGE_HEADER: u64 = 24;

    /// Indexes that were opened, and are kept open.
    ///
    /// To close any descriptor of a file takes away the locks of the whole process on it (POSIX), so those of SQLite's
    /// connections as well. A deleted file has no locks that matter.
    static KEPT: Mutex<Vec<Arc<File>>> = Mutex::new(Vec::new());

    pub(in crate::watch) struct Index {
        file: Arc<File>,
        /// The most whole pieces that were seen, in bytes.
        length: AtomicU64,
    }

    impl Index {
        pub(in crate::watch) fn open(path: &Path) -> Result<Self, SqliteError> {
            let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|file| Arc::strong_count(file) > 1 || !is_deleted(file));
            let wanted = fs::metadata(path).map_err(SqliteError::File)?;
            let is_it = |file: &Arc<File>| {
                file.metadata().is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()))
            };
            if let Some(file) = kept.iter().find(|file| is_it(file)) {
                return Ok(Self::of(file.clone()));
            }
            let file = Arc::new(open_unnoted(path).map_err(SqliteError::File)?);
            kept.push(file.clone());
            Ok(Self::of(file))
        }

        const fn of(file: Arc<File>) -> Self {
            Self { file, length: AtomicU64::new(PIECE) }
        }

        /// The last commit; nothing while it is being written down.
        pub(in crate::watch) fn head(&self) -> Result<Option<Head>, Damage> {
            let mut twice = [[0; HEAD]; 2];
            let read = self.file.read_exact_at(twice.as_flattened_mut(), 0);
            read.map_err(|_| Damage::Lost(INDEX))?;
            let [first, second] = twice;
            Ok((first == second && is_valid(&first)).then_some(Head(first)))
        }

        pub(in crate::watch) fn moved(&self) -> Option<Moved> {
            let bytes = self.read()?;
            Some(Moved { salts: part(&bytes, SALTS)?, done: part(&bytes, MOVED)?, begun: part(&bytes, TO_MOVE)? })
        }

        pub(in crate::watch) fn pages_to_move(&self) -> Option<u64> {
            let bytes = self.read()?;
            Some(number(&bytes, FRAMES)?.saturating_sub(number(&bytes, MOVED)?))
        }

        /// What the main file is long at least: all its pages, once all of the log is moved there.
        pub(in crate::watch) fn least_length(&self) -> u64 {
            self.read().and_then(|bytes| length_of_main(&bytes)).unwrap_or(0)
        }

        /// Whether the log is as long as the index says; a shorter one has lost what was acknowledged.
        pub(in crate::watch) fn check_log(&self, log: &Path) -> Result<(), Damage> {
            let bytes = self.read().ok_or(Damage::Lost(INDEX))?;
            let length = fs::metadata(log).map_err(|_| Damage::Lost(LOG))?.len();
            if length < length_of_log(&bytes).unwrap_or(0) { Err(Damage::Lost(LOG)) } else { Ok(()) }
        }

        /// To touch a mapped file behind its end would end the process. SQLite itself only ever makes it longer.
        pub(in crate::watch) fn is_whole(&self) -> bool {
            let length = self.file.metadata().map_or(0, |found| found.len());
            self.length.fetch_max(length / PIECE * PIECE, Ordering::Relaxed) <= length
        }

        fn read(&self) -> Option<[u8; READ]> {
            let mut bytes = [0; READ];
            self.file.read_exact_at(&mut bytes, 0).ok().map(|()| bytes)
        }
    }

    /// So that no read notes its date in the file, which takes a tenth of its time; only the file's owner may ask for that.
    fn open_unnoted(path: &Path) -> io::Result<File> {
        let flag = i32::try_from(OFlags::NOATIME.bits()).unwrap_or(0);
        OpenOptions::new().read(true).custom_flags(flag).open(path).or_else(|_| File::open(path))
    }

    fn is_deleted(file: &File) -> bool {
        file.metadata().is_ok_and(|found| found.nlink() == 0)
    }

    /// Whether SQLite has filled it in, in the format that this file reads.
    fn is_valid(head: &[u8]) -> bool {
        part(head, 0).map(u32::from_ne_bytes) == Some(3_007_000) && head.get(12) == Some(&1)
    }

    /// The length of a log whose pages all are there.
    fn length_of_log(bytes: &[u8]) -> Option<u64> {
        let frames = number(bytes, FRAMES)?;
        Some(if frames == 0 { 0 } else { frames.saturating_mul(page_size(bytes)? + PAGE_HEADER) + LOG_HEADER })
    }

    fn length_of_main(bytes: &[u8]) -> Option<u64> {
        let is_moved = number(bytes, FRAMES)? == number(bytes, MOVED)?;
        Some(if is_moved { number(bytes, PAGES)?.saturating_mul(page_size(bytes)?) } else { 0 })
    }

    /// A page of 65,536 bytes is noted as 1.
    fn page_size(bytes: &[u8]) -> Option<u64> {
        Some(match u16::from_ne_bytes(part(bytes, PAGE_SIZE)?) {
            1 => 65_536,
            size => u64::from(size),
        })
    }

    fn number(bytes: &[u8], at: usize) -> Option<u64> {
        part(bytes, at).map(|part| u64::from(u32::from_ne_bytes(part)))
    }

    fn part<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
        bytes.get(at..)?.first_chunk().copied()
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::path::Path;

    use super::{super::Damage, Head, Moved};
    use crate::SqliteError;

    /// The file is not asked here.
    pub(in crate::watch) struct Index;

    impl Index {
        pub(in crate::watch) fn open(_: &Path) -> Result<Self, SqliteError> {
            Ok(Self)
        }

        pub(in crate::watch) fn head(&self) -> Result<Option<Head>, Damage> {
            Ok(None)
        }

        pub(in crate::watch) fn moved(&self) -> Option<Moved> {
            None
        }

        pub(in crate::watch) fn pages_to_move(&self) -> Option<u64> {
            None
        }

        pub(in crate::watch) fn least_length(&self) -> u64 {
            0
        }

        pub(in crate::watch) fn check_log(&self, _: &Path) -> Result<(), Damage> {
            Ok(())
        }

        pub(in crate::watch) fn is_whole(&self) -> bool {
            true
        }
    }
}
