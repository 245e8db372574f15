//! The database file itself: where it may be, and who may read it.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::SqliteError;

/// The whole path of a database file, which is made empty and private where there is none.
pub(crate) fn prepare(path: &Path) -> Result<PathBuf, SqliteError> {
    let text = path.to_string_lossy();
    // What SQLite would take for a database in memory, for a temporary one, or for a URI.
    if text.is_empty() || text.starts_with(':') || text.starts_with("file:") {
        return Err(SqliteError::NotAFile);
    }
    if !path.exists() {
        create_private(path).map_err(SqliteError::from_io)?;
    }
    // The folder of a link's target is the one that holds the log.
    path.canonicalize().map_err(SqliteError::from_io)
}

/// Made private under another name and then linked: at no moment could somebody else have opened it.
#[cfg(unix)]
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    use std::{fs, process};

    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}-{:?}.new", process::id(), std::thread::current().id()));
    let draft = PathBuf::from(draft);
    create_empty(&draft)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    // A file system without links still has this.
    linked.or_else(there_already).or_else(|_| create_empty(path)).or_else(there_already)
}

#[cfg(unix)]
fn create_empty(path: &Path) -> io::Result<()> {
    use std::{fs, os::unix::fs::OpenOptionsExt};

    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    make_private(path)
}

#[cfg(not(unix))]
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path).map(drop).or_else(there_already)
}

/// Another process was first.
fn there_already(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) }
}

/// Takes the file, its log and the log's index away from all but their owner, whatever the umask was.
#[cfg(unix)]
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
    };

    for path in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match fs::set_permissions(path, Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The path of the log or of its index.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
