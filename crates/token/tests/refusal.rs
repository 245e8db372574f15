//! What is not the token is refused, wherever and however it differs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, in its helpers too")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use service_accounts_token::{
    Digest, Keyring, Kind, Minted, ParseTokenError, Pepper, PepperId, Refused, Vendor, Verified,
};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([42; 32])
}

fn vendor() -> Vendor {
    Vendor::parse("acme").unwrap()
}

fn pepper_id(text: &str) -> PepperId {
    PepperId::parse(text).unwrap()
}

fn keyring() -> Keyring {
    Keyring::new(pepper_id("k1"), Pepper::from_bytes([1; 32]))
}

fn mint(kind: Kind) -> Minted {
    keyring().mint(&vendor(), kind, &mut rng()).unwrap()
}

/// Whether a text gets all the way through.
fn is_accepted(text: &str, stored: &Digest) -> bool {
    vendor().read(text).is_ok_and(|presented| keyring().verify(&presented, Some(stored)).is_ok())
}

/// The same token with its checksum made to fit, as an attacker would who knows the format.
fn with_checksum(text: &str) -> String {
    let covered = &text[..text.len() - 6];
    let mut crc = crc32fast::hash(covered.as_bytes());
    let mut checksum = [0; 6];
    for symbol in checksum.iter_mut().rev() {
        *symbol = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[usize::try_from(crc % 62).unwrap()];
        crc /= 62;
    }
    format!("{covered}{}", core::str::from_utf8(&checksum).unwrap())
}

#[test]
fn a_minted_token_is_accepted() {
    for kind in Kind::ALL {
        let minted = mint(kind);
        assert!(is_accepted(minted.token.expose(), &minted.digest));
        assert_eq!(with_checksum(minted.token.expose()), minted.token.expose());
    }
}

#[test]
fn any_byte_changed_to_any_other_is_refused() {
    let minted = mint(Kind::Token);
    let text = minted.token.expose().as_bytes();
    for place in 0..text.len() {
        for value in 0..=u8::MAX {
            let mut changed = text.to_vec();
            changed[place] = value;
            // Bytes that make no UTF-8 cannot reach the reader at all; a header's value must be text first.
            let Ok(changed) = String::from_utf8(changed) else {
                continue;
            };
            assert_eq!(is_accepted(&changed, &minted.digest), value == text[place], "{value} at {place}");
        }
    }
}

#[test]
fn any_character_changed_under_a_fitting_checksum_is_refused() {
    let minted = mint(Kind::Token);
    let text = minted.token.expose();
    for place in 0..text.len() - 6 {
        for value in 0..0x80 {
            let mut changed = text.as_bytes().to_vec();
            changed[place] = value;
            let changed = with_checksum(&String::from_utf8(changed).unwrap());
            assert_eq!(is_accepted(&changed, &minted.digest), value == text.as_bytes()[place], "{value} at {place}");
        }
    }
}

#[test]
fn any_byte_added_is_refused() {
    let minted = mint(Kind::Token);
    let text = minted.token.expose();
    for place in 0..=text.len() {
        for value in 0..0x80 {
            let mut longer = text.to_owned();
            longer.insert(place, char::from(value));
            assert!(!is_accepted(&longer, &minted.digest), "{value} at {place}");
            assert!(!is_accepted(&with_checksum(&longer), &minted.digest), "{value} at {place}, checksum made to fit");
        }
    }
}

#[test]
fn any_byte_removed_is_refused() {
    let minted = mint(Kind::Token);
    let text = minted.token.expose();
    for place in 0..text.len() {
        let mut shorter = text.to_owned();
        shorter.remove(place);
        assert!(!is_accepted(&shorter, &minted.digest), "at {place}");
        assert!(!is_accepted(&with_checksum(&shorter), &minted.digest), "at {place}, checksum made to fit");
    }
    for length in 0..text.len() {
        assert_eq!(vendor().read(&text[..length]).err(), Some(ParseTokenError::Length(length)));
    }
}

#[test]
fn any_two_characters_swapped_are_refused() {
    let minted = mint(Kind::Token);
    let text = minted.token.expose().as_bytes();
    for one in 0..text.len() {
        for other in one + 1..text.len() {
            let mut swapped = text.to_vec();
            swapped.swap(one, other);
            let swapped = String::from_utf8(swapped).unwrap();
            assert_eq!(is_accepted(&swapped, &minted.digest), text[one] == text[other], "{one} and {other}");
        }
    }
}

#[test]
fn a_token_of_another_kind_is_refused() {
    for minted_as in Kind::ALL {
        let minted = mint(minted_as);
        for presented_as in Kind::ALL {
            let text = minted.token.expose();
            let text = with_checksum(&text.replacen(minted_as.as_str(), presented_as.as_str(), 1));
            assert_eq!(vendor().read(&text).unwrap().kind(), presented_as);
            assert_eq!(is_accepted(&text, &minted.digest), minted_as == presented_as);
        }
    }
}

#[test]
fn a_token_of_another_vendor_is_refused() {
    let minted = mint(Kind::Token);
    let text = minted.token.expose();
    for (other, expected) in [
        ("acne", ParseTokenError::Vendor),
        ("acm", ParseTokenError::Length(69)),
        ("acmes", ParseTokenError::Length(69)),
    ] {
        assert_eq!(Vendor::parse(other).unwrap().read(text).err(), Some(expected), "{other}");
    }
}

