//! Peppers come and go; tokens live or die with them as intended.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use core::convert::Infallible;
use core::error::Error;
use core::fmt;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{SeedableRng, TryCryptoRng, TryRng};
use service_accounts_token::{Keyring, KeyringError, Kind, MintError, Pepper, PepperId, Refused, Vendor, Verified};

fn id(text: &str) -> PepperId {
    PepperId::parse(text).unwrap()
}

fn pepper(byte: u8) -> Pepper {
    Pepper::from_bytes([byte; 32])
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([5; 32])
}

fn vendor() -> Vendor {
    Vendor::parse("acme").unwrap()
}

#[test]
fn an_id_stands_for_one_pepper_only() {
    let ring = || Keyring::new(id("k1"), pepper(1)).with_earlier(id("k0"), pepper(0)).unwrap();
    assert_eq!(ring().with_earlier(id("k1"), pepper(2)).err(), Some(KeyringError::Known));
    assert_eq!(ring().with_earlier(id("k0"), pepper(2)).err(), Some(KeyringError::Known));
    assert_eq!(ring().rotated(id("k1"), pepper(2)).err(), Some(KeyringError::Known));
    assert_eq!(ring().rotated(id("k0"), pepper(2)).err(), Some(KeyringError::Known));
}

#[test]
fn peppers_are_listed_newest_first() {
    let ring = Keyring::new(id("k2"), pepper(2)).with_earlier(id("k1"), pepper(1)).unwrap();
    let ring = ring.rotated(id("k3"), pepper(3)).unwrap().with_earlier(id("k0"), pepper(0)).unwrap();
    assert_eq!(ring.current(), id("k3"));
    assert!(ring.peppers().eq(["k3", "k2", "k1", "k0"].map(id)));
    assert!(ring.retired(id("k1")).unwrap().peppers().eq(["k3", "k2", "k0"].map(id)));
}

#[test]
fn the_current_pepper_and_strangers_are_not_retired() {
    let ring = || Keyring::new(id("k1"), pepper(1));
    assert_eq!(ring().retired(id("k1")).err(), Some(KeyringError::Current));
    assert_eq!(ring().retired(id("k0")).err(), Some(KeyringError::Unknown));
}

#[test]
fn only_the_tokens_of_a_retired_pepper_die() {
    let ring = Keyring::new(id("k0"), pepper(0));
    let oldest = ring.mint(&vendor(), Kind::Token, &mut rng()).unwrap();
    let ring = ring.rotated(id("k1"), pepper(1)).unwrap();
    let older = ring.mint(&vendor(), Kind::Token, &mut rng()).unwrap();
    let ring = ring.rotated(id("k2"), pepper(2)).unwrap();
    let newest = ring.mint(&vendor(), Kind::Token, &mut rng()).unwrap();
    let ring = ring.retired(id("k0")).unwrap();
    let verify = |minted: &service_accounts_token::Minted| {
        ring.verify(&vendor().read(minted.token.expose()).unwrap(), Some(&minted.digest))
    };
    assert_eq!(verify(&oldest), Err(Refused));
    assert!(matches!(verify(&older), Ok(Verified::Rehash(digest)) if digest.pepper() == id("k2")));
    assert_eq!(verify(&newest), Ok(Verified::Current));
}

#[test]
fn a_keyring_prints_its_ids_only_and_is_shared_between_threads() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    let ring = Keyring::new(id("k1"), pepper(0xab));
    is_shared(&ring);
    assert_eq!(format!("{ring:?}"), "Keyring { peppers: [PepperId(\"k1\")], .. }");
}

#[test]
fn errors_are_one_clause_each() {
    assert_eq!(KeyringError::Known.to_string(), "the keyring has a pepper of this id already");
    assert_eq!(KeyringError::Current.to_string(), "the current pepper cannot be retired");
    assert_eq!(KeyringError::Unknown.to_string(), "the keyring has no pepper of this id");
    assert_eq!(Refused.to_string(), "the token is not genuine");
}

#[test]
fn without_randomness_there_is_no_token() {
    let ring = Keyring::new(id("k1"), pepper(1));
    let error = ring.mint(&vendor(), Kind::Token, &mut Broken).unwrap_err();
    assert_eq!(error, MintError::Source(Dry));
    assert_eq!(error.to_string(), "the random source failed");
    assert_eq!(error.source().unwrap().to_string(), "dry");
    assert_eq!(Pepper::generate(&mut Broken).err(), Some(Dry));
}

#[test]
fn randomness_that_is_none_makes_no_token() {
    let ring = Keyring::new(id("k1"), pepper(1));
    let error = ring.mint(&vendor(), Kind::Token, &mut AllZeros).unwrap_err();
    assert_eq!(error, MintError::Unusable);
    assert_eq!(error.to_string(), "the random source gives nothing usable");
    assert!(error.source().is_none());
}

#[derive(Debug, PartialEq)]
struct Dry;

impl fmt::Display for Dry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dry")
    }
}

impl Error for Dry {}

/// A source that fails.
struct Broken;

impl TryRng for Broken {
    type Error = Dry;
    fn try_next_u32(&mut self) -> Result<u32, Dry> {
        Err(Dry)
    }
    fn try_next_u64(&mut self) -> Result<u64, Dry> {
        Err(Dry)
    }
    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Dry> {
        Err(Dry)
    }
}

impl TryCryptoRng for Broken {}

/// A source stuck at zero.
struct AllZeros;

impl TryRng for AllZeros {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }
}

impl TryCryptoRng for AllZeros {}
