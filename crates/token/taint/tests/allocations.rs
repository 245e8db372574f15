//! What runs on every request asks for no memory.

use std::hint::black_box;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use service_accounts_token::{Digest, Keyring, Kind, Minted, Pepper, PepperId, Vendor, Verified};
use service_accounts_token_taint::{Watching, allocations};

#[global_allocator]
static ALLOCATOR: Watching = Watching;

fn pepper_id(text: &str) -> PepperId {
    PepperId::parse(text).unwrap()
}

fn minted(vendor: &Vendor) -> (Keyring, String, Digest) {
    let keyring = Keyring::new(pepper_id("k1"), Pepper::from_bytes([1; 32]));
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    let Minted { token, digest } = keyring.mint(vendor, Kind::Token, &mut rng).unwrap();
    (keyring, token.expose().to_owned(), digest)
}

#[test]
fn reading_and_verifying_allocate_nothing() {
    let vendor = Vendor::parse("acme").unwrap();
    let (keyring, text, digest) = minted(&vendor);
    let (verified, count) = allocations(|| {
        let presented = vendor.read(black_box(&text)).unwrap();
        black_box((presented.id(), presented.kind(), presented.hint()));
        assert!(keyring.verify(&presented, None).is_err());
        keyring.verify(&presented, Some(&digest))
    });
    assert_eq!(verified, Ok(Verified::Current));
    assert_eq!(count, 0);
}

#[test]
fn re_hashing_allocates_nothing() {
    let vendor = Vendor::parse("acme").unwrap();
    let (_, text, digest) = minted(&vendor);
    let keyring = Keyring::new(pepper_id("k2"), Pepper::from_bytes([2; 32]))
        .with_earlier(pepper_id("k1"), Pepper::from_bytes([1; 32]))
        .unwrap();
    let presented = vendor.read(&text).unwrap();
    let (verified, count) = allocations(|| keyring.verify(&presented, Some(&digest)));
    assert!(matches!(verified, Ok(Verified::Rehash(_))));
    assert_eq!(count, 0);
}

#[test]
fn refusing_allocates_nothing() {
    let vendor = Vendor::parse("acme").unwrap();
    let (_, text, _) = minted(&vendor);
    let refused = [
        String::new(),
        "x".repeat(100_000),
        text.replace("acme", "acne"),
        text.replace("sat", "ses"),
        text.replace('_', "-"),
        text.to_uppercase(),
    ];
    for text in refused {
        let (result, count) = allocations(|| vendor.read(black_box(&text)).is_err());
        assert!(result);
        assert_eq!(count, 0);
    }
}

#[test]
fn scanning_allocates_nothing() {
    let vendor = Vendor::parse("acme").unwrap();
    let (_, text, _) = minted(&vendor);
    let scanner = service_accounts_token::Scanner::new(vendor);
    let text = format!("x = {text}; y = {text}");
    let (found, count) = allocations(|| scanner.scan(text.as_bytes()).count());
    assert_eq!((found, count), (2, 0));
}

#[test]
fn minting_allocates_only_the_token() {
    let vendor = Vendor::parse("acme").unwrap();
    let (keyring, ..) = minted(&vendor);
    let mut rng = ChaCha20Rng::from_seed([8; 32]);
    let (minted, count) = allocations(|| keyring.mint(&vendor, Kind::Token, &mut rng));
    assert!(minted.is_ok());
    assert_eq!(count, 1);
}

#[test]
fn what_allocates_is_counted() {
    let (_, count) = allocations(|| black_box((vec![1_u8], String::from("x"), Box::new(2))));
    assert_eq!(count, 3);
}
