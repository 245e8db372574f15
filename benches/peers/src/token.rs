//! Tokens against the least an HMAC can cost, against other ways to compute it, and against other libraries.

use std::hint::black_box;

use api_keys_simplified::{ApiKeyManagerV0, Environment, ExposeSecret, SecureString};
use getrandom::SysRng;
use hmac::{KeyInit, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use prefixed_api_key::{PrefixedApiKey, PrefixedApiKeyController};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use service_accounts_token::{Digest, Keyring, Kind, Minted, Pepper, PepperId, Vendor};

use crate::side_by_side::{contestant, medians, print_ratio};

const KEY: [u8; 32] = [7; 32];

/// Bytes a mint asks the system for.
const DRAWN: usize = 48;

pub fn run() {
    mac_and_compare();
    verify_from_text();
    refuse_a_bad_checksum();
    mint_from_the_system();
    mint_from_a_seed();
}

struct Ours {
    vendor: Vendor,
    keyring: Keyring,
    text: String,
    digest: Digest,
}

fn ours() -> Ours {
    let vendor = Vendor::parse("mycompany").unwrap();
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes(KEY));
    let Minted { token, digest } = keyring.mint(&vendor, Kind::Token, &mut SysRng).unwrap();
    let text = token.expose().to_owned();
    Ours { vendor, keyring, text, digest }
}

/// The control C2: the two compressions that no HMAC of a prepared key can do without.
fn two_compressions() -> impl FnMut() {
    let mut state = [0x6a09_e667_u32; 8];
    let block = [0x5c; 64];
    move || {
        sha2::block_api::compress256(&mut state, std::slice::from_ref(black_box(&block)));
        sha2::block_api::compress256(&mut state, std::slice::from_ref(black_box(&block)));
        black_box(&state);
    }
}

fn mac_and_compare() {
    let ours = ours();
    let presented = ours.vendor.read(&ours.text).unwrap();
    let message = [b'x'; 55];
    let prepared = hmac::Hmac::<sha2::Sha256>::new_from_slice(&KEY).unwrap();
    let tag = prepared.clone().chain_update(message).finalize().into_bytes();
    let ring_key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &KEY);
    let [verify, limit, hmac, ring] = medians([
        contestant("verify", || {
            assert!(black_box(ours.keyring.verify(black_box(&presented), Some(&ours.digest)).is_ok()))
        }),
        contestant("C2, two compressions", two_compressions()),
        contestant("hmac, cloned", || {
            black_box(prepared.clone().chain_update(black_box(message)).verify(&tag)).unwrap();
        }),
        contestant("ring", || black_box(ring::hmac::verify(&ring_key, black_box(&message), &tag)).unwrap()),
    ]);
    print_ratio("mac and compare", verify, limit, 1.4);
    print_ratio("mac and compare", verify, hmac, 1.0);
    print_ratio("mac and compare", verify, ring, 1.0);
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
}

fn claims() -> Claims {
    Claims { sub: "Ab12Cd34Ef56Gh78".into(), exp: 4_102_444_800 }
}

fn verify_from_text() {
    let ours = ours();
    let controller =
        PrefixedApiKeyController::configure().prefix("mycompany".into()).seam_defaults().finalize().unwrap();
    let (key, hash) = controller.try_generate_key_and_hash().unwrap();
    let key = key.to_string();
    let jwt = jsonwebtoken::encode(&Header::default(), &claims(), &EncodingKey::from_secret(&KEY)).unwrap();
    let (jwt_key, rules) = (DecodingKey::from_secret(&KEY), Validation::default());
    let [verify, limit, prefixed, jsonwebtoken] = medians([
        contestant("verify from text", || {
            let presented = ours.vendor.read(black_box(&ours.text)).unwrap();
            assert!(ours.keyring.verify(&presented, Some(&ours.digest)).is_ok());
        }),
        contestant("C2, two compressions", two_compressions()),
        contestant("prefixed-api-key", || {
            let key = PrefixedApiKey::from_string(black_box(&key)).unwrap();
            assert!(controller.check_hash(&key, &hash));
        }),
        contestant("jsonwebtoken HS256", || {
            black_box(jsonwebtoken::decode::<Claims>(black_box(&jwt), &jwt_key, &rules).unwrap());
        }),
    ]);
    print_ratio("verify from text", verify, limit, 1.9);
    print_ratio("verify from text", verify, prefixed, 0.45);
    print_ratio("verify from text", verify, jsonwebtoken, 0.1);
}

fn refuse_a_bad_checksum() {
    let ours = ours();
    let bad = with_another_end(&ours.text);
    let manager = ApiKeyManagerV0::init_default_config("mycompany").unwrap();
    let key = manager.generate(Environment::production()).unwrap();
    let bad_key = SecureString::from(with_another_end(key.key().expose_secret()));
    let [refuse, peer] = medians([
        contestant("refuse", || assert!(black_box(ours.vendor.read(black_box(&bad))).is_err())),
        contestant("api-keys-simplified", || {
            assert!(!black_box(manager.verify_checksum(black_box(&bad_key))).unwrap());
        }),
    ]);
    print_ratio("refuse a bad checksum", refuse, peer, 0.2);
}

fn with_another_end(text: &str) -> String {
    let (kept, last) = text.split_at(text.len() - 1);
    format!("{kept}{}", if last == "0" { '1' } else { '0' })
}

fn mint_from_the_system() {
    let ours = ours();
    let presented = ours.vendor.read(&ours.text).unwrap();
    let controller =
        PrefixedApiKeyController::configure().prefix("mycompany".into()).seam_defaults().finalize().unwrap();
    let jwt_key = EncodingKey::from_secret(&KEY);
    let [mint, limit, prefixed, jsonwebtoken] = medians([
        contestant("mint", || drop(black_box(ours.keyring.mint(&ours.vendor, Kind::Token, &mut SysRng).unwrap()))),
        contestant("getrandom, 48 bytes, and MAC", || {
            let mut bytes = [0; DRAWN];
            getrandom::fill(black_box(&mut bytes)).unwrap();
            black_box(ours.keyring.sign(black_box(&presented.outline())));
        }),
        contestant("prefixed-api-key", || {
            let (key, hash) = controller.try_generate_key_and_hash().unwrap();
            black_box((key.to_string(), hash));
        }),
        contestant("jsonwebtoken HS256", || {
            black_box(jsonwebtoken::encode(&Header::default(), &claims(), &jwt_key).unwrap());
        }),
    ]);
    print_ratio("mint, system randomness", mint, limit, 1.3);
    print_ratio("mint, system randomness", mint, prefixed, 0.3);
    print_ratio("mint, system randomness", mint, jsonwebtoken, 1.0);
}

fn mint_from_a_seed() {
    let ours = ours();
    let mut rng = ChaCha12Rng::from_seed([3; 32]);
    let [mint, limit] = medians([
        contestant("mint", || drop(black_box(ours.keyring.mint(&ours.vendor, Kind::Token, &mut rng).unwrap()))),
        contestant("C2, two compressions", two_compressions()),
    ]);
    print_ratio("mint, ChaCha12 from a seed", mint, limit, 2.7);
}
