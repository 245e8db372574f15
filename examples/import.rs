//! Twenty machine users in a spreadsheet become accounts, here three: looked at first, then all or none:
//! `cargo run --example import`, or with a file of your own: `cargo run --example import -- accounts.csv`.

use std::error::Error;

use service_accounts::{
    Actor, ImportError, ImportFile, ImportOptions, Randomness, ServiceAccounts, SystemRandomness,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::TokenName,
    store::{MemoryStore, Owner},
    token::{Keyring, Pepper, PepperId, Vendor},
};

/// As a spreadsheet saves it, with two mistakes.
const FILE: &str = "\u{feff}user;display_name;email;title;role;password\r\n\
    loader@example.com;Nightly Loader;ops@example.com;Loads the warehouse;Editor;\r\n\
    catalogue_sync;;;\"Copies the catalogue; hourly\";manager;\r\n\
    reader;Reader;;;Member;hunter2\r\n";

fn main() -> Result<(), Box<dyn Error>> {
    let file = match std::env::args().nth(1) {
        Some(path) => std::fs::read_to_string(path)?,
        None => FILE.into(),
    };
    pollster::block_on(run(file))
}

fn accounts() -> Result<ServiceAccounts<MemoryStore, Permission>, Box<dyn Error>> {
    let mut key = [0; 32];
    SystemRandomness.fill(&mut key)?;
    let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes(key));
    let (vendor, catalogue) = (Vendor::parse("acme")?, data_quality::catalogue());
    Ok(ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, Permission::ServiceAccountsManage)
        .build())
}

async fn run(file: String) -> Result<(), Box<dyn Error>> {
    let (accounts, ada) = (accounts()?, Actor::host("ada@example.com"));
    let acting = accounts.acting(&ada);
    let options = ImportOptions {
        owner: Some(Owner::parse("data team")?),
        first_token: Some(TokenName::parse("first-2026")?),
        ..ImportOptions::new(Environment::production())
    };

    // Nothing is written by a preview; it says of each row what would come of it, and of a bad one everything that is wrong.
    let preview = acting.preview_import(&ImportFile { csv: file.as_bytes(), options: options.clone() }).await?;
    println!("{preview}\n");

    // Whoever reads that corrects the file, looks again, and confirms exactly what was seen.
    let corrected = file.replace("manager", "Manager").replace("hunter2", "");
    let file = ImportFile { csv: corrected.as_bytes(), options };
    let preview = acting.preview_import(&file).await?;
    println!("{preview}\n");
    let imported = acting.confirm_import(&file, &preview.digest).await?;

    // The only copy of the secrets: a file for whoever sets up the clients. They are hidden here.
    for account in &imported.accounts {
        println!("{} from `{}`: {}", account.id, account.user, account.tried.as_str());
    }
    println!("the result has {} lines", imported.to_csv().lines().count());
    let first = imported.accounts.first().and_then(|account| account.first_token.as_ref()).ok_or("no token")?;
    println!("the first token works: {}", accounts.authenticate(first.expose(), None).await.is_ok());

    // A second confirmation is a conflict, not a second set of secrets.
    let again = acting.confirm_import(&file, &preview.digest).await;
    println!("confirmed twice: {}", !matches!(again, Err(ImportError::Stale)));
    Ok(())
}
