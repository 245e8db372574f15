//! A token leaks, somebody finds it in a log, and nobody has to guess what to do: `cargo run --example incident`.

use std::{
    error::Error,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use service_accounts::{
    Actor, NewAccount, NewToken, Note, Randomness, RotateToken, ServiceAccounts, Successor, SystemRandomness,
    access::presets::data_quality::{self, Permission},
    lifecycle::{Environment, RotationKey},
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose, SystemName},
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
    let (first_token, systems) =
        (Some(NewToken::new(TokenName::parse("nightly-load")?)), vec![SystemName::parse("erp")?]);
    let wanted = NewAccount::new(name, purpose, owner, Environment::production());
    let created = accounts.acting(&ops).create(NewAccount { first_token, systems, ..wanted }).await?;
    let (id, leaked) = (&created.account.id, created.first_token.as_ref().ok_or("no token was minted")?);

    // The client works at home. Somebody else has its token, comes from abroad, and has it replace itself.
    let (home, abroad) = (Some(IpAddr::from([192, 0, 2, 7])), Some(IpAddr::from([203, 0, 113, 9])));
    accounts.authenticate(leaked.secret.expose(), home).await?;
    let thief = accounts.authenticate(leaked.secret.expose(), abroad).await?.actor();
    let wanted = RotateToken::new(RotationKey::parse("mine-now")?);
    let kept = accounts.acting(&thief).token(id, &leaked.token.id).rotate(&wanted).await?;
    let kept = kept.secret.ok_or("no successor was minted")?;

    // One call ends both, and gives the client another token of the same rights.
    let reason = Note::parse("its token stood in a public log")?;
    let contained = accounts.acting(&ops).token(id, &leaked.token.id).contain(reason, Successor::Minted).await?;
    let fresh = contained.successor.ok_or("no successor was minted")?;
    println!("the leaked one works: {}", accounts.authenticate(leaked.secret.expose(), home).await.is_ok());
    println!("what it made of itself works: {}", accounts.authenticate(kept.expose(), abroad).await.is_ok());
    println!("the new one works: {}", accounts.authenticate(fresh.secret.expose(), home).await.is_ok());
    println!("rotate the credentials of: {:?}", contained.incident.systems_to_rotate);

    // Whoever still tries the old token shows where the secret went.
    clock.fetch_add(Duration::days(1).whole_seconds(), Ordering::SeqCst);
    drop(accounts.authenticate(leaked.secret.expose(), Some(IpAddr::from([198, 51, 100, 4]))).await);
    let seen = accounts.acting(&ops).token(id, &leaked.token.id).observation().await?;
    println!("attempts look like {:?}", seen.verdict.map(|verdict| verdict.suspicion));

    // Text from a log: each token of ours in it is revoked, and nothing of the text is kept.
    let report = accounts.acting(&ops).report_leak(&format!("token={}", fresh.secret.expose())).await?;
    println!("found in the log: {:?}", report.tokens.iter().map(|token| token.hint.to_string()).collect::<Vec<_>>());
    accounts.acting(&ops).note_incident(&contained.incident.id, Note::parse("the log was deleted")?).await?;
    Ok(())
}
