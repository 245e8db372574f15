//! The least that a read of a store in files can cost, which answers nothing stale, notices that a file is gone, and maps no
//! file: one that is cut short while it is mapped ends the process.

use std::{
    fs::{File, OpenOptions},
    hint::black_box,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use rusqlite::{Connection, params};
use rustix::fs::{
    OFlags,
    inotify::{self, CreateFlags, WatchFlags},
};
use service_accounts::{
    AccessEvents, ServiceAccounts,
    access::presets::data_quality::Permission,
    store::{MemoryStore, Token},
};

use super::{authenticate, fill, open, raw_connection};

/// A hot read in memory, with the two questions that the kernel must be asked: has a name in the folder changed, and which
/// commit is the log's last one.
pub struct Hot {
    accounts: ServiceAccounts<Arc<MemoryStore>, Permission>,
    text: String,
    names: File,
    index: File,
}

/// The same with a record's row, which is found by its number and taken apart.
pub struct Cold {
    hot: Hot,
    raw: Connection,
}

impl Hot {
    pub fn new(database: &Path) -> Self {
        let store = MemoryStore::new();
        let text = fill(&store, 1_000).swap_remove(500);
        let accounts = open(Arc::new(store), AccessEvents::Off);
        let names = inotify::init(CreateFlags::NONBLOCK).expect("a queue");
        let folder = database.parent().expect("a folder");
        inotify::add_watch(&names, folder, WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE)
            .expect("a watch");
        let unnoted = i32::try_from(OFlags::NOATIME.bits()).expect("a flag");
        let index = OpenOptions::new().read(true).custom_flags(unnoted).open(database.with_extension("db-shm"));
        let index = index.expect("the log's index");
        Self { accounts, text, names: names.into(), index }
    }

    pub fn call(&self) {
        let mut head = [0; 96];
        black_box(rustix::io::ioctl_fionread(&self.names).expect("an answer"));
        self.index.read_exact_at(&mut head, 0).expect("a head");
        black_box(head);
        authenticate(&self.accounts, &self.text);
    }
}

impl Cold {
    /// With as many pages in memory as the store has.
    pub fn new(database: &Path) -> Self {
        let raw = raw_connection(database);
        raw.pragma_update(None, "mmap_size", 0).expect("a pragma");
        Self { hot: Hot::new(database), raw }
    }

    pub fn call(&self, text: &str) {
        self.hot.call();
        let mut statement = self.raw.prepare_cached(ROW).expect("a statement");
        let token = statement.query_row(params![place(text), &text[9..25]], |row| {
            Ok(serde_json::from_str::<Token>(row.get_ref(0)?.as_str()?).expect("a token"))
        });
        black_box(token.expect("a row"));
    }
}

const ROW: &str = "SELECT record FROM token WHERE number BETWEEN ?1 AND ?1 + 7 AND id = ?2";

/// Where a token's rows stand: the first ten characters of its id, as digits of base 62, times eight.
fn place(text: &str) -> i64 {
    let digit = |byte| match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        _ => byte - b'a' + 36,
    };
    text.bytes().skip(9).take(10).fold(0, |value, byte| value * 62 + i64::from(digit(byte))) * 8
}
