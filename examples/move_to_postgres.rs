//! Moves a SQLite file to Postgres: `cargo run --example move_to_postgres -- service-accounts.db postgres://…`.
//!
//! Stop every service that writes to the file first. The schema must be new; the file stays as it is.

use std::{env, error::Error};

use service_accounts::{
    naming::Realm,
    postgres::{PostgresStore, Settings},
    sqlite::SqliteStore,
    store::DocumentId,
};

/// The readers of the trail that this service runs, by the ids of their cursors, may follow the two addresses.
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [file, address, readers @ ..] = arguments.as_slice() else {
        return Err(
            "give the path of the file, the postgres:// address, and the ids of the trail's readers, if any".into()
        );
    };
    let readers = readers.iter().map(|id| DocumentId::parse(id)).collect::<Result<Vec<_>, _>>()?;
    let source = SqliteStore::open(file)?;
    let target = PostgresStore::connect(Settings::parse(address)?).await?;
    let moved = target.import(&source, &[Realm::default()], &readers).await?;
    println!(
        "moved and read back: {} accounts, {} credentials, {} documents, {} events",
        moved.accounts, moved.credentials, moved.documents, moved.events
    );
    Ok(())
}
