//! The scanner finds each token, and nothing that only looks like one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, in its helpers too")]

use std::io::{self, Read};
use std::sync::LazyLock;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use service_accounts_token::{FoundToken, Keyring, Kind, Pepper, PepperId, Scanner, SecretToken, Vendor};

fn token(vendor: &str, kind: Kind, seed: u8) -> SecretToken {
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; 32]));
    let vendor = Vendor::parse(vendor).unwrap();
    keyring.mint(&vendor, kind, &mut ChaCha20Rng::from_seed([seed; 32])).unwrap().token
}

fn scanner() -> Scanner {
    Scanner::new(Vendor::parse("acme").unwrap())
}

static PATTERN: LazyLock<regex::Regex> = LazyLock::new(|| regex::Regex::new(&scanner().pattern()).unwrap());

fn offsets(text: &[u8]) -> Vec<u64> {
    scanner().scan(text).map(|found| found.offset).collect()
}

#[test]
fn a_finding_says_where_and_which_and_never_the_token() {
    let token = token("acme", Kind::Session, 1);
    let text = format!("ünïcode {}\n", token.expose());
    let found: Vec<FoundToken> = scanner().scan(text.as_bytes()).collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].offset, found[0].kind), (10, Kind::Session));
    assert_eq!((found[0].id, found[0].hint), (token.id(), token.hint()));
    let printed = format!("{found:?}");
    for start in 25..62 {
        assert!(!printed.contains(&token.expose()[start..start + 5]));
    }
}

#[test]
fn only_a_fitting_checksum_is_found() {
    let text = token("acme", Kind::Token, 1).expose().to_owned();
    for place in 5..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[place] = if bytes[place] == b'x' { b'y' } else { b'x' };
        assert_eq!(offsets(&bytes), [0; 0], "{place}");
    }
    assert_eq!(offsets(text.as_bytes()), [0]);
}

#[test]
fn a_token_is_found_whatever_it_is_pasted_against() {
    let text = token("acme", Kind::Token, 1).expose().to_owned();
    for (before, after) in [("", ""), ("x", "x"), ("_", "_"), ("acme_", "_sat_"), ("acme_sat_", "0"), ("\u{fffd}", "é")]
    {
        let pasted = format!("{before}{text}{after}");
        assert_eq!(offsets(pasted.as_bytes()), [u64::try_from(before.len()).unwrap()], "{before} {after}");
    }
    assert_eq!(offsets(format!("{text}{text}{text}").as_bytes()), [0, 69, 138]);
}

#[test]
fn tokens_of_other_vendors_are_not_ours() {
    for vendor in ["acmf", "ac", "acme1", "bcme"] {
        assert_eq!(offsets(token(vendor, Kind::Token, 1).expose().as_bytes()), [0; 0], "{vendor}");
    }
}

#[test]
fn text_shorter_than_a_token_holds_none() {
    let text = token("acme", Kind::Token, 1).expose().to_owned();
    assert_eq!(offsets(b""), [0; 0]);
    assert_eq!(offsets(&text.as_bytes()[1..]), [0; 0]);
    assert_eq!(offsets(&text.as_bytes()[..68]), [0; 0]);
}

#[test]
fn a_reader_that_fails_says_so_and_goes_on() {
    let token = token("acme", Kind::Token, 1);
    let text = token.expose().as_bytes();
    let pieces = Pieces(vec![
        Ok(text[..30].to_vec()),
        Err(io::ErrorKind::Interrupted),
        Ok(text[30..].to_vec()),
        Err(io::ErrorKind::TimedOut),
        Ok(text.to_vec()),
    ]);
    let found: Vec<_> =
        scanner().scan_reader(pieces).map(|found| found.map(|f| f.offset).map_err(|e| e.kind())).collect();
    assert_eq!(found, [Ok(0), Err(io::ErrorKind::TimedOut), Ok(69)]);
}

#[test]
fn a_long_input_is_read_through_in_bounded_memory() {
    let token = token("acme", Kind::Token, 1);
    let filler = io::repeat(b'_').take(1_000_000);
    let input = filler.chain(token.expose().as_bytes()).chain(io::repeat(b'a').take(70_000));
    let found: Vec<_> = scanner().scan_reader(input).map(|found| found.unwrap().offset).collect();
    assert_eq!(found, [1_000_000]);
}

/// Gives its pieces one by one.
struct Pieces(Vec<Result<Vec<u8>, io::ErrorKind>>);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let piece = self.0.remove(0)?;
        buffer[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

/// Texts with tokens in them, whole and broken.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let whole = (any::<u8>(), prop::sample::select(Kind::ALL.as_slice()))
        .prop_map(|(seed, kind)| token("acme", kind, seed).expose().as_bytes().to_vec());
    let broken = (whole.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut text, place, byte)| {
        let place = place.index(text.len());
        text[place] = byte;
        text
    });
    let noise = prop::collection::vec(any::<u8>(), 0..40);
    let near = "(acme_|sat_|acme_sat_|_|[a-z]){0,5}".prop_map(String::into_bytes);
    prop::collection::vec(prop_oneof![whole, broken, noise, near], 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_found_does_not_depend_on_how_it_is_read(text in texts(), sizes in prop::collection::vec(1_usize..100, 1..20)) {
        let mut rest = text.as_slice();
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            pieces.push(Ok(piece.to_vec()));
            rest = after;
        }
        let streamed: Vec<_> = scanner().scan_reader(Pieces(pieces)).map(Result::unwrap).collect();
        let whole: Vec<_> = scanner().scan(&text).collect();
        prop_assert_eq!(streamed, whole);
    }

    /// Read as Latin-1, so that every byte is a character and offsets agree; the checksum is left to `read`.
    #[test]
    fn the_pattern_finds_no_token_that_the_scanner_does_not(text in texts()) {
        let vendor = Vendor::parse("acme").unwrap();
        let ascii: String = text.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
        let matched = PATTERN.find_iter(&ascii).filter(|found| vendor.read(found.as_str()).is_ok());
        let ours = offsets(ascii.as_bytes());
        for found in matched {
            prop_assert!(ours.contains(&u64::try_from(found.start()).unwrap()));
        }
    }
}
