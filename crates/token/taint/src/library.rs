//! What memcheck must find nothing in: all of the library that touches a secret.

use std::convert::Infallible;
use std::hint::black_box;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{self, SeedableRng, TryCryptoRng, TryRng};
use service_accounts_token::{Digest, Keyring, Kind, Minted, Pepper, PepperId, Presented, Tag, Vendor};

use crate::Case;
use crate::memcheck::{taint, untaint};

pub const CASES: &[Case] = &[
    Case { name: "verify: a genuine token", run: genuine },
    Case { name: "verify: a wrong secret", run: wrong_secret },
    Case { name: "verify: no record", run: no_record },
    Case { name: "verify: a record under an unknown pepper", run: unknown_pepper },
    Case { name: "verify and re-hash: a record under an earlier pepper", run: rehash },
    Case { name: "sign, and compare with a stored tag: a genuine token", run: genuine_by_tag },
    Case { name: "sign, and compare with a stored tag: a wrong secret", run: wrong_secret_by_tag },
    Case { name: "mint: pepper and randomness secret", run: mint },
    Case { name: "read: id, secret and checksum secret", run: read },
    Case { name: "read: a checksum that does not fit", run: read_bad_checksum },
    Case { name: "comparing stored digests", run: compare_digests },
    Case { name: "a keyring from a secret pepper", run: keyring_from_pepper },
    Case { name: "a pepper read from hexadecimal and base64", run: pepper_from_text },
    Case { name: "a pepper misspelt in hexadecimal and base64", run: misspelt_pepper },
];

struct Fixture {
    keyring: Keyring,
    text: String,
    record: [u8; Digest::LEN],
}

/// A keyring whose pepper is secret, and a token and its record that are still public.
fn fixture(pepper_id: &str, seed: u8) -> Fixture {
    let mut rng = ChaCha20Rng::from_seed([seed; 32]);
    let public = Keyring::new(id(pepper_id), Pepper::from_bytes([seed; 32]));
    let Minted { token, digest } = public.mint(&vendor(), Kind::Token, &mut rng).unwrap();
    let keyring = Keyring::new(id(pepper_id), secret_pepper(seed));
    Fixture { keyring, text: token.expose().to_owned(), record: digest.to_bytes() }
}

fn vendor() -> Vendor {
    Vendor::parse("acme").unwrap()
}

fn id(text: &str) -> PepperId {
    PepperId::parse(text).unwrap()
}

fn secret_pepper(seed: u8) -> Pepper {
    let bytes = black_box([seed; 32]);
    taint(&bytes);
    Pepper::from_bytes(bytes)
}

/// Reads while the text is public, then makes its secret part and the tag secret, and verifies.
fn verify(keyring: &Keyring, text: &str, record: Option<&[u8; Digest::LEN]>) -> bool {
    let presented: Presented<'_> = vendor().read(text).unwrap();
    let digest = record.map(|record| Digest::from_bytes(record).unwrap());
    let secret = &text.as_bytes()[text.len() - 44..];
    taint(secret);
    if let Some(digest) = &digest {
        taint_tag(digest);
    }
    let verified = black_box(keyring.verify(black_box(&presented), black_box(digest.as_ref())));
    untaint(secret);
    verified.is_ok()
}

/// The tag is all of a digest but its pepper's id, which stands at one end of it.
fn taint_tag(digest: &Digest) {
    let bytes = std::ptr::from_ref(digest).cast::<[u8; size_of::<Digest>()]>();
    // SAFETY: the pointer comes from a reference, and a digest is bytes without padding: 8 of id and 32 of tag.
    let bytes = unsafe { &*bytes };
    let id = digest.pepper();
    let start = if bytes.starts_with(id.as_str().as_bytes()) { 8 } else { 0 };
    taint(&bytes[start..start + 32]);
}

fn genuine() {
    let Fixture { keyring, text, record } = fixture("k1", 1);
    assert!(verify(&keyring, &text, Some(&record)));
}

fn wrong_secret() {
    let Fixture { keyring, record, .. } = fixture("k1", 1);
    let other = fixture("k1", 2).text;
    assert!(!verify(&keyring, &other, Some(&record)));
}

