//! Where the tests keep records: in memory and in a file, or, in the tests of an `on_postgres.rs`, on a private server.

use service_accounts::store::{BoxStore, MemoryStore};
use service_accounts_postgres::{PostgresStore, Settings};
use service_accounts_private_postgres::{Server, runtime};
use service_accounts_sqlite::SqliteStore;
use tempfile::TempDir;

/// What a durable store leaves behind.
pub(crate) enum Home {
    Folder(TempDir),
    Database(String),
}

/// The server, where this is a test on Postgres and one is installed.
pub(super) fn server() -> Option<&'static Server> {
    env!("CARGO_CRATE_NAME").ends_with("on_postgres").then(Server::shared).flatten()
}

/// An empty store that nobody opens again.
pub(crate) fn fresh() -> BoxStore {
    server().map_or_else(|| BoxStore::new(MemoryStore::new()), |server| connect(&server.database()))
}

/// An empty store that outlives its handle.
pub(crate) fn durable() -> (Home, BoxStore) {
    let home =
        server().map_or_else(|| Home::Folder(tempfile::tempdir().unwrap()), |server| Home::Database(server.database()));
    let store = reopen(&home);
    (home, store)
}

/// Another handle on a store, as another process has, or the same after a crash.
pub(crate) fn reopen(home: &Home) -> BoxStore {
    match home {
        Home::Folder(folder) => BoxStore::new(SqliteStore::open(folder.path().join("accounts.db")).unwrap()),
        Home::Database(url) => connect(url),
    }
}

fn connect(url: &str) -> BoxStore {
    let settings = Settings::parse(url).unwrap().connections(4);
    BoxStore::new(runtime().block_on(PostgresStore::connect(settings)).unwrap())
}
