//! How connections are shared, and what becomes of those that are lost.

use std::time::Duration;

use futures_util::{FutureExt, future::join_all};
use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_postgres::{PostgresStore, Settings};
use service_accounts_store::Store;
use time::UtcDateTime;

use crate::support::{Server, connect, settings, wait};

/// Settings by whose name the server knows their connections.
fn named(server: &Server, name: &str) -> Settings {
    Settings::parse(&format!("{} application_name={name}", server.text())).unwrap().schema(name).unwrap()
}

fn count(server: &Server, name: &str) -> usize {
    let query = format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'");
    server.ask(&server.text(), &query).parse().unwrap()
}

fn event(note: &str) -> Event {
    Event::new(Action::AccessGranted, Label::new(note), UtcDateTime::UNIX_EPOCH)
}

async fn append(store: &PostgresStore) {
    store.append(&[event("one")]).await.unwrap();
}

#[test]
fn two_hundred_callers_share_four_connections() {
    let Some(server) = Server::shared() else { return };
    let store = connect(named(server, "shared").connections(4).deadline(Duration::from_secs(60)));
    wait(join_all((0..200).map(|_| append(&store))));
    assert_eq!(wait(store.events(&Query::default().limit(500))).unwrap().events.len(), 200);
    let open = count(server, "shared");
    assert!((1..=4).contains(&open), "{open} connections");
}

/// Each connection dies while nobody uses it, and the call that would have used it does not notice.
#[test]
fn a_connection_that_died_while_idle_is_replaced_within_the_call() {
    let Some(server) = Server::shared() else { return };
    let store = connect(named(server, "replaced").connections(3));
    let all = Query::default();
    for _ in 0..5 {
        wait(join_all((0..9).map(|_| store.events(&all)))).into_iter().for_each(|page| drop(page.unwrap()));
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'replaced'");
        assert!(wait(store.events(&all)).is_ok());
    }
    assert!(count(server, "replaced") <= 3);
}

/// At whichever await a caller stops waiting, its place is free again: the last calls would otherwise wait for ever.
#[test]
fn a_read_dropped_at_any_await_gives_its_place_back() {
    let Some(server) = Server::shared() else { return };
    let store = connect(settings(server).connections(2));
    let all = Query::default();
    for polls in 0..60 {
        // The third of them waits for a place.
        let mut calls: Vec<_> = (0..3).map(|_| Box::pin(store.events(&all))).collect();
        for _ in 0..polls % 10 {
            calls.retain_mut(|call| call.as_mut().now_or_never().is_none());
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    wait(join_all((0..20).map(|_| append(&store))));
}
