//! What holds for every token, pepper and vendor.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use service_accounts_token::{
    Digest, Hint, Keyring, Kind, Minted, Outline, ParseTokenError, Pepper, PepperId, Scanner, TokenId, Vendor, Verified,
};

fn vendors() -> impl Strategy<Value = Vendor> {
    "[a-z0-9]{2,16}".prop_map(|name| Vendor::parse(&name).unwrap())
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.as_slice())
}

fn pepper_ids() -> impl Strategy<Value = PepperId> {
    "[a-z0-9]{1,8}".prop_map(|id| PepperId::parse(&id).unwrap())
}

/// A vendor, a keyring's only pepper and a token made with them.
#[derive(Debug)]
struct Made {
    vendor: Vendor,
    kind: Kind,
    id: PepperId,
    pepper: [u8; 32],
    minted: Minted,
}

impl Made {
    fn keyring(&self) -> Keyring {
        Keyring::new(self.id, Pepper::from_bytes(self.pepper))
    }
}

fn made() -> impl Strategy<Value = Made> {
    (vendors(), kinds(), pepper_ids(), any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(
        |(vendor, kind, id, pepper, seed)| {
            let keyring = Keyring::new(id, Pepper::from_bytes(pepper));
            let minted = keyring.mint(&vendor, kind, &mut ChaCha20Rng::from_seed(seed)).unwrap();
            Made { vendor, kind, id, pepper, minted }
        },
    )
}

proptest! {
    #[test]
    fn a_minted_token_reads_back_and_verifies(made in made()) {
        let text = made.minted.token.expose();
        prop_assert_eq!(text.len(), made.vendor.token_len());
        let presented = made.vendor.read(text).unwrap();
        prop_assert_eq!(presented.kind(), made.kind);
        prop_assert_eq!(made.minted.token.kind(), made.kind);
        prop_assert_eq!(presented.id(), made.minted.token.id());
        prop_assert_eq!(presented.hint(), made.minted.token.hint());
        prop_assert_eq!(made.keyring().verify(&presented, Some(&made.minted.digest)), Ok(Verified::Current));
    }

    #[test]
    fn a_minted_token_has_the_shape_that_scanners_look_for(made in made()) {
        let pattern = regex::Regex::new(&Scanner::new(made.vendor).pattern()).unwrap();
        let text = format!("Bearer {};", made.minted.token.expose());
        prop_assert_eq!(pattern.find(&text).map(|found| found.as_str()), Some(made.minted.token.expose()));
        let symbols = made.minted.token.expose().strip_prefix(&format!("{}_{}_", made.vendor, made.kind)).unwrap();
        prop_assert!(symbols.len() == 60 && symbols.bytes().all(|symbol| symbol.is_ascii_alphanumeric()));
    }

    /// Whatever reads has an outline, which tells the same; and what has one fails to read by its end or its symbols alone.
    #[test]
    fn an_outline_is_what_reading_tells_first(made in made(), at in 0..90_usize, byte in 0_u8..0x80) {
        let mut text = made.minted.token.expose().to_owned().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let text = String::from_utf8(text).unwrap();
        let (read, outline) = (made.vendor.read(&text), made.vendor.outline(&text));
        let told = |outline: &Outline<'_>| (outline.kind(), outline.id(), outline.checksum());
        match (&read, &outline) {
            (Ok(presented), Some(outline)) => {
                prop_assert_eq!(told(outline), told(&presented.outline()));
                prop_assert_eq!((presented.kind(), presented.id()), (outline.kind(), outline.id()));
                prop_assert!(text.as_bytes().ends_with(&outline.checksum()));
            }
            (Err(ParseTokenError::Checksum | ParseTokenError::Character), _) | (Err(_), None) => {}
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
    }

    /// What a request is let in by that is known already: no other text has both the tag and the checksum.
    #[test]
    fn tag_and_checksum_are_of_one_text_alone(made in made(), at in 0..90_usize, byte in 0_u8..0x80) {
        let mut text = made.minted.token.expose().to_owned().into_bytes();
        let at = at % text.len();
        prop_assume!(text[at] != byte);
        let keyring = made.keyring();
        let known = made.vendor.outline(made.minted.token.expose()).unwrap();
        text[at] = byte;
        let text = String::from_utf8(text).unwrap();
        let is_taken_for_it = made.vendor.outline(&text).is_some_and(|shown| {
            keyring.sign(&shown) == keyring.sign(&known) && shown.checksum() == known.checksum()
        });
        prop_assert!(!is_taken_for_it);
    }

    /// The pepper decides, and the pepper's id only which pepper is tried.
    #[test]
    fn a_token_verifies_under_no_other_pepper(made in made(), other in any::<[u8; 32]>()) {
        prop_assume!(other != made.pepper);
        let presented = made.vendor.read(made.minted.token.expose()).unwrap();
        let keyring = Keyring::new(made.id, Pepper::from_bytes(other));
        prop_assert!(keyring.verify(&presented, Some(&made.minted.digest)).is_err());
    }

    /// Replacing the pepper keeps tokens alive; taking the old one away kills those not yet re-hashed.
    #[test]
    fn a_pepper_is_replaced_without_a_dead_token(made in made(), new in pepper_ids(), key in any::<[u8; 32]>()) {
        prop_assume!(new != made.id && key != made.pepper);
        let presented = made.vendor.read(made.minted.token.expose()).unwrap();
        let both = made.keyring().rotated(new, Pepper::from_bytes(key)).unwrap();
        let Ok(Verified::Rehash(rehashed)) = both.verify(&presented, Some(&made.minted.digest)) else {
            return Err(TestCaseError::fail("not re-hashed"));
        };
        prop_assert_eq!(rehashed.pepper(), new);
        prop_assert_eq!(both.verify(&presented, Some(&rehashed)), Ok(Verified::Current));
        let alone = both.retired(made.id).unwrap();
        prop_assert!(alone.verify(&presented, Some(&made.minted.digest)).is_err());
        prop_assert_eq!(alone.verify(&presented, Some(&rehashed)), Ok(Verified::Current));
    }

    #[test]
    fn a_record_survives_its_store(made in made()) {
        let digest = &made.minted.digest;
        prop_assert_eq!(&Digest::from_bytes(&digest.to_bytes()).unwrap(), digest);
        prop_assert_eq!(&Digest::parse(&digest.to_text()).unwrap(), digest);
        prop_assert_eq!(digest.pepper(), made.id);
    }

    #[test]
    fn what_is_public_reads_back_from_its_text(made in made()) {
        let (id, hint) = (made.minted.token.id(), made.minted.token.hint());
        prop_assert_eq!(TokenId::parse(id.as_str()), Ok(id));
        prop_assert_eq!(Hint::parse(hint.as_str()), Ok(hint));
        prop_assert_eq!(Vendor::parse(made.vendor.as_str()), Ok(made.vendor));
    }

    /// A hint is the two ends of the token and nothing between.
    #[test]
    fn a_hint_shows_four_characters_of_each_end(made in made()) {
        let text = made.minted.token.expose();
        let (head, tail) = (text.len() - 56, text.len() - 4);
        prop_assert_eq!(made.minted.token.hint().to_string(), format!("{}…{}", &text[..head], &text[tail..]));
    }

    #[test]
    fn nothing_that_is_printed_holds_the_secret(made in made()) {
        let text = made.minted.token.expose();
        let presented = made.vendor.read(text).unwrap();
        let tag = made.minted.digest.to_text();
        let printed = format!("{presented:?} {:?} {:?} {:?} {:?}", presented.outline(), made.minted, made.keyring(), Pepper::from_bytes(made.pepper));
        for start in text.len() - 44..text.len() - 11 {
            prop_assert!(!printed.contains(&text[start..start + 6]));
        }
        let (_, tag) = tag.rsplit_once('.').unwrap();
        for start in 0..tag.len() - 8 {
            prop_assert!(!printed.contains(&tag[start..start + 8]));
        }
    }

    #[test]
    fn any_text_at_all_is_read_without_panic(vendor in vendors(), text in ".{0,100}") {
        prop_assert!(vendor.read(&text).is_err());
    }

    #[test]
    fn any_bytes_at_all_are_a_record_only_if_they_are_its_one_form(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
        if let Ok(digest) = Digest::from_bytes(&bytes) {
            prop_assert_eq!(digest.to_bytes().to_vec(), bytes);
        }
    }

    #[test]
    fn any_text_is_a_record_only_if_it_is_its_one_form(text in r"[0-2]\.[a-z0-9]{0,9}\.[0-9a-g]{63,65}") {
        if let Ok(digest) = Digest::parse(&text) {
            prop_assert_eq!(digest.to_text(), text);
        }
    }
}

/// 38 characters of secret are 226 bits: two equal ones mean that the randomness is none.
#[test]
fn no_two_tokens_are_alike() {
    let vendor = Vendor::parse("acme").unwrap();
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; 32]));
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let mut minted = || keyring.mint(&vendor, Kind::Token, &mut rng).unwrap().token.expose().to_owned();
    let texts: std::collections::HashSet<_> = (0..10_000).map(|_| minted()).collect();
    assert_eq!(texts.len(), 10_000);
    assert_eq!(texts.iter().map(|text| &text[9..25]).collect::<std::collections::HashSet<_>>().len(), 10_000);
    assert_eq!(texts.iter().map(|text| &text[25..63]).collect::<std::collections::HashSet<_>>().len(), 10_000);
}

/// Chi-squared over 540,000 characters with 61 degrees of freedom: above 120 once in 100,000 fair runs. One
/// character favoured as by `byte % 62` (five times in 256, not four) would give several thousands.
#[test]
fn every_character_is_as_likely_as_any_other() {
    let vendor = Vendor::parse("acme").unwrap();
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; 32]));
    let mut rng = ChaCha20Rng::from_seed([10; 32]);
    let mut counts = std::collections::HashMap::new();
    for _ in 0..10_000 {
        let minted = keyring.mint(&vendor, Kind::Token, &mut rng).unwrap();
        minted.token.expose()[9..63].chars().for_each(|symbol| *counts.entry(symbol).or_insert(0.0) += 1.0);
    }
    assert_eq!(counts.len(), 62);
    let expected = 540_000.0 / 62.0;
    let chi_squared: f64 = counts.values().map(|count: &f64| (count - expected).powi(2) / expected).sum();
    assert!(chi_squared < 120.0, "{chi_squared}");
}
