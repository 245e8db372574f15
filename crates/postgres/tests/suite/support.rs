//! What the tests share.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use service_accounts_postgres::{PostgresStore, Settings};
pub(crate) use service_accounts_private_postgres::{Server, as_user, runtime};

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

/// The schema of these settings, which tell it in their text form only.
pub(crate) fn schema_of(settings: &Settings) -> String {
    let text = format!("{settings:?}");
    let name = text.split("SchemaName(\"").nth(1).unwrap();
    name.split('"').next().unwrap().to_owned()
}

/// Looks until it is so: what a dropped call has sent may still be on its way to the server.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
