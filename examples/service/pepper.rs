//! The keys under which tokens are kept: from the environment, or from a file beside the database.

use std::{
    error::Error,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use service_accounts::{
    Randomness, SystemRandomness,
    token::{Keyring, Pepper, PepperId},
};

/// Reads keys separated by commas, each `id:key` or a key alone, the current one first.
///
/// A lone key without an id is `k1`. Of several each needs its own: a number would change when another one is dropped.
pub(crate) fn parse(text: &str) -> Result<Keyring, String> {
    let texts: Vec<_> = text.split(',').collect();
    let mut keyring = None;
    for (place, text) in texts.iter().enumerate() {
        let name = |error: Box<dyn Error>| format!("key {}: {error}", place + 1);
        let (id, pepper) = key(text.trim()).map_err(name)?;
        let id = match id {
            Some(id) => id,
            None if texts.len() == 1 => PepperId::parse("k1").map_err(|error| name(error.into()))?,
            None => return Err(name("write it as id:key; a key that was alone so far is k1".into())),
        };
        keyring = Some(match keyring {
            None => Keyring::new(id, pepper),
            Some(keyring) => Keyring::with_earlier(keyring, id, pepper).map_err(|error| name(error.into()))?,
        });
    }
    keyring.ok_or_else(|| "there is none".into())
}

fn key(text: &str) -> Result<(Option<PepperId>, Pepper), Box<dyn Error>> {
    let (id, key) = text.split_once(':').map_or((None, text), |(id, key)| (Some(id), key));
    Ok((id.map(PepperId::parse).transpose()?, Pepper::parse(key)?))
}

/// Loads the key file beside the database, and makes it on the first start.
pub(crate) fn load(database: &str) -> Result<Keyring, Box<dyn Error>> {
    let path = PathBuf::from(format!("{database}.pepper"));
    // Asked in this order: whoever makes both makes the key first.
    if fs::exists(database)? && !fs::exists(&path)? {
        return Err(format!("the database exists without its key file {}; restore it", path.display()).into());
    }
    if !fs::exists(&path)? {
        make(&path)?;
    }
    let key = Pepper::from_slice(&fs::read(&path)?);
    let key = key.map_err(|error| format!("the key file {}: {error}", path.display()))?;
    Ok(Keyring::new(PepperId::parse("k1")?, key))
}

/// Makes the file whole and once, whoever else starts or dies at this moment: the key is written aside, and linked to its
/// name only where nobody was first.
fn make(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut key = [0; Pepper::LEN];
    SystemRandomness.fill(&mut key)?;
    let aside = path.with_extension(format!("pepper.{}", std::process::id()));
    let _ = fs::remove_file(&aside);
    let mut file = private()?.write(true).create_new(true).open(&aside)?;
    file.write_all(&key)?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    // The name itself is on disk only once the folder is.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// Options for a file that only its owner reads.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is no such file")]
fn private() -> Result<OpenOptions, Box<dyn Error>> {
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = OpenOptions::new();
    options.mode(0o600);
    Ok(options)
}

#[cfg(not(unix))]
fn private() -> Result<OpenOptions, Box<dyn Error>> {
    Err("a key file cannot be kept private on this system: set SERVICE_ACCOUNTS_PEPPER".into())
}
