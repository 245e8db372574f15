//! What is public or stored goes through serde as its text; what is secret does not go at all.

#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_accounts_token::{Digest, Hint, KeyCheck, Keyring, Kind, Pepper, PepperId, Scanner, TokenId, Vendor};

const CHECK: &str = "k1.1557c52d46943ed50f8d5e44e80023d7";
const RECORD: &str = "1.k1.aa668cf860b9a39b97e346ab6acb222950fbc58d944351518b69c32b4d9ecdc7";

fn reads_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, text: &str) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(json, format!("\"{text}\""));
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
}

#[test]
fn each_type_is_its_text() {
    reads_back(&Kind::Token, "sat");
    reads_back(&Kind::Session, "ses");
    reads_back(&Kind::Secret, "sec");
    reads_back(&Vendor::parse("acme").unwrap(), "acme");
    reads_back(&PepperId::parse("k1").unwrap(), "k1");
    reads_back(&TokenId::parse("Ab12Cd34Ef56Gh78").unwrap(), "Ab12Cd34Ef56Gh78");
    reads_back(&Hint::parse("acme_sat_Ab12…x9Zq").unwrap(), "acme_sat_Ab12…x9Zq");
    reads_back(&Digest::parse(RECORD).unwrap(), RECORD);
    reads_back(&KeyCheck::parse(CHECK).unwrap(), CHECK);
}

#[test]
fn a_malformed_text_is_refused_and_not_repeated() {
    let error = |json: &str| serde_json::from_str::<Digest>(json).unwrap_err().to_string();
    let damaged = error(&format!("\"{}\"", RECORD.replace("1.k1", "1.K1")));
    assert!(damaged.contains("names no pepper"), "{damaged}");
    assert!(!damaged.contains("aa668cf8"));
    assert!(error("{}").contains("a stored digest"));
    assert!(serde_json::from_str::<Kind>("\"SAT\"").unwrap_err().to_string().contains("sat, ses or sec"));
    let expected = [
        serde_json::from_str::<Kind>("1").unwrap_err(),
        serde_json::from_str::<Vendor>("1").unwrap_err(),
        serde_json::from_str::<PepperId>("1").unwrap_err(),
        serde_json::from_str::<TokenId>("1").unwrap_err(),
        serde_json::from_str::<Hint>("1").unwrap_err(),
    ];
    let names = ["a kind of token", "a vendor name", "a pepper id", "a token id", "a token's hint"];
    for (error, name) in expected.iter().zip(names) {
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_finding_is_a_report_without_the_token() {
    let vendor = Vendor::parse("acme").unwrap();
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; 32]));
    let token = keyring.mint(&vendor, Kind::Token, &mut ChaCha20Rng::from_seed([1; 32])).unwrap().token;
    let found = Scanner::new(vendor).scan(token.expose().as_bytes()).next().unwrap();
    let report = serde_json::to_value(found).unwrap();
    let expected = serde_json::json!({
        "offset": 0, "kind": "sat", "id": token.id().as_str(), "hint": token.hint().as_str(),
    });
    assert_eq!(report, expected);
}
