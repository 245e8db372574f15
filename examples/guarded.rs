//! From nothing to a guarded route: `PEPPER=k1:$(head -c 32 /dev/urandom | base64) cargo run --example guarded`.

use axum::{Router, routing::get};
use service_accounts::{
    Actor, NewAccount, NewToken, ServiceAccounts,
    access::presets::data_quality::{self, Permission, permission},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Vendor},
};
use service_accounts_axum::{Require, api, not_found, tower::Gate};

/// Only who holds `datastores:view` gets here; others get 401 or 403.
async fn datastores(caller: Require<permission::DatastoresView>) -> String {
    format!("{} sees the warehouse\n", caller.principal.id())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (vendor, keyring) = (Vendor::parse("acme")?, Keyring::from_env("PEPPER")?);
    let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
    let accounts = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue, manage).build();

    let (name, purpose) = (DisplayName::parse("Finance Metrics")?, Purpose::parse("feeds the dashboard")?);
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("dashboard-2026")?)),
        ..NewAccount::new(name, purpose, Owner::parse("finance")?, Environment::production())
    };
    let created = accounts.acting(&Actor::host("ops@example.com")).create(wanted).await?;
    println!("{}", created.first_token.ok_or("asked for above")?.secret.expose());

    let gate = Gate::new(accounts.clone());
    let own = Router::new().route("/datastores", get(datastores)).with_state(gate.clone());
    let app = own.merge(api(accounts, gate)).fallback(not_found);
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}
