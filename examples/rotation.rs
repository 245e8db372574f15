//! A token is replaced, its answer is lost, and nobody is locked out: `cargo run --example rotation`.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use service_accounts::{
    Actor, NewAccount, NewToken, Randomness, RotateToken, ServiceAccounts, SystemRandomness, UpkeepBounds,
    access::presets::data_quality::{self, Permission},
    lifecycle::{Environment, RotationKey},
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use time::{Duration, UtcDateTime};

fn main() -> Result<(), Box<dyn Error>> {
    pollster::block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut key = [0; 32];
    SystemRandomness.fill(&mut key)?;
    let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes(key));
    let clock = Arc::new(AtomicI64::new(1_767_225_600));
    let reading = clock.clone();
    let now = move || UtcDateTime::from_unix_timestamp(reading.load(Ordering::SeqCst)).unwrap_or(UtcDateTime::MAX);
    let (vendor, catalogue) = (Vendor::parse("acme")?, data_quality::catalogue());
    let builder =
        ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, Permission::ServiceAccountsManage);
    let accounts = builder.clock(now).build();

    let ops = Actor::host("ops@example.com");
    let (purpose, owner) = (Purpose::parse("loads the warehouse at night")?, Owner::parse("data team")?);
    let name = DisplayName::parse("Pipeline Automation")?;
    let first_token = Some(NewToken::new(TokenName::parse("nightly-load-2026")?));
    let wanted = NewAccount::new(name, purpose, owner, Environment::production());
    let created = accounts.acting(&ops).create(NewAccount { first_token, ..wanted }).await?;
    let (id, old) = (&created.account.id, created.first_token.as_ref().ok_or("no token was minted")?);
    println!("{} holds {}", id, old.secret.hint());

    // Eleven months later every answer to the client says when its token should have been replaced.
    clock.fetch_add(Duration::days(336).whole_seconds(), Ordering::SeqCst);
    let client = accounts.authenticate(old.secret.expose(), None).await?;
    println!("rotate after {:?}", client.rotate_after().map(|at| at.date()));

    // The client replaces its own token. The answer is lost, and it asks again with the same key.
    let (itself, wanted) = (client.actor(), RotateToken::new(RotationKey::parse("nightly-2026-12")?));
    let lost = accounts.acting(&itself).token(id, &old.token.id).rotate(&wanted).await?;
    let again = accounts.acting(&itself).token(id, &old.token.id).rotate(&wanted).await?;
    let secret = again.secret.ok_or("the successor was used before")?;
    println!("one successor: {}", lost.successor.id == again.successor.id);

    // Both work until the new one is used, which ends the old one in the same request.
    println!("old works: {}", accounts.authenticate(old.secret.expose(), None).await.is_ok());
    println!("new works: {}", accounts.authenticate(secret.expose(), None).await.is_ok());
    println!("old works: {}", accounts.authenticate(old.secret.expose(), None).await.is_ok());

    // A week without an attempt on the old token, and it can be deleted.
    clock.fetch_add(Duration::days(7).whole_seconds(), Ordering::SeqCst);
    accounts.upkeep(UpkeepBounds::default()).await?;
    let rotation = accounts.acting(&ops).token(id, &old.token.id).rotation().await?;
    for (step, done) in rotation.record.steps() {
        println!("{}: {:?}", step.as_str(), done.map(|done| done.at.date()));
    }
    Ok(())
}
