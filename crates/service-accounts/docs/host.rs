// What the examples in the documentation stand on: a host with one account that has one token.
// Each example includes this file in a hidden line.

use std::error::Error;

use service_accounts::{
    Actor, ApplicationName, Builder, EventPattern, NewAccount, NewSubscription, NewToken, Sealing, ServiceAccounts,
    TargetUrl,
    access::presets::data_quality::{self, Permission},
    audit::seal::SealKey,
    lifecycle::Environment,
    naming::{AccountId, DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, TokenId, Vendor},
};

/// A host, an administrator, and the account `pipeline@service` with the token `warehouse-load-2026`.
pub struct Host {
    pub accounts: ServiceAccounts<MemoryStore, Permission>,
    pub ada: Actor<Permission>,
    pub id: AccountId,
    pub token: TokenId,
    /// The token's text.
    pub text: String,
    /// The account's client secret.
    pub secret: String,
}

/// Runs an example on a fresh host.
pub fn with(
    example: impl AsyncFnOnce(Host) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    pollster::block_on(async { example(host(|builder| builder).await?).await })
}

/// The same, with a trail that upkeep seals at every second event.
pub fn sealing(
    example: impl AsyncFnOnce(Host) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let sealing = Sealing::under(SealKey::new(&[7; 32])).closing_at(2, time::Duration::HOUR);
    pollster::block_on(async { example(host(|builder| builder.seal(sealing)).await?).await })
}

/// What the account is told in the examples about subscriptions.
pub fn billing() -> Result<NewSubscription, Box<dyn Error>> {
    let (billing, paid) = (ApplicationName::parse("billing")?, EventPattern::parse("invoice.*")?);
    Ok(NewSubscription::new(billing, vec![paid], TargetUrl::parse("https://hooks.example.com/invoices")?))
}

async fn host(
    chosen: impl FnOnce(Builder<MemoryStore, Permission>) -> Builder<MemoryStore, Permission>,
) -> Result<Host, Box<dyn Error>> {
    let (vendor, keyring) = (Vendor::parse("acme")?, Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes([7; 32])));
    let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
    let builder = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, manage);
    let accounts = chosen(builder.every_other_application(Permission::ResultsRead)).build();

    let ada = Actor::host("ada@example.com");
    let (name, purpose) = (DisplayName::parse("Pipeline")?, Purpose::parse("loads the warehouse at night")?);
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("warehouse-load-2026")?)),
        ..NewAccount::new(name, purpose, Owner::parse("data team")?, Environment::production())
    };
    let created = accounts.acting(&ada).create(wanted).await?;
    let minted = created.first_token.ok_or("it was asked for")?;
    let secret = created.client_secret.ok_or("the account is new")?;
    let (text, secret) = (minted.secret.expose().to_owned(), secret.expose().to_owned());
    Ok(Host { id: created.account.id.clone(), token: minted.token.id, accounts, ada, text, secret })
}
