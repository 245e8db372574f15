//! The key under which tokens are kept: from the environment, or from a file beside the database.

use std::{
    env,
    error::Error,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use service_accounts::{Randomness, SystemRandomness, token::Pepper};

/// Loads the pepper, and makes one on the first start.
pub(crate) fn load(database: &str) -> Result<Pepper, Box<dyn Error>> {
    if let Ok(text) = env::var("SERVICE_ACCOUNTS_PEPPER") {
        return Ok(Pepper::parse(text.trim())?);
    }
    let path = PathBuf::from(format!("{database}.pepper"));
    match fs::read(&path) {
        Ok(bytes) => Ok(Pepper::from_slice(&bytes)?),
        Err(error) if error.kind() == ErrorKind::NotFound => make(database, &path),
        Err(error) => Err(error.into()),
    }
}

/// The key is on disk, whole, before any token depends on it: it is written aside and then moved into place.
fn make(database: &str, path: &Path) -> Result<Pepper, Box<dyn Error>> {
    if fs::exists(database)? {
        return Err(format!("{database} exists without its key file {}; restore it", path.display()).into());
    }
    let mut key = [0; 32];
    SystemRandomness.fill(&mut key)?;
    let aside = path.with_extension("pepper.new");
    let _ = fs::remove_file(&aside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    // The move itself is on disk only once the folder is.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(Pepper::from_bytes(key))
}
