//! Authenticating against the facade: `cargo bench -p service-accounts-benches --bench facade`.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use criterion::{Criterion, criterion_group, criterion_main};
use service_accounts::{
    AccessEvents, Actor, NewAccount, NewToken, ServiceAccounts,
    access::presets::data_quality::{self, Permission},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    sqlite::SqliteStore,
    store::{MemoryStore, Owner, Purpose, Store},
    token::{Keyring, Pepper, PepperId, Vendor},
};

fn authenticate(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = SqliteStore::open(folder.path().join("bench.db")).expect("a database");
    bench_store(criterion, "memory", MemoryStore::new());
    bench_store(criterion, "sqlite", sqlite);
}

fn bench_store<S: Store + 'static>(criterion: &mut Criterion, name: &str, store: S) {
    let (accounts, token) = accounts(store);
    let wrong = unknown_token(&token);
    let mut group = criterion.benchmark_group(format!("authenticate/{name}"));
    group.bench_function("accepted", |bencher| bencher.iter(|| judge(&accounts, &token)));
    group.bench_function("unknown", |bencher| bencher.iter(|| judge(&accounts, &wrong)));
    group.bench_function("bad checksum", |bencher| bencher.iter(|| judge(&accounts, &token[..token.len() - 1])));
    group.finish();
}

fn judge<S: Store + 'static>(accounts: &ServiceAccounts<S, Permission>, text: &str) -> bool {
    match pin!(accounts.authenticate(black_box(text), None)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(judged) => judged.is_ok(),
        Poll::Pending => unreachable!("a read waited"),
    }
}

fn accounts<S: Store + 'static>(store: S) -> (ServiceAccounts<S, Permission>, String) {
    let keyring = Keyring::new(PepperId::parse("k1").expect("an id"), Pepper::from_bytes([7; 32]));
    let vendor = Vendor::parse("acme").expect("a vendor");
    let manage = Permission::ServiceAccountsManage;
    let builder = ServiceAccounts::builder(store, vendor, keyring, data_quality::catalogue(), manage);
    let accounts = builder.access_events(AccessEvents::Off).build();
    let wanted = NewAccount {
        first_token: Some(NewToken::new(TokenName::parse("load-2026").expect("a name"))),
        ..NewAccount::new(
            DisplayName::parse("Load Measurement").expect("a name"),
            Purpose::parse("being measured").expect("a purpose"),
            Owner::parse("benches").expect("an owner"),
            Environment::production(),
        )
    };
    let created = pollster::block_on(accounts.acting(&Actor::host("benches")).create(wanted)).expect("an account");
    let token = created.first_token.expect("a token").secret.expose().to_owned();
    (accounts, token)
}

/// A token of the right form that the store does not know.
fn unknown_token(known: &str) -> String {
    let (_, other) = accounts(MemoryStore::new());
    assert_ne!(known, other);
    other
}

criterion_group!(benches, authenticate);
criterion_main!(benches);
