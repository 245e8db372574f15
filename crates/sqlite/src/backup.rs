//! A copy of the whole database as of one moment.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, backup::Backup};

use crate::{SqliteError, file};

/// Copies into a draft beside `to`, which gets its name when it is whole.
pub(crate) fn copy(from: &Connection, to: &Path) -> Result<(), SqliteError> {
    if to.symlink_metadata().is_ok() {
        return Err(SqliteError::File(io::ErrorKind::AlreadyExists.into()));
    }
    let draft = Draft(file::beside(to, ".part"));
    file::create_private(&draft.0).map_err(SqliteError::File)?;
    let mut copy = Connection::open(&draft.0)?;
    // In one step, so of one state: a step that is interrupted by a write begins anew.
    Backup::new(from, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    copy.close().map_err(|(_, error)| error)?;
    // A link, unlike a change of name, never replaces a file.
    fs::hard_link(&draft.0, to).or_else(|_| rename_to_new(&draft.0, to)).map_err(SqliteError::File)
}

/// For file systems without links.
fn rename_to_new(draft: &Path, to: &Path) -> io::Result<()> {
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(draft, to)
}

/// Removed when it has its name, or when there is none to have.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
