//! Service accounts inside a program, without HTTP: `cargo run --example embed`.

use std::error::Error;

use service_accounts::{
    Actor, NewAccount, NewToken, Randomness, ServiceAccounts, SystemRandomness,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};

fn main() -> Result<(), Box<dyn Error>> {
    pollster::block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut key = [0; 32];
    SystemRandomness.fill(&mut key)?;
    let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes(key));
    let accounts = ServiceAccounts::builder(
        MemoryStore::new(),
        Vendor::parse("acme")?,
        keyring,
        data_quality::catalogue(),
        Permission::ServiceAccountsManage,
    )
    .build();

    let ops = Actor::host("ops@example.com");
    let name = DisplayName::parse("Pipeline Automation")?;
    let (purpose, owner) = (Purpose::parse("loads the warehouse at night")?, Owner::parse("data team")?);
    let created = accounts
        .acting(&ops)
        .create(NewAccount {
            first_token: Some(NewToken::new(TokenName::parse("nightly-load-2026")?)),
            ..NewAccount::new(name, purpose, owner, Environment::production())
        })
        .await?;
    let token = created.first_token.ok_or("no token was minted")?;
    println!("created {}, token {}", created.account.id, token.secret.hint());

    let principal = accounts.authenticate(token.secret.expose(), None).await?;
    println!("may view datastores: {}", principal.decide(Permission::DatastoresView, None).is_allow());
    println!("may write resources: {}", principal.decide(Permission::ResourcesWrite, None).is_allow());

    accounts.acting(&ops).token(&created.account.id, &token.token.id).revoke().await?;
    let refused = accounts.authenticate(token.secret.expose(), None).await.map(|_| ());
    println!("after revocation: {refused:?}");
    Ok(())
}
