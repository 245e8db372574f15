//! What `Settings::tls` promises: each connection is encrypted and goes to a server that proves its name, or there is none.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, TcpListener},
    sync::{Arc, OnceLock},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustls::{ClientConfig, RootCertStore, crypto::ring::default_provider, pki_types::CertificateDer};
use service_accounts_audit::Query;
use service_accounts_postgres::{PostgresError, PostgresStore, Settings};
use service_accounts_private_postgres::{Server, runtime, said};
use service_accounts_store::Store;

/// What asks a server whether it speaks TLS: its length, and the number of the request.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// An address of the loopback network that no other run of this file has, so that the port needs no luck.
fn address() -> IpAddr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(127, 64 | high, middle, low))
}

fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(|| Server::start_with_tls(address())).as_ref()
}

/// The server under this name.
fn plain(host: &str, schema: &str) -> Settings {
    let text = format!("host={host} hostaddr={} user=service dbname=postgres application_name={schema}", address());
    Settings::parse(&text).unwrap().schema(schema).unwrap().deadline(Duration::from_secs(20))
}

/// A client that trusts this authority only.
fn trusting(authority: Option<&Server>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    if let Some(server) = authority {
        roots.add(CertificateDer::from(std::fs::read(server.folder().join("ca.der")).unwrap())).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth()
}

fn connect(settings: Settings) -> Result<PostgresStore, PostgresError> {
    runtime().block_on(PostgresStore::connect(settings))
}

/// Why no connection was made, down to the first cause.
fn refusal(settings: Settings) -> String {
    let error = connect(settings).map(drop).unwrap_err();
    assert!(matches!(error, PostgresError::NoTls(_)), "{error:?}");
    said(&error)
}

#[test]
fn every_connection_is_encrypted_the_listening_one_too() {
    let Some(server) = shared() else { return };
    let store = connect(plain("db.test", "good").tls(trusting(Some(server))).cache(1 << 20, Duration::from_secs(2)));
    let store = store.unwrap();
    assert!(runtime().block_on(store.events(&Query::default())).is_ok());
    let start = Instant::now();
    while !store.is_cache_on() {
        assert!(start.elapsed() < Duration::from_secs(20), "it never listens");
        thread::sleep(Duration::from_millis(5));
    }
    let of = "FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'good'";
    let kinds = server.ask(&server.text(), &format!("SELECT bool_and(ssl), count(*) > 1 {of}"));
    assert_eq!(kinds, "t|t");
}

/// The server would accept either of them in plain text, so each refusal is the client's.
#[test]
fn a_server_that_does_not_prove_its_name_is_refused() {
    let Some(server) = shared() else { return };
    let stranger = refusal(plain("db.test", "stranger").tls(trusting(None)));
    assert!(stranger.contains("UnknownIssuer"), "{stranger}");
    let other_name = refusal(plain("other.test", "other_name").tls(trusting(Some(server))));
    assert!(other_name.contains("not valid for name"), "{other_name}");
    assert!(connect(plain("other.test", "unencrypted")).is_ok());
}

/// Somebody in the middle, who answers each request for TLS with this byte; returns everything else that he was sent.
fn somebody_in_the_middle(answer: u8) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut request = [0; 8];
        client.read_exact(&mut request).unwrap();
        assert_eq!(request, SSL_REQUEST);
        client.write_all(&[answer]).unwrap();
        let mut heard = Vec::new();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // A client that resets the connection has sent nothing more either.
        let _ = client.read_to_end(&mut heard);
        heard
    });
    (port, heard)
}

#[test]
fn a_server_without_tls_is_told_nothing_not_even_a_user() {
    for answer in [b'N', b'E'] {
        let (port, heard) = somebody_in_the_middle(answer);
        let text = format!("host=127.0.0.1 port={port} user=service password=hunter2 sslmode=disable");
        let settings = Settings::parse(&text).unwrap().deadline(Duration::from_secs(20)).tls(trusting(None));
        assert!(refusal(settings).contains("TLS"));
        let heard = heard.join().unwrap();
        assert!(heard.is_empty(), "{} bytes in plain text", heard.len());
    }
}

/// A host that asks for TLS in the text, and forgets to give a configuration.
#[test]
fn tls_asked_for_in_the_text_alone_is_refused_and_not_dropped() {
    let (port, heard) = somebody_in_the_middle(b'S');
    let text = format!("host=127.0.0.1 port={port} user=service password=hunter2 sslmode=require");
    let _ = refusal(Settings::parse(&text).unwrap().deadline(Duration::from_secs(20)));
    assert!(heard.join().unwrap().is_empty());
}
