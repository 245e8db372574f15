//! The least that a hot read of a store in files can cost, which answers nothing stale and notices that a file is gone.

use std::{
    fs::{File, OpenOptions},
    hint::black_box,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use rustix::fs::{
    OFlags,
    inotify::{self, CreateFlags, WatchFlags},
};
use service_accounts::{AccessEvents, ServiceAccounts, access::presets::data_quality::Permission, store::MemoryStore};

use super::{authenticate, fill, open};

/// A hot read in memory, with the two questions that the kernel must be asked: has a name in the folder changed, and which
/// commit is the log's last one.
pub struct Hot {
    accounts: ServiceAccounts<Arc<MemoryStore>, Permission>,
    text: String,
    names: File,
    index: File,
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

    pub fn call(&mut self) {
        let mut head = [0; 96];
        black_box(rustix::io::ioctl_fionread(&self.names).expect("an answer"));
        self.index.read_exact_at(&mut head, 0).expect("a head");
        black_box(head);
        authenticate(&self.accounts, &self.text);
    }
}
