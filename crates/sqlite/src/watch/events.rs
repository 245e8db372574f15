//! What the kernel tells of the names in a folder, which costs a third less to ask than the folder's date.
//!
//! A name that is made, moved or deleted is told of before the system call that did it returns. So who asks after that
//! finds it, in the queue or in `has_news`: whoever empties the queue sets that first, and clears it when all names were
//! found right.

use std::{
    fs::File,
    io::Read,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use crate::watch::Damage;

/// A change of names, of the folder's own too. Its end is told of without being asked for.
const NAMES: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

pub(super) struct Events {
    queue: File,
    has_news: AtomicBool,
    checking: Mutex<()>,
}

impl Events {
    /// None where the system has no queue left to give: a user has 128 of them, if nobody has changed that.
    pub(super) fn watch(folder: &Path) -> Option<Self> {
        let queue = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
        inotify::add_watch(&queue, folder, NAMES).ok()?;
        Some(Self { queue: queue.into(), has_news: AtomicBool::new(true), checking: Mutex::default() })
    }

    /// Looks at the names if something has happened to any since they were last found right.
    #[inline]
    pub(super) fn check(&self, names: impl FnOnce() -> Result<(), Damage>) -> Result<(), Damage> {
        let is_calm = rustix::io::ioctl_fionread(&self.queue).is_ok_and(|bytes| bytes == 0);
        if is_calm && !self.has_news.load(Ordering::SeqCst) { Ok(()) } else { self.look(names) }
    }

    /// One after the other, so that nobody clears `has_news` for what another one has taken from the queue.
    #[cold]
    fn look(&self, names: impl FnOnce() -> Result<(), Damage>) -> Result<(), Damage> {
        let _only = self.checking.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_news.store(true, Ordering::SeqCst);
        // What does not fit is found by whoever asks next. Nothing to read is no failure.
        let _ = (&self.queue).read(&mut [0; 4_096]);
        names()?;
        self.has_news.store(false, Ordering::SeqCst);
        Ok(())
    }
}
