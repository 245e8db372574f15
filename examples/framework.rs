//! Any tower service behind the layer, without a web framework: `cargo run --example framework`.

use std::{convert::Infallible, error::Error, future::ready};

use http::{Request, Response, header::AUTHORIZATION};
use service_accounts::{
    Actor, NewAccount, NewToken, Randomness, ServiceAccounts, SystemRandomness,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_tower::{AuthenticateLayer, Gate};
use tower::{Layer, ServiceExt, service_fn};

type Accounts = ServiceAccounts<MemoryStore, Permission>;

fn main() -> Result<(), Box<dyn Error>> {
    pollster::block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let accounts = accounts()?;
    let token = first_token(&accounts).await?;
    let gate = Gate::new(accounts);
    let seen = gate.clone();
    let greet = service_fn(move |request| ready(Ok::<_, Infallible>(greet(&seen, &request))));
    let guarded = AuthenticateLayer::new(gate).layer(greet);

    for credential in [Some(token.as_str()), Some("acme_sat_nonsense"), None] {
        let mut request = Request::builder().uri("/");
        if let Some(credential) = credential {
            request = request.header(AUTHORIZATION, format!("Bearer {credential}"));
        }
        let response = guarded.clone().oneshot(request.body(String::new())?).await?;
        println!("{} {}", response.status(), response.body());
    }
    Ok(())
}

/// What the framework runs: it finds the principal in the request, and no credential.
fn greet(gate: &Gate<Permission>, request: &Request<String>) -> Response<String> {
    let principal = gate.recall(request.extensions());
    let name = principal.map_or("nobody", |principal| principal.id().as_str());
    let is_gone = !request.headers().contains_key(AUTHORIZATION);
    Response::new(format!("hello {name}, your credential stays at the door: {is_gone}"))
}

fn accounts() -> Result<Accounts, Box<dyn Error>> {
    let mut key = [0; 32];
    SystemRandomness.fill(&mut key)?;
    let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes(key));
    let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
    Ok(ServiceAccounts::builder(MemoryStore::new(), Vendor::parse("acme")?, keyring, catalogue, manage).build())
}

async fn first_token(accounts: &Accounts) -> Result<String, Box<dyn Error>> {
    let name = DisplayName::parse("Alation Sync")?;
    let (purpose, owner) = (Purpose::parse("keeps the catalogue in step")?, Owner::parse("data team")?);
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("catalogue-sync-2026")?)),
        ..NewAccount::new(name, purpose, owner, Environment::production())
    };
    let created = accounts.acting(&Actor::host("ops@example.com")).create(wanted).await?;
    Ok(created.first_token.ok_or("no token was minted")?.secret.expose().into())
}
