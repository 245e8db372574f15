//! Hexadecimal and base64 without tables and without branches on what is decoded.
//!
//! A digit's value is found by arithmetic over all ranges it could lie in; a digit in none of them makes
//! the value −1, and the sign is looked at once, at the end. Neither function is compiled into its caller, so
//! that the constant-time check can tell them from it, which must branch on the answer.

use super::{Pepper, PepperError};

/// Base64 characters of 32 bytes, without padding.
const BASE64_LEN: usize = 43;

#[inline(never)]
pub(super) fn decode_hex(text: &str, key: &mut [u8; Pepper::LEN]) -> Result<(), PepperError> {
    if text.len() != 2 * key.len() {
        return Err(PepperError::Length(text.len()));
    }
    let mut seen = 0;
    let (pairs, _) = text.as_bytes().as_chunks();
    for (slot, [high, low]) in key.iter_mut().zip(pairs) {
        let value = hex_value(*high) << 4 | hex_value(*low);
        seen |= value;
        [*slot, _] = value.to_le_bytes();
    }
    check(seen)
}

#[inline(never)]
pub(super) fn decode_base64(text: &str, key: &mut [u8; Pepper::LEN]) -> Result<(), PepperError> {
    let symbols = match text.as_bytes() {
        [symbols @ .., b'='] if symbols.len() == BASE64_LEN => symbols,
        symbols if symbols.len() == BASE64_LEN => symbols,
        _ => return Err(PepperError::Length(text.len())),
    };
    let mut seen = 0;
    let (quads, _) = symbols.as_chunks();
    let (triples, _) = key.as_chunks_mut();
    for ([a, b, c], quad) in triples.iter_mut().zip(quads) {
        let [w, x, y, z] = quad.map(base64_value);
        seen |= w | x | y | z;
        [*a, *b, *c] = [join(w << 2, x >> 4), join(x << 4, y >> 2), join(y << 6, z)];
    }
    if let ([.., x, y, z], [.., a, b]) = (symbols, key) {
        let [x, y, z] = [*x, *y, *z].map(base64_value);
        // The last symbol carries two bits more than there are; set, they would be a second spelling.
        seen |= x | y | z | -(z & 3);
        [*a, *b] = [join(x << 2, y >> 4), join(y << 4, z >> 2)];
    }
    check(seen)
}

fn check(seen: i16) -> Result<(), PepperError> {
    if seen < 0 { Err(PepperError::Encoding) } else { Ok(()) }
}

/// The low byte of two values put together.
const fn join(high: i16, low: i16) -> u8 {
    let [byte, _] = (high | low).to_le_bytes();
    byte
}

fn hex_value(digit: u8) -> i16 {
    -1 + within(digit, b'0', b'9', 0) + within(digit, b'A', b'F', 10) + within(digit, b'a', b'f', 10)
}

fn base64_value(symbol: u8) -> i16 {
    -1 + within(symbol, b'A', b'Z', 0)
        + within(symbol, b'a', b'z', 26)
        + within(symbol, b'0', b'9', 52)
        + within(symbol, b'+', b'+', 62)
        + within(symbol, b'-', b'-', 62)
        + within(symbol, b'/', b'/', 63)
        + within(symbol, b'_', b'_', 63)
}

/// One more than the value of `byte` where the range stands for `base` onwards, and zero outside the range.
fn within(byte: u8, first: u8, last: u8, base: i16) -> i16 {
    let [byte, first, last] = [byte, first, last].map(i16::from);
    let inside = (first - 1 - byte) & (byte - last - 1);
    (inside >> 8) & (byte - first + base + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_hexadecimal_digits_have_a_value() {
        for byte in 0..=u8::MAX {
            let expected = char::from(byte).to_digit(16).map_or(-1, |digit| i16::try_from(digit).unwrap());
            assert_eq!(hex_value(byte), expected, "byte {byte}");
        }
    }

    #[test]
    fn exactly_the_base64_symbols_have_a_value() {
        let standard = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let url_safe = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for byte in 0..=u8::MAX {
            let place = standard.iter().position(|s| *s == byte).or(url_safe.iter().position(|s| *s == byte));
            assert_eq!(base64_value(byte), place.map_or(-1, |place| i16::try_from(place).unwrap()), "byte {byte}");
        }
    }

    #[test]
    fn a_wrong_character_is_refused_wherever_it_stands() {
        let mut key = [0; Pepper::LEN];
        for place in 0..64 {
            let text: alloc::string::String = (0..64).map(|at| if at == place { 'g' } else { '0' }).collect();
            assert_eq!(decode_hex(&text, &mut key), Err(PepperError::Encoding), "at {place}");
        }
        for place in 0..BASE64_LEN {
            let text: alloc::string::String = (0..BASE64_LEN).map(|at| if at == place { '.' } else { 'A' }).collect();
            assert_eq!(decode_base64(&text, &mut key), Err(PepperError::Encoding), "at {place}");
        }
    }

    #[test]
    fn two_wrong_characters_never_make_a_right_text() {
        let mut key = [0; Pepper::LEN];
        let wrong = |length: usize, one: usize, other: usize, filler: char| -> alloc::string::String {
            (0..length).map(|at| if at == one || at == other { '.' } else { filler }).collect()
        };
        for (one, other) in (0..64).flat_map(|one| (0..one).map(move |other| (one, other))) {
            assert_eq!(decode_hex(&wrong(64, one, other, '0'), &mut key), Err(PepperError::Encoding));
            if one < BASE64_LEN {
                let text = wrong(BASE64_LEN, one, other, 'A');
                assert_eq!(decode_base64(&text, &mut key), Err(PepperError::Encoding), "at {other} and {one}");
            }
        }
    }

    #[test]
    fn bits_past_the_last_byte_are_refused() {
        let zeros = "A".repeat(BASE64_LEN - 1);
        for (last, expected) in [
            ("A", Ok(())),
            ("B", Err(PepperError::Encoding)),
            ("C", Err(PepperError::Encoding)),
            ("D", Err(PepperError::Encoding)),
            ("E", Ok(())),
        ] {
            assert_eq!(decode_base64(&alloc::format!("{zeros}{last}"), &mut [0; Pepper::LEN]), expected, "{last}");
        }
    }
}
