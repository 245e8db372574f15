//! The reverse proxy: one connection to a node a request.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use crate::nodes::Nodes;

/// How long a node may take to accept a connection.
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// How long a node may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// What concerns one connection alone, RFC 9110 §7.6.1.
const OF_CONNECTION: [HeaderName; 6] =
    [header::CONNECTION, header::TE, header::TRAILER, header::TRANSFER_ENCODING, header::UPGRADE, KEEP_ALIVE];
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
/// What a client may have made up about where it is.
const FORWARDED: [HeaderName; 2] = [header::FORWARDED, FORWARDED_FOR];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Passes a request on. Once a node has it, nobody else gets it: what it asked for may have happened.
pub(crate) async fn forward(
    State(nodes): State<Arc<Nodes>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    mut request: Request<Body>,
) -> Response {
    let Some(stream) = reach(&nodes).await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    for name in OF_CONNECTION.iter().chain(&FORWARDED) {
        request.headers_mut().remove(name);
    }
    let Ok(address) = HeaderValue::from_str(&client.ip().to_string()) else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    request.headers_mut().insert(FORWARDED_FOR, address);
    match timeout(ANSWER_TIME, exchange(stream, request)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => StatusCode::BAD_GATEWAY.into_response(),
        Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}

async fn reach(nodes: &Nodes) -> Option<TcpStream> {
    for node in nodes.in_turn() {
        if let Ok(Ok(stream)) = timeout(CONNECT_TIME, TcpStream::connect(node)).await {
            return Some(stream);
        }
    }
    None
}

async fn exchange(stream: TcpStream, request: Request<Body>) -> Result<Response, hyper::Error> {
    let node = stream.peer_addr();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut answer = sender.send_request(request).await?;
    strip(answer.headers_mut(), node);
    Ok(answer.map(Body::new))
}

/// Which node answered is told as RFC 9110 §7.6.3 has it.
fn strip(headers: &mut HeaderMap, node: io::Result<SocketAddr>) {
    for name in &OF_CONNECTION {
        headers.remove(name);
    }
    let via = node.ok().and_then(|node| HeaderValue::from_str(&format!("1.1 {node}")).ok());
    via.map(|via| headers.insert(header::VIA, via));
}
