//! Where everything is kept: in one file, or in a Postgres database that several nodes share.

use std::error::Error;

use service_accounts::{
    postgres::{PostgresError, PostgresStore, Prepared, Settings},
    sqlite::SqliteStore,
    store::BoxStore,
};

/// Whether the text names a server; anything else is the path of a file.
pub(crate) fn is_on_server(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// Opens the store. No error repeats an address: it may hold a password.
pub(crate) async fn open(text: &str, pooler: bool) -> Result<BoxStore, Box<dyn Error>> {
    if is_on_server(text) {
        let prepared = if pooler { Prepared::EachTime } else { Prepared::Once };
        let store = PostgresStore::connect(Settings::parse(text)?.prepared(prepared)).await;
        return Ok(BoxStore::new(store.map_err(|error| unusable(&error))?));
    }
    let store = SqliteStore::open(text);
    let store = store.map_err(|error| format!("the file that `DATABASE` names cannot be opened: {error}"))?;
    Ok(BoxStore::new(store))
}

fn unusable(error: &PostgresError) -> String {
    match error {
        PostgresError::Pooled(_) => "a pooler stands before the database that `DATABASE` names; set `POOLER=1`".into(),
        _ => format!("the database that `DATABASE` names cannot be used: {}", crate::with_sources(error)),
    }
}
