//! A gRPC server behind the layer: `cargo run --manifest-path examples/tonic/Cargo.toml`.
//!
//! The service is tonic's own health check, so that no protocol compiler is needed; yours takes its place. Refusals are
//! gRPC statuses: `UNAUTHENTICATED`, `PERMISSION_DENIED`, `UNAVAILABLE`.

use std::{error::Error, net::SocketAddr};

use service_accounts::{
    Actor, NewAccount, NewToken, Randomness, ServiceAccounts, SystemRandomness,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{MemoryStore, Owner, Purpose},
    token::{Keyring, Pepper, PepperId, Vendor},
};
use service_accounts_tower::{AuthenticateLayer, Gate, Grpc};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    transport::{Channel, Server},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

type Accounts = ServiceAccounts<MemoryStore, Permission>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let accounts = accounts()?;
    let token = first_token(&accounts).await?;
    let gate = Gate::new(accounts);
    let views = AuthenticateLayer::new(gate.clone()).require(Permission::DatastoresView).render_with(Grpc);
    let writes = AuthenticateLayer::new(gate).require(Permission::ResourcesWrite).render_with(Grpc);
    let (reading, writing) = (serve(views).await?, serve(writes).await?);

    for (server, credential, expected) in [
        (reading, Some(token.as_str()), "served"),
        (reading, Some("acme_sat_nonsense"), "Unauthenticated"),
        (reading, None, "Unauthenticated"),
        (writing, Some(&token), "PermissionDenied"),
    ] {
        let answer = call(server, credential).await?;
        let told = answer.as_ref().map_or_else(|status| format!("{:?}", status.code()), |()| "served".into());
        println!("{told}: {}", answer.err().map_or_else(String::new, |status| status.message().to_owned()));
        if told != expected {
            return Err(format!("expected {expected}").into());
        }
    }
    Ok(())
}

/// A health service behind the layer, on a port of its own.
async fn serve(layer: AuthenticateLayer<Permission, Grpc>) -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (_, health) = tonic_health::server::health_reporter();
    let server = Server::builder().layer(layer).add_service(health);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    Ok(address)
}

async fn call(server: SocketAddr, credential: Option<&str>) -> Result<Result<(), Status>, Box<dyn Error>> {
    let mut client = HealthClient::new(Channel::from_shared(format!("http://{server}"))?.connect().await?);
    let mut request = Request::new(HealthCheckRequest { service: String::new() });
    if let Some(credential) = credential {
        let value: MetadataValue<_> = format!("Bearer {credential}").parse()?;
        request.metadata_mut().insert("authorization", value);
    }
    Ok(client.check(request).await.map(drop))
}

fn accounts() -> Result<Accounts, Box<dyn Error>> {
    let mut key = [0; 32];
    SystemRandomness.fill(&mut key)?;
    let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes(key));
    let (catalogue, manage) = (data_quality::catalogue(), Permission::ServiceAccountsManage);
    Ok(ServiceAccounts::builder(MemoryStore::new(), Vendor::parse("acme")?, keyring, catalogue, manage).build())
}

async fn first_token(accounts: &Accounts) -> Result<String, Box<dyn Error>> {
    let name = DisplayName::parse("Catalogue Sync")?;
    let (purpose, owner) = (Purpose::parse("keeps the catalogue in step")?, Owner::parse("data team")?);
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("catalogue-sync-2026")?)),
        ..NewAccount::new(name, purpose, owner, Environment::production())
    };
    let created = accounts.acting(&Actor::host("ops@example.com")).create(wanted).await?;
    Ok(created.first_token.ok_or("no token was minted")?.secret.expose().into())
}