fn no_record() {
    let Fixture { keyring, text, .. } = fixture("k1", 1);
    assert!(!verify(&keyring, &text, None));
}

fn unknown_pepper() {
    let Fixture { keyring, .. } = fixture("k1", 1);
    let Fixture { text, record, .. } = fixture("k2", 2);
    assert!(!verify(&keyring, &text, Some(&record)));
}

fn rehash() {
    let Fixture { text, record, .. } = fixture("k1", 1);
    let keyring = Keyring::new(id("k2"), secret_pepper(2)).with_earlier(id("k1"), secret_pepper(1)).unwrap();
    assert!(verify(&keyring, &text, Some(&record)));
}

fn genuine_by_tag() {
    let Fixture { keyring, text, record } = fixture("k1", 1);
    assert!(is_signed(&keyring, &text, &record));
}

fn wrong_secret_by_tag() {
    let Fixture { keyring, record, .. } = fixture("k1", 1);
    assert!(!is_signed(&keyring, &fixture("k1", 2).text, &record));
}

/// As a request is let in by a tag that is kept apart from its record, before the checksum is looked at.
fn is_signed(keyring: &Keyring, text: &str, record: &[u8; Digest::LEN]) -> bool {
    let words = Digest::from_bytes(record).unwrap().tag().words();
    let secret = &text.as_bytes()[text.len() - 44..];
    taint(secret);
    let stored = words.map(u64::to_ne_bytes);
    taint(stored.as_flattened());
    let stored = Tag::from_words(stored.map(u64::from_ne_bytes));
    let outline = vendor().outline(text).unwrap();
    let is_same = black_box(keyring.sign(black_box(&outline)) == black_box(stored));
    black_box(outline.checksum());
    untaint(secret);
    untaint(&is_same);
    is_same
}

fn mint() {
    let keyring = Keyring::new(id("k1"), secret_pepper(1));
    // Many tokens, so that bytes are thrown away in every pattern that is likely.
    let mut rng = SecretRng(ChaCha20Rng::from_seed([3; 32]));
    for _ in 0..64 {
        black_box(keyring.mint(&vendor(), Kind::Secret, &mut rng).unwrap());
    }
}

fn read() {
    let Fixture { text, .. } = fixture("k1", 1);
    let secret = &text.as_bytes()[text.len() - 60..];
    taint(secret);
    let presented = vendor().read(&text);
    untaint(secret);
    assert!(presented.is_ok());
}

fn read_bad_checksum() {
    let Fixture { text, .. } = fixture("k1", 1);
    let text = text.replacen("sat", "sec", 1);
    let secret = &text.as_bytes()[text.len() - 60..];
    taint(secret);
    let presented = vendor().read(&text);
    untaint(secret);
    assert!(presented.is_err());
}

fn compare_digests() {
    let [one, other] = [fixture("k1", 1), fixture("k1", 2)].map(|f| Digest::from_bytes(&f.record).unwrap());
    taint_tag(&one);
    taint_tag(&other);
    let is_equal = black_box(one == other);
    untaint(&is_equal);
    assert!(!is_equal);
}

fn keyring_from_pepper() {
    black_box(Keyring::new(id("k1"), secret_pepper(1)));
}

fn pepper_from_text() {
    assert!(is_pepper(Pepper::from_hex, &"c7".repeat(32)));
    assert!(is_pepper(Pepper::from_base64, &format!("{}w", "a+/Z09b".repeat(6))));
}

fn misspelt_pepper() {
    assert!(!is_pepper(Pepper::from_hex, &"g7".repeat(32)));
    assert!(!is_pepper(Pepper::from_base64, &format!("{}x", "a+/Z09b".repeat(6))));
}

fn is_pepper<E>(read: fn(&str) -> Result<Pepper, E>, text: &str) -> bool {
    taint(text.as_bytes());
    let pepper = black_box(read(text));
    untaint(&pepper);
    pepper.is_ok()
}

/// Randomness that is secret as soon as it is drawn.
struct SecretRng(ChaCha20Rng);

impl TryRng for SecretRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)?;
        taint(bytes);
        Ok(())
    }
}

impl TryCryptoRng for SecretRng {}
