//! How much this store adds to the database: `cargo test --release -p service-accounts-postgres -- --ignored speed --nocapture`.

use std::{cell::Cell, time::Instant};

use service_accounts_audit::{Action, Event, Label};
use service_accounts_postgres::PostgresStore;
use service_accounts_store::{Authority, Change, Committed, Store, Token, conformance::Subject};
use time::UtcDateTime;
use tokio_postgres::{Client, NoTls};

use crate::support::{Server, settings};

const ROUNDS: usize = 2_000;

/// Medians and 99th percentiles in microseconds, of calls that take turns so that a machine that drifts drifts for both.
async fn side_by_side(mut ours: impl AsyncFnMut(), mut raw: impl AsyncFnMut()) -> [[f64; 2]; 2] {
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        ours().await;
        samples[0].push(start.elapsed().as_secs_f64() * 1e6);
        let start = Instant::now();
        raw().await;
        samples[1].push(start.elapsed().as_secs_f64() * 1e6);
    }
    samples.map(|mut samples| {
        samples.sort_by(f64::total_cmp);
        [samples[ROUNDS / 2], samples[ROUNDS * 99 / 100]]
    })
}

fn print(case: &str, [ours, raw]: [[f64; 2]; 2]) {
    println!(
        "ratio\t{case}\t{:.1} µs (p99 {:.1})\traw\t{:.1} µs (p99 {:.1})\t{:.3}",
        ours[0],
        ours[1],
        raw[0],
        raw[1],
        ours[0] / raw[0]
    );
}

/// A connection of its own, of the same kind.
async fn raw_connection(server: &Server) -> Client {
    let (client, connection) = tokio_postgres::connect(&server.text(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[test]
#[ignore = "measured by hand, in a release build"]
fn speed() {
    let Some(server) = Server::shared() else { return };
    let settings = settings(server);
    let schema = server.schema_of(&settings);
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let subject = Subject::new(PostgresStore::connect(settings).await.unwrap());
        let (store, client) = (subject.writer(), raw_connection(server).await);
        let account = Subject::<PostgresStore>::account("pipeline");
        let id = account.id.clone();
        let create = Change::CreateAccount { account: Box::new(account), tokens: vec![] };
        let created = store.commit(&Authority::Host, create, event()).await.unwrap();
        let Committed::Applied(created) = created else { panic!("{created:?}") };
        let first = subject.token(&id, "first");
        let key = first.id;
        let mint = |token: Token| Change::Mint { token: Box::new(token), account_revision: created.revision() };
        let _ = store.commit(&Authority::Host, mint(first), event()).await.unwrap();

        let read = format!(
            "SELECT token.record, account.record FROM {schema}.token JOIN {schema}.account ON account.id = token.account
             WHERE token.id = $1"
        );
        let read = client.prepare(&read).await.unwrap();
        let ours = async || drop(store.credential(&key).await.unwrap().unwrap());
        let raw = async || drop(client.query_one(&read, &[&key.as_str()]).await.unwrap());
        print("credential", side_by_side(ours, raw).await);

        let turn = client.prepare(&format!("UPDATE {schema}.turn SET last = last + 1 RETURNING last")).await.unwrap();
        let token = client.prepare(&format!("INSERT INTO {schema}.token (id, account, realm, kind, name, pepper, revision, record) VALUES ($1, $2, 'service', 'sat', $3, 'k1', $4, $5)")).await.unwrap();
        let kept = client.prepare(&format!("INSERT INTO {schema}.event (sequence, at, action, actor, record) VALUES ($1, 0, 'token.minted', 'raw', '{{}}')")).await.unwrap();
        let record = "x".repeat(450);
        let (number, count) = (Cell::new(0), Cell::new(0));
        let ours = async || {
            number.set(number.get() + 1);
            let token = subject.token(&id, &format!("token-{}", number.get()));
            let _ = store.commit(&Authority::Host, mint(token), event()).await.unwrap();
        };
        let raw = async || {
            count.set(count.get() + 1);
            client.batch_execute("BEGIN").await.unwrap();
            let place: i64 = client.query_one(&turn, &[]).await.unwrap().get(0);
            let (id_of_token, name) = (format!("raw{:013}", count.get()), format!("raw-{}", count.get()));
            client.execute(&token, &[&id_of_token, &id.as_str(), &name, &place, &record]).await.unwrap();
            client.execute(&kept, &[&place]).await.unwrap();
            client.batch_execute("COMMIT").await.unwrap();
        };
        print("mint with its event", side_by_side(ours, raw).await);
    });
}

fn event() -> Event {
    Event::new(Action::TokenMinted, Label::new("speed"), UtcDateTime::UNIX_EPOCH)
}
