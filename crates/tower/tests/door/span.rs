//! The span that each request is served in.

use std::{
    convert::Infallible,
    future::ready,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use http::{Request, Response};
use pollster::block_on;
use service_accounts_tower::{AuthenticateLayer, Peer};
use tower::{Layer, ServiceExt, service_fn};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::support::{World, request_with};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that is written at every level while the requests are served.
fn written(world: &World, requests: impl IntoIterator<Item = Request<String>>) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let inner = service_fn(|_: Request<String>| {
        tracing::info!("serving");
        ready(Ok::<_, Infallible>(Response::new(String::new())))
    });
    let guarded = AuthenticateLayer::new(world.gate()).layer(inner);
    tracing::subscriber::with_default(subscriber, || {
        for request in requests {
            block_on(guarded.clone().oneshot(request)).unwrap();
        }
    });
    String::from_utf8(std::mem::take(&mut *lines.0.lock().unwrap())).unwrap()
}

#[test]
fn what_a_service_logs_names_the_account_that_it_serves() {
    let world = World::new();
    let mut request = world.request();
    request.extensions_mut().insert(Peer("198.51.100.7:1".parse::<SocketAddr>().unwrap()));
    let text = written(&world, [request]);
    let line = text.lines().find(|line| line.ends_with("serving")).unwrap();
    let token = format!("token=\"{}\"", world.token_id.as_str());
    for part in ["method=GET", "path=/", "account=\"pipeline_automation@service\"", &token, "address=198.51.100.7"] {
        assert!(line.contains(part), "{part} in {line}");
    }
}

#[test]
fn a_span_holds_no_secret_and_nothing_of_a_query_or_a_header() {
    let world = World::new();
    let mut in_query = world.request();
    *in_query.uri_mut() = format!("/?access_token={}", world.token).parse().unwrap();
    let mut elsewhere = request_with(&format!("{}x", world.token));
    *elsewhere.uri_mut() = format!("/path?key={}", world.token).parse().unwrap();
    elsewhere.headers_mut().insert("x-api-key", world.token.parse().unwrap());
    let text = written(&world, [world.request(), in_query, elsewhere]);
    assert!(text.contains("refused=\"INVALID_REQUEST\"") && text.contains("refused=\"INVALID_TOKEN\""), "{text}");
    // A token's id is public; what follows it is not.
    let secret = &world.token[world.token.len() - 44..];
    assert!(!text.contains(secret) && !text.contains("key="), "{text}");
}

/// A vendor of two characters makes the shortest credentials.
#[test]
fn a_span_leaves_out_the_shortest_credential_that_stands_in_a_path() {
    let world = World::new();
    let short = world.token.replacen("acme", "ab", 1);
    let request = Request::builder().uri(format!("/teams/{short}/{}/end", world.token)).body(String::new()).unwrap();
    let text = written(&world, [request]);
    assert!(text.contains("path=/teams/…/…/end"), "{text}");
}

/// Whoever may write a line of a log for each request may not choose how long it is, nor put a credential into it by the
/// method, whose letters are a token's.
#[test]
fn a_stranger_chooses_neither_the_length_of_a_span_nor_a_credential_in_it() {
    let world = World::new();
    let long = Request::builder().uri("/a".repeat(20_000)).body(String::new()).unwrap();
    let methods = [world.token.clone(), "M".repeat(20_000)];
    let odd = methods.map(|method| Request::builder().method(method.as_str()).uri("/").body(String::new()).unwrap());
    let text = written(&world, [long].into_iter().chain(odd));
    assert!(text.lines().all(|line| line.len() < 1000), "{}", text.len());
    assert!(text.contains("path=/a/a/a/") && text.contains("a/… ") && text.contains("method=…"), "{text}");
    assert!(!text.contains(&world.token[..20]), "{text}");
}

#[test]
fn a_path_as_long_as_a_span_tells_is_whole() {
    let world = World::new();
    let of = |bytes: usize| {
        let path = format!("{}/{}", "/abcdefg".repeat(bytes / 8 - 1), "z".repeat(7));
        let request = Request::builder().uri(&path).body(String::new()).unwrap();
        (written(&world, [request]).contains(&format!("path={path}")), path.len())
    };
    assert_eq!(of(512), (true, 512));
    assert_eq!(of(520), (false, 520));
}