#[test]
fn a_token_of_another_pepper_or_record_is_refused() {
    let mut rng = rng();
    let [one, other] = [(); 2].map(|()| keyring().mint(&vendor(), Kind::Token, &mut rng).unwrap());
    let presented = vendor().read(one.token.expose()).unwrap();
    assert_eq!(keyring().verify(&presented, Some(&other.digest)), Err(Refused));
    let same_id_other_pepper = Keyring::new(pepper_id("k1"), Pepper::from_bytes([2; 32]));
    assert_eq!(same_id_other_pepper.verify(&presented, Some(&one.digest)), Err(Refused));
    let other_id_same_pepper = Keyring::new(pepper_id("k2"), Pepper::from_bytes([1; 32]));
    assert_eq!(other_id_same_pepper.verify(&presented, Some(&one.digest)), Err(Refused));
}

#[test]
fn a_token_without_a_record_is_refused() {
    let minted = mint(Kind::Token);
    let presented = vendor().read(minted.token.expose()).unwrap();
    assert_eq!(keyring().verify(&presented, None), Err(Refused));
}

#[test]
fn any_bit_of_the_record_changed_is_refused() {
    let minted = mint(Kind::Token);
    let presented = vendor().read(minted.token.expose()).unwrap();
    let record = minted.digest.to_bytes();
    for bit in 0..record.len() * 8 {
        let mut changed = record;
        changed[bit / 8] ^= 1 << (bit % 8);
        let accepted = Digest::from_bytes(&changed).is_ok_and(|d| keyring().verify(&presented, Some(&d)).is_ok());
        assert!(!accepted, "bit {bit}");
    }
}

#[test]
fn the_stored_record_presented_as_a_token_is_refused() {
    let minted = mint(Kind::Token);
    let id = minted.token.id();
    let text = minted.digest.to_text();
    assert!(vendor().read(&text).is_err());
    let tag = text.rsplit('.').next().unwrap();
    for start in 0..=tag.len() - 38 {
        let forged = with_checksum(&format!("acme_sat_{id}{}______", &tag[start..start + 38]));
        assert!(vendor().read(&forged).is_ok(), "the forgery is well-formed, so that the MAC refuses it");
        assert!(!is_accepted(&forged, &minted.digest));
    }
}

#[test]
fn the_first_thing_wrong_is_named_and_nothing_of_the_text() {
    let minted = mint(Kind::Token);
    let text = minted.token.expose();
    let cases = [
        (String::new(), ParseTokenError::Length(0)),
        ("x".repeat(1 << 20), ParseTokenError::Length(1 << 20)),
        (format!("{text} "), ParseTokenError::Length(70)),
        (text.replacen("acme", "Acme", 1), ParseTokenError::Vendor),
        (text.replacen("acme_", "acme-", 1), ParseTokenError::Vendor),
        (text.replacen("sat", "ses", 1), ParseTokenError::Checksum),
        (with_checksum(&text.replacen("sat_", "SAT_", 1)), ParseTokenError::Kind),
        (with_checksum(&text.replacen("sat_", "sat-", 1)), ParseTokenError::Kind),
        (with_checksum(&format!("{}-{}", &text[..40], &text[41..])), ParseTokenError::Character),
    ];
    for (text, expected) in cases {
        assert_eq!(vendor().read(&text).err(), Some(expected));
    }
    let messages: Vec<_> = [
        ParseTokenError::Length(7),
        ParseTokenError::Vendor,
        ParseTokenError::Checksum,
        ParseTokenError::Kind,
        ParseTokenError::Character,
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    assert_eq!(
        messages,
        [
            "no token of this vendor is 7 bytes long",
            "the token belongs to another vendor",
            "the checksum does not fit the token",
            "the token is of no known kind",
            "the token holds a character outside its alphabet",
        ]
    );
}

#[test]
fn an_old_record_verifies_and_comes_back_under_the_current_pepper() {
    let old = mint(Kind::Session);
    let presented = vendor().read(old.token.expose()).unwrap();
    let ring = Keyring::new(pepper_id("k2"), Pepper::from_bytes([2; 32]))
        .with_earlier(pepper_id("k1"), Pepper::from_bytes([1; 32]))
        .unwrap();
    let Ok(Verified::Rehash(rehashed)) = ring.verify(&presented, Some(&old.digest)) else { panic!("not re-hashed") };
    assert_eq!(rehashed.pepper(), pepper_id("k2"));
    assert_eq!(ring.verify(&presented, Some(&rehashed)), Ok(Verified::Current));
    assert_eq!(keyring().verify(&presented, Some(&rehashed)), Err(Refused));
    let forged = with_checksum(&old.token.expose().replacen(&old.token.expose()[30..31], "-", 1).replace('-', "z"));
    assert_eq!(ring.verify(&vendor().read(&forged).unwrap(), Some(&old.digest)), Err(Refused));
}

#[test]
fn a_presented_token_prints_its_kind_and_id_only() {
    let minted = mint(Kind::Session);
    let presented = vendor().read(minted.token.expose()).unwrap();
    let expected = format!("Presented {{ kind: Session, id: {:?}, .. }}", minted.token.id());
    assert_eq!(format!("{presented:?}"), expected);
    assert_eq!(format!("{:?}", minted.token), "SecretToken(..)");
    assert_eq!(Refused.to_string(), "the token is not genuine");
}
