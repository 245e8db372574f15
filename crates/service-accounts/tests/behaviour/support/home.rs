//! What a durable store leaves behind, looked at and damaged.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::stores::{Home, server};

impl Home {
    pub(crate) fn is_on_server(&self) -> bool {
        matches!(self, Self::Database(_))
    }

    /// All that is kept: each file, or the dump of the database.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        match self {
            // SQLite's log goes while we read, when the store's last thread has closed the file.
            Self::Folder(folder) => fs::read_dir(folder.path())
                .unwrap()
                .filter_map(|entry| Some((entry.as_ref().ok()?.path(), fs::read(entry.unwrap().path()).ok()?)))
                .collect(),
            Self::Database(url) => [("dump".into(), server().unwrap().dump(url).into_bytes())].into(),
        }
    }

    /// Changes records in place, as a bad disk or a careless hand would. No store may be open.
    pub(crate) fn damage(&self, sound: &str, damaged: &str) {
        assert_eq!(sound.len(), damaged.len());
        match self {
            Self::Folder(folder) => {
                closed(folder);
                damage_file(&folder.path().join("accounts.db"), sound, damaged);
            }
            Self::Database(url) => {
                let change = |table| {
                    let text = format!(
                        "WITH changed AS (UPDATE service_accounts.{table} SET record = replace(record, '{sound}', '{damaged}')
                            WHERE record LIKE '%{sound}%' RETURNING 1) SELECT count(*) FROM changed"
                    );
                    server().unwrap().ask(url, &text).parse::<u32>().unwrap()
                };
                assert!(change("token") + change("account") > 0, "{sound} is in no record");
            }
        }
    }
}

/// Waits until the file is closed, which goes on behind the drop: its log is gone then.
fn closed(home: &TempDir) {
    let log = home.path().join("accounts.db-wal");
    (0..500).take_while(|_| log.exists()).for_each(|_| std::thread::sleep(std::time::Duration::from_millis(10)));
    assert!(!log.exists(), "the store was not closed");
}

fn damage_file(file: &Path, sound: &str, damaged: &str) {
    let mut bytes = fs::read(file).unwrap();
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(sound.as_bytes())).collect();
    assert!(!places.is_empty(), "{sound} is not in the file");
    for at in places {
        bytes[at..at + sound.len()].copy_from_slice(damaged.as_bytes());
    }
    fs::write(file, bytes).unwrap();
}
