//! Whether the three names still stand for the files that were opened.

#[cfg(unix)]
pub(super) use unix::Folder;

#[cfg(not(unix))]
pub(super) use other::Folder;

#[cfg(unix)]
mod unix {
    use std::{
        fs::{self, File, Metadata},
        os::unix::fs::MetadataExt,
        path::PathBuf,
        sync::atomic::{AtomicI64, Ordering},
        time::{SystemTime, UNIX_EPOCH},
    };

    #[cfg(target_os = "linux")]
    use crate::watch::events::Events;
    use crate::{SqliteError, watch::Damage};

    /// A folder's clock ticks every few milliseconds; two changes within one tick look like one.
    const TICK: i64 = 50_000_000;

    /// The folder and what its names stood for.
    pub(in crate::watch) struct Folder {
        /// Asked by its descriptor, which costs less than by its path.
        itself: File,
        #[cfg(target_os = "linux")]
        events: Option<Events>,
        names: Vec<Name>,
        /// When a name was last made, moved or deleted, if all names were found right after that.
        calm_since: AtomicI64,
    }

    struct Name {
        file: &'static str,
        path: PathBuf,
        identity: (u64, u64),
    }

    impl Folder {
        pub(in crate::watch) fn watch(files: [(&'static str, PathBuf); 3]) -> Result<Self, SqliteError> {
            let folder = files[0].1.parent().map(ToOwned::to_owned).unwrap_or_default();
            #[cfg(target_os = "linux")]
            let events = Events::watch(&folder);
            let itself = File::open(folder).map_err(SqliteError::File)?;
            let name = |(file, path): (_, PathBuf)| {
                let found = fs::metadata(&path).map_err(SqliteError::File)?;
                Ok::<_, SqliteError>(Name { file, path, identity: identity(&found) })
            };
            let names = files.into_iter().map(name).collect::<Result<_, _>>()?;
            Ok(Self {
                itself,
                #[cfg(target_os = "linux")]
                events,
                names,
                calm_since: AtomicI64::new(i64::MIN),
            })
        }

        /// Looks at the names only if one of the folder's names has changed since they were last found right.
        #[inline]
        pub(in crate::watch) fn check(&self) -> Result<(), Damage> {
            #[cfg(target_os = "linux")]
            if let Some(events) = &self.events {
                return events.check(|| self.check_names());
            }
            self.check_date()
        }

        /// By the date that the folder gets with each change of its names.
        fn check_date(&self) -> Result<(), Damage> {
            let changed = self.itself.metadata().map_or(i64::MAX, |found| nanoseconds(&found));
            if changed == self.calm_since.load(Ordering::Relaxed) {
                return Ok(());
            }
            self.check_names()?;
            if changed.saturating_add(TICK) < now() {
                self.calm_since.store(changed, Ordering::Relaxed);
            }
            Ok(())
        }

        pub(in crate::watch) fn check_names(&self) -> Result<(), Damage> {
            self.names.iter().try_for_each(|name| {
                let is_same = fs::metadata(&name.path).is_ok_and(|found| identity(&found) == name.identity);
                if is_same { Ok(()) } else { Err(Damage::Lost(name.file)) }
            })
        }
    }

    #[cfg(all(test, target_os = "linux"))]
    impl Folder {
        pub(super) const fn is_told_by_kernel(&self) -> bool {
            self.events.is_some()
        }

        pub(super) fn ask_for_dates(&mut self) {
            self.events = None;
        }
    }

    fn identity(found: &Metadata) -> (u64, u64) {
        (found.dev(), found.ino())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "it is compared with the file system's own dates and decides no other"
    )]
    fn now() -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_nanos()).unwrap_or(0)
    }

    fn nanoseconds(found: &Metadata) -> i64 {
        found.ctime().saturating_mul(1_000_000_000).saturating_add(found.ctime_nsec())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{fs, thread};

    use super::Folder;
    use crate::watch::{DATABASE, INDEX, LOG};

    /// Where the kernel tells of names, and where the folder's date must.
    #[test]
    fn who_asks_after_a_name_was_moved_is_told_and_told_again_when_it_is_back() {
        for asks_for_dates in [false, true] {
            let home = tempfile::tempdir().unwrap();
            let files = [(DATABASE, "a"), (LOG, "b"), (INDEX, "c")].map(|(file, name)| (file, home.path().join(name)));
            files.iter().for_each(|(_, path)| fs::write(path, "").unwrap());
            let mut folder = Folder::watch(files.clone()).unwrap();
            // Others of this user may have taken all queues of the machine; the dates must do then.
            if asks_for_dates || !folder.is_told_by_kernel() {
                folder.ask_for_dates();
            }
            for (_, path) in files.iter().cycle().take(30) {
                assert!(folder.check().is_ok());
                fs::rename(path, home.path().join("away")).unwrap();
                thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(|| assert!(folder.check().is_err())))));
                fs::rename(home.path().join("away"), path).unwrap();
                thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(|| assert!(folder.check().is_ok())))));
            }
        }
    }
}

/// Other systems do not let an open database file be moved or deleted.
#[cfg(not(unix))]
mod other {
    use std::path::PathBuf;

    use crate::{SqliteError, watch::Damage};

    pub(in crate::watch) struct Folder;

    impl Folder {
        pub(in crate::watch) fn watch(_: [(&'static str, PathBuf); 3]) -> Result<Self, SqliteError> {
            Ok(Self)
        }

        pub(in crate::watch) fn check(&self) -> Result<(), Damage> {
            Ok(())
        }

        pub(in crate::watch) fn check_names(&self) -> Result<(), Damage> {
            Ok(())
        }
    }
}
