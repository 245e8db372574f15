//! Two nodes of the example service on one Postgres database, behind one address: `cargo run --example two_nodes`, after
//! `cargo build --example service`.
//!
//! `DATABASE` and `SERVICE_ACCOUNTS_PEPPER` are those of the service, and so is every other setting; `LISTEN` is the address of
//! both, and `ISSUER` its address by default. Requests go to one node after the other; a node that takes no connection is passed
//! over. Upkeep runs on both.

mod forward;
mod nodes;
#[path = "../service/serve.rs"]
mod serve;
#[path = "../service/stop.rs"]
mod stop;

use std::{error::Error, sync::Arc};

use axum::Router;
use tokio::net::TcpListener;

use crate::{forward::forward, nodes::Nodes};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let stop = stop::signals()?;
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".into());
    let listener = TcpListener::bind(listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let port = listener.local_addr()?.port();
    let nodes = Arc::new(tokio::task::spawn_blocking(move || Nodes::start(port)).await??);
    serve::serve(listener, Router::new().fallback(forward).with_state(nodes.clone()), stop).await;
    nodes.stop();
    Ok(())
}
