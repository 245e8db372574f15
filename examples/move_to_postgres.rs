//! Moves a SQLite file to Postgres: `cargo run --example move_to_postgres -- service-accounts.db postgres://…`.
//!
//! Stop every service that writes to the file first. The schema must be new; the file stays as it is. The names of the realms may
//! follow, if the service has others than `service`; readers of the trail of your own would be named in the program.

use std::{env, error::Error, path::Path, process::ExitCode};

use service_accounts::{
    naming::Realm,
    postgres::{PostgresStore, Settings},
    sqlite::SqliteStore,
    trail_readers,
};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match moved(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.source().into_iter().for_each(|cause| eprintln!("because: {cause}"));
            ExitCode::FAILURE
        }
    }
}

async fn moved(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [file, address, realms @ ..] = arguments else {
        return Err("give the path of the file, the postgres:// address, and the names of the realms, if any".into());
    };
    let mut realms = realms.iter().map(|name| Realm::parse(name)).collect::<Result<Vec<_>, _>>()?;
    if realms.is_empty() {
        realms.push(Realm::default());
    }
    // To open a file that is missing would make one.
    if !Path::new(file).try_exists()? {
        return Err(format!("there is no file `{file}`").into());
    }
    let source = SqliteStore::open(file)?;
    let target = PostgresStore::connect(Settings::parse(address)?).await?;
    let moved = target.import(&source, &realms, &trail_readers(&source).await?).await?;
    println!(
        "moved and read back: {} accounts, {} credentials, {} documents, {} events",
        moved.accounts, moved.credentials, moved.documents, moved.events
    );
    Ok(())
}
