//! What a token costs: reading and verifying once a request, minting once in a while.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use getrandom::SysRng;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use service_accounts_token::{Digest, Keyring, Kind, Pepper, PepperId, Scanner, Vendor};

/// A keyring of two peppers, a token, and its record under each.
struct Fixture {
    vendor: Vendor,
    keyring: Keyring,
    text: String,
    current: Digest,
    earlier: Digest,
}

fn fixture() -> Option<Fixture> {
    let vendor = Vendor::parse("acme").ok()?;
    let (k1, k2) = (PepperId::parse("k1").ok()?, PepperId::parse("k2").ok()?);
    let old = Keyring::new(k1, Pepper::from_bytes([1; 32]));
    let minted = old.mint(&vendor, Kind::Token, &mut ChaCha12Rng::from_seed([1; 32])).ok()?;
    let keyring = old.rotated(k2, Pepper::from_bytes([2; 32])).ok()?;
    let text = minted.token.expose().to_owned();
    let presented = vendor.read(&text).ok()?;
    let service_accounts_token::Verified::Rehash(current) = keyring.verify(&presented, Some(&minted.digest)).ok()?
    else {
        return None;
    };
    Some(Fixture { vendor, keyring, text, current, earlier: minted.digest })
}

fn verify(c: &mut Criterion) {
    let Some(Fixture { vendor, keyring, text, current, earlier }) = fixture() else { return };
    let Ok(presented) = vendor.read(&text) else { return };
    let mut group = c.benchmark_group("verify");
    group.bench_function("presented", |b| b.iter(|| keyring.verify(black_box(&presented), Some(&current)).is_ok()));
    group.bench_function("and re-hash", |b| b.iter(|| keyring.verify(black_box(&presented), Some(&earlier)).is_ok()));
    group.bench_function("without a record", |b| b.iter(|| keyring.verify(black_box(&presented), None).is_ok()));
    group.bench_function("from text", |b| {
        b.iter(|| vendor.read(black_box(&text)).is_ok_and(|token| keyring.verify(&token, Some(&current)).is_ok()));
    });
    group.finish();
}

fn read(c: &mut Criterion) {
    let Some(Fixture { vendor, text, .. }) = fixture() else { return };
    let bad = text.replacen("sat", "ses", 1);
    let mut group = c.benchmark_group("read");
    group.bench_function("a token", |b| b.iter(|| vendor.read(black_box(&text)).is_ok()));
    group.bench_function("a bad checksum", |b| b.iter(|| vendor.read(black_box(&bad)).is_ok()));
    group.bench_function("another length", |b| b.iter(|| vendor.read(black_box("acme_sat_")).is_ok()));
    group.finish();
}

fn mint(c: &mut Criterion) {
    let Some(Fixture { vendor, keyring, .. }) = fixture() else { return };
    let mut seeded = ChaCha12Rng::from_seed([2; 32]);
    let mut group = c.benchmark_group("mint");
    group.bench_function("from the system", |b| b.iter(|| keyring.mint(&vendor, Kind::Token, &mut SysRng).is_ok()));
    group.bench_function("from a seed", |b| b.iter(|| keyring.mint(&vendor, Kind::Token, &mut seeded).is_ok()));
    group.finish();
}

fn scan(c: &mut Criterion) {
    let Some(Fixture { vendor, text, .. }) = fixture() else { return };
    let haystack = format!("{}{text}", "let acme_client = connect_to(host_name, port);\n".repeat(20_000));
    let scanner = Scanner::new(vendor);
    let mut group = c.benchmark_group("scan");
    group.throughput(Throughput::Bytes(haystack.len().try_into().unwrap_or(0)));
    group.bench_function("a megabyte of code", |b| b.iter(|| scanner.scan(black_box(haystack.as_bytes())).count()));
    group.finish();
}

criterion_group!(benches, verify, read, mint, scan);
criterion_main!(benches);
