//! Where everything is kept: in one file, or in a Postgres database that several nodes share.

use std::error::Error;

use service_accounts::{postgres, sqlite::SqliteStore, store::BoxStore};

/// Whether the text names a server; anything else is the path of a file.
pub(crate) fn is_on_server(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// Opens the store. No error repeats an address: it may hold a password.
pub(crate) async fn open(text: &str) -> Result<BoxStore, Box<dyn Error>> {
    if is_on_server(text) {
        let store = postgres::PostgresStore::connect(postgres::Settings::parse(text)?).await;
        let store = store.map_err(|error| {
            format!("the database that `DATABASE` names cannot be used: {}", crate::with_sources(&error))
        })?;
        return Ok(BoxStore::new(store));
    }
    let store = SqliteStore::open(text);
    let store = store.map_err(|error| format!("the file that `DATABASE` names cannot be opened: {error}"))?;
    Ok(BoxStore::new(store))
}
