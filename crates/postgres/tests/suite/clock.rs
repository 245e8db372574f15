//! No decision depends on the server's clock: it is never asked for the time.
//!
//! Told by the texts, since a clock that is wrong would have to be wrong in the right direction to be noticed.

use std::{fs, path::Path, time::Duration};

use service_accounts_postgres::Settings;

use crate::support::{Server, connect};

/// What tells the time in SQL, in Postgres or in engines that speak its protocol.
const CLOCKS: [&str; 13] = [
    "now()",
    "current_time",
    "current_date",
    "localtime",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "cluster_logical_timestamp",
    "'now'",
    "'today'",
    "pg_postmaster_start_time",
    "pg_xact_commit_timestamp",
];

/// The clocks in this text, of which Rust's own (`Instant::now()`) is none.
fn clocks(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase().replace("::now()", "");
    CLOCKS.into_iter().filter(|clock| text.contains(clock)).collect()
}

/// Every text is in the source, those that are put together for each query too.
#[test]
fn no_statement_asks_the_server_for_the_time() {
    let mut files = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.is_file(), "look into {} too", path.display());
        let found = clocks(&fs::read_to_string(&path).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        files += 1;
    }
    assert!(files > 20, "{files} files");
}

/// A column's default, a check, an index or a trigger could ask it as well.
#[test]
fn nothing_in_the_schema_asks_the_server_for_the_time() {
    let Some(server) = Server::shared() else { return };
    let url = server.database();
    // With a cache, so that the triggers are there too.
    drop(connect(Settings::parse(&url).unwrap().cache(1 << 20, Duration::from_secs(1))));
    let dump = server.dump(&url);
    let found = clocks(&dump);
    assert!(dump.contains("CREATE TRIGGER") && found.is_empty(), "{found:?}");
}

#[test]
fn a_statement_that_asked_would_be_found() {
    for asks in ["WHERE until > NOW()", "DEFAULT current_timestamp", "SELECT clock_timestamp()", "'now'::timestamptz"] {
        assert_eq!(clocks(asks).len(), 1, "{asks}");
    }
    assert!(clocks("let start = Instant::now();").is_empty());
}
