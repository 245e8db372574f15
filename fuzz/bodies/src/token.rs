//! Tokens: reading, verifying, scanning and loading keyrings, each against a way so plain that it must be right.

use std::io::Read;

use arbitrary::{Arbitrary, Unstructured};
use hmac::{Hmac, KeyInit, Mac};
use service_accounts_token::{Digest, Keyring, Kind, Outline, Pepper, PepperId, Scanner, Vendor, Verified};
use sha2::Sha256;

const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A text that is a token but for a few changes.
#[derive(Debug, Arbitrary)]
pub struct NearToken {
    vendor: u8,
    kind: u8,
    body: Vec<u8>,
    changes: Vec<(u8, char)>,
    has_checksum: bool,
    after: Option<char>,
}

/// A text is read if and only if it is a token by the plain rules, and gives back what stands in it.
pub fn read(near: &NearToken) {
    let vendor = vendor(near.vendor);
    let text = near.text();
    let plain = plain_read(vendor, &text);
    let read = parse_vendor(vendor).and_then(|vendor| vendor.read(&text).ok());
    assert_eq!(read.map(|token| (token.kind(), token.id().as_str().to_owned())), plain);
    let outline = parse_vendor(vendor).and_then(|vendor| vendor.outline(&text));
    let Some(token) = read else { return };
    let told = |outline: Outline<'_>| (outline.kind(), outline.id(), outline.checksum());
    assert_eq!(outline.map(told), Some(told(token.outline())));
    let (head, tail) = (text.len().saturating_sub(56), text.len().saturating_sub(4));
    let hint = format!("{}…{}", text.get(..head).unwrap_or_default(), text.get(tail..).unwrap_or_default());
    assert_eq!(token.hint().as_str(), hint);
    assert!(!format!("{token:?}").contains(text.get(text.len() - 44..).unwrap_or_default()));
}

/// A token, peppers, and a record as it may stand in a store.
#[derive(Debug, Arbitrary)]
pub struct Stored {
    kind: u8,
    body: Vec<u8>,
    current: [u8; 32],
    earlier: [u8; 32],
    made_under: Under,
    flipped: Option<u8>,
    is_stored: bool,
}

#[derive(Debug, Arbitrary)]
enum Under {
    Current,
    Earlier,
    Unknown,
}

/// A token verifies if and only if its record is the HMAC, by the book, under the pepper that it names.
pub fn verify(stored: &Stored) {
    let near = NearToken {
        vendor: 0,
        kind: stored.kind,
        body: stored.body.clone(),
        changes: vec![],
        has_checksum: true,
        after: None,
    };
    let text = near.text();
    let Some(vendor) = parse_vendor(vendor(0)) else { return };
    let (Ok(token), Some(keyring)) = (vendor.read(&text), stored.keyring()) else { return };
    let (name, key) = match stored.made_under {
        Under::Current => ("k2", &stored.current),
        Under::Earlier => ("k1", &stored.earlier),
        Under::Unknown => ("k0", &stored.current),
    };
    let record = record(name, key, &text, stored.flipped);
    let digest = Digest::from_bytes(&record).ok();
    let verified = keyring.verify(&token, digest.as_ref().filter(|_| stored.is_stored));
    let is_genuine = stored.is_stored && stored.flipped.is_none_or(|bit| bit == u8::MAX);
    match stored.made_under {
        Under::Current if is_genuine => assert_eq!(verified, Ok(Verified::Current)),
        Under::Earlier if is_genuine => {
            let expected = Digest::from_bytes(&self::record("k2", &stored.current, &text, None)).ok();
            assert_eq!(verified.ok(), expected.map(Verified::Rehash));
        }
        _ => assert!(verified.is_err()),
    }
}

/// Tokens and what stands between them, and the sizes it is read in.
#[derive(Debug, Arbitrary)]
pub struct Haystack {
    pieces: Vec<(Vec<u8>, NearToken)>,
    sizes: Vec<u8>,
}

