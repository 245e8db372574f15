//! The alphabet of tokens, `0-9A-Za-z`.
//!
//! Secrets pass through here, so nothing is looked up in a table and nothing branches on a symbol:
//! letters and digits are told apart by arithmetic. The one exception is [`draw`], which has to throw
//! random bytes away to stay uniform; it branches on bytes that end up in no token, or on the fact that
//! a byte was not one of those.

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

/// How many symbols there are.
const BASE: u8 = 62;

/// Random bytes fetched at a time: enough for a whole token in all but one of a million draws.
const POOL: usize = 64;

/// Fetches after which a random source that still gives unusable bytes must be broken.
const PATIENCE: usize = 16;

/// Why no symbols could be drawn.
#[derive(Debug)]
pub(crate) enum DrawError<E> {
    /// The random source failed.
    Source(E),
    /// The random source gave almost nothing but bytes that must be thrown away.
    Unusable,
}

/// Fills `symbols` with base62 characters, each of the 62 as likely as any other.
///
/// Six bits of each byte are tried and the two values past the alphabet are thrown away, because folding them
/// back in would favour some symbols.
#[inline(never)]
pub(crate) fn draw<R: TryCryptoRng + ?Sized>(rng: &mut R, symbols: &mut [u8]) -> Result<(), DrawError<R::Error>> {
    let mut pool = Zeroizing::new([0; POOL]);
    let mut empty = symbols.iter_mut();
    for _ in 0..PATIENCE {
        rng.try_fill_bytes(pool.as_mut_slice()).map_err(DrawError::Source)?;
        let usable = pool.iter().map(|byte| byte & 0x3f).filter(|value| *value < BASE);
        // `usable` leads: the other way round a slot would be taken and lost when the pool runs dry.
        usable.zip(empty.by_ref()).for_each(|(value, slot)| *slot = symbol(value));
        if empty.len() == 0 {
            return Ok(());
        }
    }
    Err(DrawError::Unusable)
}

/// The symbol of a value below 62.
pub(crate) const fn symbol(value: u8) -> u8 {
    let past_digits = 9_u8.wrapping_sub(value) >> 7;
    let past_upper = 35_u8.wrapping_sub(value) >> 7;
    value.wrapping_add(b'0').wrapping_add(past_digits * 7).wrapping_add(past_upper * 6)
}

/// Whether every byte is a symbol, found without stopping at the first that is not.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |bad, byte| bad | not_a_symbol(*byte)) == 0
}

/// Zero for a symbol, one for any other byte.
const fn not_a_symbol(byte: u8) -> u8 {
    let digit = is_below(byte.wrapping_sub(b'0'), 10);
    // Setting bit five joins the two cases of a letter and moves nothing else into `a..=z`.
    let letter = is_below((byte | 0x20).wrapping_sub(b'a'), 26);
    1 ^ (digit | letter)
}

/// One when `value < limit`, else zero.
#[expect(clippy::as_conversions, reason = "`u8::from(bool)` is not const, and a bool is 0 or 1")]
const fn is_below(value: u8, limit: u8) -> u8 {
    (value < limit) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use core::convert::Infallible;
    use rand_core::{TryCryptoRng, TryRng};

    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    #[test]
    fn values_map_to_the_alphabet_in_order() {
        let mapped: Vec<u8> = (0..BASE).map(symbol).collect();
        assert_eq!(mapped, ALPHABET);
    }

    #[test]
    fn exactly_the_alphabet_is_text() {
        for byte in 0..=u8::MAX {
            assert_eq!(is_text(&[b'a', byte, b'Z']), ALPHABET.contains(&byte), "byte {byte}");
        }
        assert!(is_text(b""));
    }

    #[test]
    fn every_byte_value_is_drawn_or_thrown_away_by_its_low_six_bits() {
        let mut drawn = [0; 248];
        draw(&mut Counting(0), &mut drawn).unwrap();
        let expected: Vec<u8> =
            (0..=u8::MAX).map(|byte| usize::from(byte % 64)).filter_map(|value| ALPHABET.get(value).copied()).collect();
        assert_eq!(drawn.as_slice(), expected);
    }

    #[test]
    fn no_symbol_is_favoured() {
        let mut drawn = [0; 62 * 4 * 20];
        let mut rng = Counting(0);
        drawn.chunks_mut(248).for_each(|chunk| draw(&mut rng, chunk).unwrap());
        for symbol in ALPHABET {
            assert_eq!(drawn.iter().filter(|drawn| *drawn == symbol).count(), 80);
        }
    }

    #[test]
    fn a_source_that_gives_only_unusable_bytes_is_an_error() {
        assert!(matches!(draw(&mut Stuck(0xff), &mut [0; 1]), Err(DrawError::Unusable)));
        assert!(draw(&mut Stuck(61), &mut [0; POOL * PATIENCE]).is_ok());
        assert!(matches!(draw(&mut Stuck(61), &mut [0; POOL * PATIENCE + 1]), Err(DrawError::Unusable)));
        assert!(matches!(draw(&mut Stuck(62), &mut [0; 1]), Err(DrawError::Unusable)));
    }

    struct Counting(u8);

    impl TryRng for Counting {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            rand_core::utils::next_word_via_fill(self)
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            rand_core::utils::next_word_via_fill(self)
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Counting {}

    struct Stuck(u8);

    impl TryRng for Stuck {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            rand_core::utils::next_word_via_fill(self)
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            rand_core::utils::next_word_via_fill(self)
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            bytes.fill(self.0);
            Ok(())
        }
    }

    impl TryCryptoRng for Stuck {}
}
