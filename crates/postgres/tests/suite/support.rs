//! What the tests share.

mod server;

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

pub(crate) use server::{Server, as_user};
use service_accounts_postgres::{PostgresStore, Settings};

/// The runtime that drives the connections; the tests themselves wait on plain threads.
pub(crate) fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

/// Settings for a schema that nobody else has.
pub(crate) fn settings(server: &Server) -> Settings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    Settings::parse(&server.text()).unwrap().schema(&name).unwrap().connections(6)
}

pub(crate) fn connect(settings: Settings) -> PostgresStore {
    runtime().block_on(PostgresStore::connect(settings)).unwrap()
}

/// Waits on this thread, as a host without a runtime of its own would.
pub(crate) fn wait<T>(answer: impl Future<Output = T>) -> T {
    pollster::block_on(answer)
}
