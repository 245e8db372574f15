//! What is secret is gone from memory before the memory is given back.

use std::hint::black_box;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use service_accounts_token::{Keyring, Kind, Pepper, PepperId, Vendor};
use service_accounts_token_taint::{Watching, held, left_behind};

#[global_allocator]
static ALLOCATOR: Watching = Watching;

const KEY: [u8; 32] = *b"a pepper that is easily found me";

fn keyring() -> Keyring {
    Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes(KEY))
}

/// The state of SHA-256 after a pepper's padded block: the key, for whoever finds it in memory.
fn midstate(pad: u8) -> [u8; 32] {
    let mut state =
        [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
    let block: [u8; 64] = std::array::from_fn(|at| KEY.get(at).unwrap_or(&0) ^ pad);
    sha2::block_api::compress256(&mut state, &[block]);
    let words: Vec<u8> = state.iter().flat_map(|word: &u32| word.to_ne_bytes()).collect();
    words.try_into().unwrap()
}

#[test]
fn a_dropped_token_leaves_no_secret_behind() {
    let vendor = Vendor::parse("acme").unwrap();
    for kind in Kind::ALL {
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let minted = keyring().mint(&vendor, kind, &mut rng).unwrap();
        let text = minted.token.expose().to_owned();
        for secret in [&text[..], &text[25..63], &text[25..40], &text[48..63]] {
            let mut rng = ChaCha20Rng::from_seed([7; 32]);
            let left = left_behind(secret.as_bytes(), || {
                let minted = keyring().mint(&vendor, kind, &mut rng).unwrap();
                let moved = black_box(vec![black_box(Box::new(minted))]);
                assert_eq!(moved[0].token.expose(), text);
                assert_eq!(held(), 1, "in one place while it lives");
            });
            assert_eq!(left, 0);
        }
    }
}

#[test]
fn a_dropped_pepper_leaves_no_key_behind() {
    let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    let left = left_behind(&KEY, || {
        let pepper = black_box(Pepper::from_bytes(KEY));
        assert_eq!(held(), 1, "in one place while it lives");
        drop(pepper);
        drop(black_box(Pepper::from_slice(&KEY)));
        drop(black_box(Pepper::from_hex(&hex)));
        // What is wrong at the end has had the key decoded before it.
        drop(black_box(Pepper::from_hex(&hex.replace("65", "6x"))));
        drop(black_box(vec![Box::new(Pepper::from_bytes(KEY))]));
    });
    assert_eq!(left, 0);
}

#[test]
fn a_dropped_keyring_leaves_neither_key_nor_midstates_behind() {
    let other = || PepperId::parse("k2").unwrap();
    for (secret, copies) in [(KEY, 0), (midstate(0x36), 1), (midstate(0x5c), 1)] {
        let left = left_behind(&secret, || {
            let keyring_alone = black_box(keyring());
            assert_eq!(held(), copies, "the midstates while it lives, and the key no more");
            drop(keyring_alone);
            drop(black_box(keyring().rotated(other(), Pepper::from_bytes([2; 32]))));
            let rotated = keyring().rotated(other(), Pepper::from_bytes([2; 32])).unwrap();
            drop(black_box(rotated.retired(PepperId::parse("k1").unwrap())));
            let many = (0..9_u8).fold(keyring(), |keyring, place| {
                let id = PepperId::parse(&format!("e{place}")).unwrap();
                keyring.with_earlier(id, Pepper::from_bytes([place; 32])).unwrap()
            });
            drop(black_box(many));
        });
        assert_eq!(left, 0);
    }
}

#[test]
fn what_is_not_wiped_is_seen() {
    let copy = || black_box(KEY.to_vec());
    assert_eq!(left_behind(&KEY, || drop(copy())), 1, "a vector");
    assert_eq!(left_behind(&KEY, || drop(black_box(Box::new(KEY)))), 1, "a box");
    let grown = || {
        let mut bytes = copy();
        bytes.reserve_exact(1000);
        bytes.fill(0);
    };
    assert_eq!(left_behind(&KEY, grown), 1, "the place a vector grew out of");
    let inner = midstate(0x36);
    assert_eq!(left_behind(&inner, || drop(black_box(Box::new(inner)))), 1, "a midstate");
}