/// The scanner finds, whole or in pieces, what asking at every place finds.
pub fn scan(haystack: &Haystack) {
    let mut text = Vec::new();
    for (noise, token) in &haystack.pieces {
        text.extend_from_slice(noise);
        text.extend_from_slice(token.text().as_bytes());
    }
    let name = vendor(haystack.pieces.first().map_or(0, |(_, token)| token.vendor));
    let Some(vendor) = parse_vendor(name) else { return };
    let plain: Vec<_> = (0_u64..)
        .zip(text.windows(name.len() + 65))
        .filter(|(_, at)| plain_read_bytes(name, at))
        .map(|(offset, _)| offset)
        .collect();
    let scanner = Scanner::new(vendor);
    let whole: Vec<_> = scanner.scan(&text).collect();
    assert_eq!(whole.iter().map(|found| found.offset).collect::<Vec<_>>(), plain);
    let pieces = InPieces { text: &text, sizes: haystack.sizes.iter().cycle() };
    let streamed: Vec<_> = scanner.scan_reader(pieces).filter_map(Result::ok).collect();
    assert_eq!(streamed, whole);
}

/// A text is refused, or is the keyring that plain splitting and decoding find in it.
pub fn keyring(text: &str) {
    let plain: Option<Vec<_>> = text.split(',').map(|entry| plain_pepper(entry.trim())).collect();
    let plain = plain.filter(|peppers| {
        (1..peppers.len())
            .all(|at| peppers.iter().take(at).all(|(id, _)| Some(*id) != peppers.get(at).map(|(id, _)| *id)))
    });
    let loaded = Keyring::parse(text);
    let ids = |keyring: &Keyring| keyring.peppers().map(|id| id.to_string()).collect::<Vec<_>>();
    assert_eq!(
        loaded.as_ref().ok().map(ids),
        plain.as_ref().map(|p| p.iter().map(|(id, _)| (*id).to_owned()).collect())
    );
    let (Ok(loaded), Some(plain)) = (loaded, plain) else { return };
    assert!(!format!("{loaded:?}").contains(text) || text.is_empty());
    let token = NearToken { vendor: 0, kind: 0, body: vec![], changes: vec![], has_checksum: true, after: None }.text();
    let Some(presented) = parse_vendor(vendor(0)).and_then(|vendor| vendor.read(&token).ok()) else { return };
    for (id, key) in plain {
        let record = Digest::from_bytes(&record(id, &key, &token, None)).ok();
        assert!(loaded.verify(&presented, record.as_ref()).is_ok());
    }
}

/// Bytes of a fuzzer as a value.
pub fn structured<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> Option<T> {
    T::arbitrary_take_rest(Unstructured::new(bytes)).ok()
}

impl NearToken {
    fn text(&self) -> String {
        let symbols = self.body.iter().chain(std::iter::repeat(&0)).take(54);
        let body: String = symbols.filter_map(|byte| ALPHABET.chars().nth(usize::from(*byte % 62))).collect();
        let kind = Kind::ALL.iter().cycle().nth(usize::from(self.kind)).map_or("", |kind| kind.as_str());
        let mut text: Vec<char> = format!("{}_{kind}_{body}", vendor(self.vendor)).chars().collect();
        let mut change = |place: &u8, to: &char| {
            if let Some(at) = text.get_mut(usize::from(*place)) {
                *at = *to;
            }
        };
        self.changes.iter().for_each(|(place, to)| change(place, to));
        let text: String = text.into_iter().collect();
        let checksum = if self.has_checksum { plain_checksum(&text) } else { "000000".to_owned() };
        format!("{text}{checksum}{}", self.after.map(String::from).unwrap_or_default())
    }
}

impl Stored {
    fn keyring(&self) -> Option<Keyring> {
        let keyring = Keyring::new(PepperId::parse("k2").ok()?, Pepper::from_bytes(self.current));
        keyring.with_earlier(PepperId::parse("k1").ok()?, Pepper::from_bytes(self.earlier)).ok()
    }
}

/// A reader that gives as much at a time as it is told.
struct InPieces<'a, S> {
    text: &'a [u8],
    sizes: S,
}

impl<'a, S: Iterator<Item = &'a u8>> Read for InPieces<'a, S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = usize::from(*self.sizes.next().unwrap_or(&7)).max(1).min(buffer.len());
        let read = self.text.take(u64::try_from(size).unwrap_or(1)).read(buffer)?;
        self.text = self.text.get(read..).unwrap_or_default();
        Ok(read)
    }
}

