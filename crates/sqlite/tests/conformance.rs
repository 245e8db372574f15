//! The suite that every store must pass, on SQLite.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use service_accounts_sqlite::SqliteStore;
use service_accounts_store::{BoxStore, Store, conformance::Subject};

mod one_handle {
    service_accounts_store::conformance!(super::one_handle());
}

mod boxed {
    service_accounts_store::conformance!(super::boxed());
}

/// As two processes on one file: what the one has acknowledged, the other must see at once.
mod two_handles {
    service_accounts_store::conformance!(super::two_handles());
}

fn one_handle() -> Subject<SqliteStore> {
    on_file(|path| Subject::new(open(path)))
}

fn boxed() -> Subject<BoxStore> {
    on_file(|path| Subject::new(BoxStore::new(open(path))))
}

fn two_handles() -> Subject<SqliteStore> {
    on_file(|path| Subject::across(open(path), open(path)))
}

fn on_file<S: Store>(open: impl Fn(&std::path::Path) -> Subject<S>) -> Subject<S> {
    let folder = tempfile::tempdir().unwrap();
    open(&folder.path().join("accounts.db")).keeping(folder)
}

fn open(path: &std::path::Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}
