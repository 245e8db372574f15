//! Whether only SQLite writes to the main file.
//!
//! With a write-ahead log, SQLite writes to it while it moves the log's pages there, and at no other time. It says so in
//! the log's index first. A file whose date or length changed without that was written by somebody else: a copy was laid
//! over it, or it was cut short. What the log says of the rest of its pages fits no more.
//!
//! A new date without a write of SQLite's is all that tells of a copy laid over the file, whose pages the log does not
//! fit. To stop is the safe answer, and to open the store again costs a second. Given up: `touch` on the file stops
//! the service too.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    DATABASE, Damage,
    index::{Index, Moved},
};

/// How often to look again while pages are being moved.
const LOOKS: usize = 64;

/// The main file as it was last seen.
pub(super) struct MainFile {
    path: PathBuf,
    seen: Looks,
    moved: Option<Moved>,
}

type Looks = (Option<SystemTime>, u64);

impl MainFile {
    pub(super) fn look(path: &Path, index: &Index) -> Result<Self, Damage> {
        let (moved, seen) = (index.moved(), looks(path)?);
        // It was cut while others had it open, and SQLite believes what they know of its length.
        if seen.1 < index.least_length() {
            return Err(Damage::Overwritten);
        }
        Ok(Self { path: path.to_owned(), seen, moved })
    }

    /// Looks at the file, and tells whether SQLite's own writes explain what is seen.
    ///
    /// What the index says must be the same before and after, or a move between the two looks would explain nothing.
    pub(super) fn is_explained(&mut self, index: &Index) -> Result<bool, Damage> {
        for _ in 0..LOOKS {
            let before = index.moved();
            let seen = looks(&self.path)?;
            if before != index.moved() {
                continue;
            }
            let was_moving = [self.moved, before].iter().flatten().any(Moved::is_under_way);
            let is_explained = seen == self.seen || before.is_none() || before != self.moved || was_moving;
            // Also where pages were moved since the last look, and it was cut after that.
            let is_explained = is_explained && seen.1 >= index.least_length();
            if is_explained {
                (self.seen, self.moved) = (seen, before);
            }
            return Ok(is_explained);
        }
        // Pages are being moved all the time; the next look tells.
        Ok(true)
    }
}

fn looks(path: &Path) -> Result<Looks, Damage> {
    let found = fs::metadata(path).map_err(|_| Damage::Lost(DATABASE))?;
    Ok((found.modified().ok(), found.len()))
}