fn vendor(choice: u8) -> &'static str {
    ["acme", "ab", "a0a0", "abcdefghijklmnop"].iter().cycle().nth(usize::from(choice)).unwrap_or(&"acme")
}

fn parse_vendor(name: &str) -> Option<Vendor> {
    Vendor::parse(name).ok()
}

/// A record by the book: scheme, padded pepper id, and `hmac`'s own HMAC; one bit of the tag flipped if told.
fn record(id: &str, key: &[u8; 32], token: &str, flipped: Option<u8>) -> Vec<u8> {
    let symbols = token.get(token.len() - 60..token.len() - 6).unwrap_or_default();
    let kind = token.get(token.len() - 62..token.len() - 61).unwrap_or_default();
    let mut record = vec![1];
    record.extend(id.bytes().chain(std::iter::repeat(0)).take(8));
    if let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) {
        record.extend(mac.chain_update(kind).chain_update(symbols).finalize().into_bytes());
    }
    let bit = flipped.filter(|bit| *bit != u8::MAX).map(usize::from);
    if let Some(byte) = bit.and_then(|bit| record.get_mut(9 + bit / 8)) {
        *byte ^= 1 << (bit.unwrap_or(0) % 8);
    }
    record
}

/// Kind and id of a token, found by looking at its parts one after the other.
fn plain_read(vendor: &str, text: &str) -> Option<(Kind, String)> {
    let (kind, symbols) = text.strip_prefix(vendor)?.strip_prefix('_')?.split_once('_')?;
    let is_whole = symbols.len() == 60 && symbols.chars().all(|symbol| ALPHABET.contains(symbol));
    let (covered, checksum) = text.split_at_checked(text.len() - 6)?;
    if !is_whole || plain_checksum(covered) != checksum {
        return None;
    }
    Some((Kind::parse(kind).ok()?, symbols.get(..16)?.to_owned()))
}

fn plain_read_bytes(vendor: &str, text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| plain_read(vendor, text).is_some())
}

/// CRC-32 bit by bit, in six digits of base 62.
fn plain_checksum(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let digits = (0..6).rev().map(|place| !crc / 62_u32.pow(place) % 62);
    digits.filter_map(|digit| ALPHABET.chars().nth(usize::try_from(digit).ok()?)).collect()
}

fn plain_pepper(text: &str) -> Option<(&str, [u8; 32])> {
    let (id, key) = text.split_once(':')?;
    let is_id = (1..=8).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let key = if key.len() == 64 { plain_hex(key) } else { plain_base64(key) }?;
    is_id.then_some((id, key))
}

fn plain_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    bytes_of(&digits?, 4)
}

fn plain_base64(text: &str) -> Option<[u8; 32]> {
    let text = if text.len() == 44 { text.strip_suffix('=')? } else { text };
    let value = |symbol: char| match symbol {
        '+' | '-' => Some(62),
        '/' | '_' => Some(63),
        'A'..='Z' => Some(u32::from(symbol) - u32::from('A')),
        'a'..='z' => Some(u32::from(symbol) - u32::from('a') + 26),
        '0'..='9' => Some(u32::from(symbol) - u32::from('0') + 52),
        _ => None,
    };
    let values: Option<Vec<u32>> = text.chars().map(value).collect();
    (text.len() == 43).then_some(())?;
    bytes_of(&values?, 6)
}

/// Digits of `width` bits put together; the bits past the last byte must be zeros.
fn bytes_of(digits: &[u32], width: u32) -> Option<[u8; 32]> {
    let bits: Vec<u32> = digits.iter().flat_map(|digit| (0..width).rev().map(move |bit| digit >> bit & 1)).collect();
    let (whole, rest) = bits.split_at_checked(256)?;
    let byte = |bits: &[u32]| bits.iter().fold(0, |byte, bit| byte << 1 | bit).try_into().ok();
    let bytes: Option<Vec<u8>> = whole.chunks(8).map(byte).collect();
    rest.iter().all(|bit| *bit == 0).then_some(bytes?.try_into().ok()?)
}
