//! A forger who knows the format of tokens, but no pepper. It is written from the published format, not from the code.

use service_accounts::token::TokenId;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters of the checksum at the end of a token.
pub(super) const CHECKSUM: usize = 6;

/// Gives a text the checksum that a token of its content has.
pub(super) fn sealed(text: &str) -> String {
    let covered = &text[..text.len() - CHECKSUM];
    let mut crc = usize::try_from(crc32(covered.as_bytes())).unwrap();
    let mut checksum = [0; CHECKSUM];
    for digit in checksum.iter_mut().rev() {
        *digit = ALPHABET[crc % 62];
        crc /= 62;
    }
    format!("{covered}{}", std::str::from_utf8(&checksum).unwrap())
}

/// The same text with another character at one place.
pub(super) fn with_byte(text: &str, at: usize, byte: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = byte;
    String::from_utf8(bytes).unwrap()
}

/// Another character of the alphabet.
pub(super) fn other(byte: u8) -> u8 {
    if byte == b'0' { b'1' } else { b'0' }
}

/// A well-formed token of an id that nobody has.
pub(super) fn unknown(token: &str) -> String {
    let at = id_at(token);
    sealed(&with_byte(token, at, other(token.as_bytes()[at])))
}

/// A well-formed token of the same id with another secret.
pub(super) fn wrong_secret(token: &str) -> String {
    let at = id_at(token) + TokenId::LEN;
    sealed(&with_byte(token, at, other(token.as_bytes()[at])))
}

/// Where the id starts: behind `acme_sat_`.
pub(super) fn id_at(token: &str) -> usize {
    token.rfind('_').unwrap() + 1
}

/// CRC-32/ISO-HDLC, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}

#[test]
fn the_forger_knows_the_format() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    let genuine = crate::support::World::new().holder("Pipeline Automation").token;
    assert_eq!(sealed(&genuine), genuine);
}
