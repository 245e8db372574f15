//! A service on an embedded SQLite store, or on Postgres, that authenticates machine users: `cargo run --example service`.
//!
//! | setting | what it says | without it |
//! |---|---|---|
//! | `LISTEN` | address and port | `127.0.0.1:8080` |
//! | `DATABASE` | the path of the file that keeps everything, or `postgres://…` for several nodes, with the keys set | `service-accounts.db` |
//! | `POOLER` | `1` where a pooler such as PgBouncer stands before that database | none does |
//! | `SERVICE_ACCOUNTS_PEPPER` | the keys, newest first, separated by commas | a key file beside the database |
//! | `ENVIRONMENT` | credentials of other environments are refused | all are accepted |
//! | `TRUSTED_PROXIES` | networks whose `X-Forwarded-For` is believed | nobody's |
//! | `ISSUER` | the URL under which OAuth clients know this service | the address it listens on |
//! | `RECOVER` | `1` makes another administrator and prints its token | nobody is made |
//! | `WEBHOOK_ALLOW_PRIVATE` | `1` lets webhooks go to private and loopback addresses, and over plain HTTP | only to the public Internet, over TLS |
//! | `SEAL_KEY` | the trail is sealed under this key, 64 hexadecimal digits; after a change the earlier ones follow it, separated by commas | the trail is not sealed |
//! | `RETENTION_DAYS` | sealed events older than this are removed; needs `SEAL_KEY` | nothing is removed |
//! | `DETECT` | `1` watches the trail and raises alerts | nobody watches |
//! | `LOG` | `off`, `error`, `warn`, `info`, `debug`, `trace` | `info` |

mod bootstrap;
mod database;
mod health;
mod pepper;
mod permissions;
mod resource;
mod serve;
mod settings;
mod stop;

use std::{error::Error, net::SocketAddr, process::ExitCode, time::Duration};

use axum::Router;
use http::HeaderName;
use service_accounts::{
    Builder, Sealing, ServiceAccounts, UpkeepBounds, access::Catalogue, audit::detect, lifecycle::Environment,
    store::BoxStore, token::Vendor,
};
use service_accounts_axum::{
    OAuthServer, api_with_oauth, connect_info, not_found,
    oauth::{Issuer, IssuerError},
    tower::{ClientAddress, Gate},
};
use service_accounts_webhook::{self as webhook, Client, Deliverer, TokioTimer};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{MissedTickBehavior, interval},
};

use crate::{permissions::Permission, settings::Settings};

/// The service accounts of this service.
type Accounts = ServiceAccounts<BoxStore, Permission>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_sources(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_env()?;
    tracing_subscriber::fmt().with_max_level(settings.log).with_writer(std::io::stderr).init();

    // Before anybody is told that the service runs: whoever knows may ask it to end.
    let stop = stop::signals()?;
    let listen = settings.listen.clone();
    let gate = client_address(&settings);
    let (recover, issuer) = (settings.recover, settings.issuer.clone());
    let here = settings.environment.clone().unwrap_or(Environment::production());
    let accounts = open(settings).await?;
    accounts.check_peppers().await?;
    let listener = TcpListener::bind(listen).await;
    let listener = listener.map_err(|error| format!("the setting `LISTEN` names no free address and port: {error}"))?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    let issuer = issuer_of(issuer, address)?;
    bootstrap::announce(&accounts, (recover, here), issuer.as_str()).await?;

    let upkeep = tokio::spawn(keep_up(accounts.clone()));
    let (end_webhooks, ended) = oneshot::channel();
    let webhooks = tokio::spawn(deliver(accounts.clone(), ended));
    let gate = Gate::new(accounts.clone()).client_address(gate);
    serve::serve(listener, router(accounts.clone(), gate, OAuthServer::new(issuer)), stop).await;
    upkeep.abort();
    drop(end_webhooks);
    let _ = webhooks.await;
    accounts.flush().await?;
    println!("stopped");
    Ok(())
}

async fn open(settings: Settings) -> Result<Accounts, Box<dyn Error>> {
    let sealing = kept_trail(&settings);
    let keyring = match settings.keyring {
        Some(keyring) => keyring,
        // Each node would make a key of its own, and none would know the tokens of the others.
        None if database::is_on_server(&settings.database) => {
            return Err("the setting `SERVICE_ACCOUNTS_PEPPER` is needed where `DATABASE` is a server".into());
        }
        None => pepper::load(&settings.database)
            .map_err(|error| format!("no key file can be kept beside the file that `DATABASE` names: {error}"))?,
    };
    let catalogue: Catalogue<Permission> = toml::from_str(include_str!("roles.toml"))?;
    let store = database::open(&settings.database, settings.pooler).await?;
    let vendor = Vendor::parse("sample")?;
    let manage = Permission::ServiceAccountsManage;
    // Any name is an application here; a host names its own, each with the permission that it takes.
    let builder = ServiceAccounts::builder(store, vendor, keyring, catalogue, manage)
        .every_other_application(Permission::DatastoresView)
        .targets(settings.targets);
    let builder = sealing.into_iter().fold(builder, Builder::seal);
    let builder = if settings.detect { builder.detect(detect::Settings::default()) } else { builder };
    Ok(settings.environment.into_iter().fold(builder, Builder::environment).build())
}

/// How the trail is sealed and for how long it is kept.
fn kept_trail(settings: &Settings) -> Option<Sealing> {
    let (present, earlier) = settings.seal_keys.split_first()?;
    let sealing = earlier.iter().cloned().fold(Sealing::under(present.clone()), Sealing::replacing);
    Some(settings.retention_days.into_iter().fold(sealing, Sealing::retaining_days))
}

fn client_address(settings: &Settings) -> ClientAddress {
    let of_peer = ClientAddress::of_peer(connect_info);
    match settings.trusted_proxies.clone() {
        Some(proxies) => of_peer.behind(proxies, HeaderName::from_static("x-forwarded-for")),
        None => of_peer,
    }
}

/// Where nobody says how clients call this service, they are on this machine.
fn issuer_of(issuer: Option<Issuer>, address: SocketAddr) -> Result<Issuer, IssuerError> {
    issuer.map_or_else(|| Issuer::parse(&format!("http://localhost:{}", address.port())), Ok)
}

fn router(accounts: Accounts, gate: Gate<Permission>, server: OAuthServer) -> Router {
    let own = resource::router(gate.clone()).merge(health::router(accounts.clone()));
    api_with_oauth(accounts, gate, server).merge(own).fallback(not_found)
}

/// Writes what is gathered in memory, and settles what is due.
async fn keep_up(accounts: Accounts) {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = accounts.upkeep(UpkeepBounds::default()).await {
            tracing::warn!(%error, "what is due waits for the next second");
        }
    }
}

/// Tells the subscribed what happened.
async fn deliver(accounts: Accounts, ended: oneshot::Receiver<()>) {
    let client = Client::new(accounts.outbox().targets());
    let settings = webhook::Settings { rest: Duration::from_millis(250), ..webhook::Settings::default() };
    Deliverer::new(accounts, client, TokioTimer).settings(settings).run_until(async { drop(ended.await) }).await;
}

/// An error with what caused it, as a person reads it.
fn with_sources(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_sources(cause)),
        None => error.to_string(),
    }
}
