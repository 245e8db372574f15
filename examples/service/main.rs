//! A service on an embedded SQLite store that authenticates machine users.
//!
//! `cargo run --example service` listens on `127.0.0.1:8080` (`LISTEN`), keeps its data in `service-accounts.db`
//! (`DATABASE`) and its pepper beside it (`SERVICE_ACCOUNTS_PEPPER` overrides). With `ENVIRONMENT` set it refuses
//! credentials of other environments; `LOG` sets how much it logs (`off` to `trace`).

mod bootstrap;
mod pepper;
mod permissions;
mod resource;

use std::{env, error::Error, net::SocketAddr, time::Duration};

use axum::Router;
use service_accounts::{
    ServiceAccounts,
    access::Catalogue,
    lifecycle::Environment,
    sqlite::SqliteStore,
    token::{Keyring, PepperId, Vendor},
};
use service_accounts_axum::{
    api, connect_info, not_found,
    tower::{ClientAddress, Gate},
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time::{MissedTickBehavior, interval, timeout},
};
use tracing_subscriber::filter::LevelFilter;

use crate::permissions::Permission;

/// The service accounts of this service.
type Accounts = ServiceAccounts<SqliteStore, Permission>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let level: LevelFilter = setting("LOG", "info").parse()?;
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).init();

    // Before anybody is told that the service runs: whoever knows may ask it to end.
    let signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let accounts = open()?;
    let listener = TcpListener::bind(setting("LISTEN", "127.0.0.1:8080")).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    bootstrap::announce(&accounts, address).await?;

    let upkeep = tokio::spawn(keep_up(accounts.clone()));
    let service = router(accounts.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let server = axum::serve(listener, service).with_graceful_shutdown(async {
        wait_for(signals).await;
        let _ = stopping.send(());
    });
    let server = tokio::spawn(async { server.await });
    let _ = stopped.await;
    // A client that never finishes its request must not keep the service from ending.
    let _ = timeout(Duration::from_secs(5), server).await;
    upkeep.abort();
    accounts.flush().await?;
    println!("stopped");
    Ok(())
}

fn open() -> Result<Accounts, Box<dyn Error>> {
    let database = setting("DATABASE", "service-accounts.db");
    let keyring = Keyring::new(PepperId::parse("k1")?, pepper::load(&database)?);
    let catalogue: Catalogue<Permission> = toml::from_str(include_str!("roles.toml"))?;
    let vendor = Vendor::parse("sample")?;
    let store = SqliteStore::open(&database)?;
    let builder = ServiceAccounts::builder(store, vendor, keyring, catalogue, Permission::ServiceAccountsManage);
    Ok(match env::var("ENVIRONMENT") {
        Ok(here) => builder.environment(Environment::parse(&here)?).build(),
        Err(_) => builder.build(),
    })
}

fn router(accounts: Accounts) -> Router {
    let gate = Gate::new(accounts.clone()).client_address(ClientAddress::of_peer(connect_info));
    api(accounts, gate.clone()).merge(resource::router(gate)).fallback(not_found)
}

/// Writes what is gathered in memory, and removes sessions whose time is over.
async fn keep_up(accounts: Accounts) {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = accounts.flush().await {
            tracing::warn!(%error, "marks and access events wait for the next try");
        }
        if let Err(error) = accounts.sweep_sessions(100).await {
            tracing::warn!(%error, "expired sessions wait for the next sweep");
        }
    }
}

async fn wait_for((mut interrupt, mut terminate): (Signal, Signal)) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.into())
}
