//! The alphabet of tokens, `0-9A-Za-z`.
//!
//! Secrets pass through here, so nothing is looked up in a table and nothing branches on a symbol:
//! letters and digits are told apart by arithmetic. The one exception is [`replace_unusable`], which throws
//! random bytes away to keep the others uniform: it branches on whether a byte was thrown away, which
//! tells nothing of the one that took its place.

use rand_core::TryCryptoRng;

use crate::checksum;

/// How many symbols there are.
const BASE: u8 = 62;

/// Random bytes fetched beyond those asked for; one body in a hundred needs more.
///
/// They are as many as a checksum has characters, so that they can lie where it will stand.
const SPARE: usize = checksum::LEN;

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

/// Fills `symbols` with base62, each of the 62 as likely as any other; `spare` is left with random bytes.
///
/// Six bits of each byte are tried, and the two values past the alphabet are thrown away, because folding them
/// back in would favour some symbols. Both slices are one, so that one call to the source fills them and
/// nothing secret is left to be wiped anywhere else.
#[inline(never)]
pub(crate) fn draw<R: TryCryptoRng + ?Sized>(
    rng: &mut R,
    symbols_and_spare: &mut [u8],
) -> Result<(), DrawError<R::Error>> {
    rng.try_fill_bytes(symbols_and_spare).map_err(DrawError::Source)?;
    let wanted = symbols_and_spare.len().saturating_sub(SPARE);
    let (values, spare) = symbols_and_spare.split_at_mut(wanted);
    values.iter_mut().for_each(|value| *value &= 0x3f);
    let mut fetches = 1;
    while !replace_unusable(values, spare) {
        if fetches == PATIENCE {
            return Err(DrawError::Unusable);
        }
        rng.try_fill_bytes(spare).map_err(DrawError::Source)?;
        fetches += 1;
    }
    values.iter_mut().for_each(|value| *value = symbol(*value));
    Ok(())
}

/// Puts usable spare values in the places of unusable ones; false when there were too few.
#[inline(never)]
fn replace_unusable(values: &mut [u8], spare: &[u8]) -> bool {
    let mut usable = spare.iter().map(|byte| byte & 0x3f).filter(|value| *value < BASE);
    let (blocks, rest) = values.as_chunks_mut();
    // Most blocks hold no unusable value, which a look at the whole tells.
    let blocks = blocks.iter_mut().filter(|block| has_unusable(block)).flatten();
    for value in blocks.chain(rest).filter(|value| **value >= BASE) {
        let Some(other) = usable.next() else { return false };
        *value = other;
    }
    true
}

/// Whether one of eight values below 64 is past the alphabet: adding two carries it into bit six.
fn has_unusable(values: &[u8; 8]) -> bool {
    let past = u64::from_ne_bytes(*values) + u64::from_ne_bytes([64 - BASE; 8]);
    past & u64::from_ne_bytes([64; 8]) != 0
}

/// The symbol of a value below 62.
#[inline]
pub(crate) fn symbol(value: u8) -> u8 {
    value + b'0' + (all_ones_past(9, value) & 7) + (all_ones_past(35, value) & 6)
}

/// All bits set when `value > limit`, else none.
///
/// It masks, because the compiler was seen to make a branch of a multiplication by zero or one.
#[inline]
fn all_ones_past(limit: u8, value: u8) -> u8 {
    let [_, sign] = (i16::from(limit) - i16::from(value)).to_le_bytes();
    sign
}

/// Whether every byte is a symbol, found without stopping at the first that is not.
#[inline]
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<BLOCK>() else {
        return bytes.iter().fold(0, |bad, byte| bad | not_a_symbol(*byte)) == 0;
    };
    // Whole blocks, the last of them overlapping, because a remainder would be taken byte by byte.
    let (blocks, _) = bytes.as_chunks();
    let bad = blocks.iter().chain([last]).fold([0; BLOCK], or_not_symbols);
    u128::from_ne_bytes(bad) == 0
}

/// Bytes judged at a time.
const BLOCK: usize = 16;

#[inline]
fn or_not_symbols(mut bad: [u8; BLOCK], block: &[u8; BLOCK]) -> [u8; BLOCK] {
    bad.iter_mut().zip(block).for_each(|(bad, byte)| *bad |= not_a_symbol(*byte));
    bad
}

/// Zero for a symbol, one for any other byte.
#[inline]
const fn not_a_symbol(byte: u8) -> u8 {
    let digit = is_below(byte.wrapping_sub(b'0'), 10);
    // Setting bit five joins the two cases of a letter and moves nothing else into `a..=z`.
    let letter = is_below((byte | 0x20).wrapping_sub(b'a'), 26);
    1 ^ (digit | letter)
}

/// One when `value < limit`, else zero.
#[inline]
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
    fn two_bad_bytes_never_make_a_good_text() {
        for length in 2..=60 {
            let mut text = alloc::vec![b'a'; length];
            assert!(is_text(&text));
            (text[0], text[length - 1]) = (b'_', b'_');
            assert!(!is_text(&text), "{length} bytes");
        }
    }

    #[test]
    fn a_place_keeps_its_own_byte_or_takes_the_next_usable_spare_one() {
        let mut bytes = [0; 5 + SPARE];
        draw(&mut Counting(59), &mut bytes).unwrap();
        // 59 60 61, then 62 and 63 make way for the first of the spare 64 65 66 …, which are 0 1 2 … in six bits.
        assert_eq!(&bytes[..5], b"xyz01");
    }

    #[test]
    fn no_symbol_is_favoured() {
        let mut counts = [0; 256];
        let mut rng = Counting(0);
        // Every byte value comes to stand at every place equally often.
        for _ in 0..256 {
            let mut bytes = [0; 1 + SPARE];
            draw(&mut rng, &mut bytes).unwrap();
            counts[usize::from(bytes[0])] += 1;
        }
        let drawn: Vec<_> = ALPHABET.iter().map(|symbol| counts[usize::from(*symbol)]).collect();
        assert_eq!(drawn.iter().sum::<i32>(), 256);
        // 62 and 63 are followed by 0 here: a counter is not random, so it alone is drawn more often.
        assert!(drawn[1..].iter().all(|count| *count == 4), "{drawn:?}");
    }

    #[test]
    fn spare_bytes_that_run_out_are_fetched_anew() {
        let mut bytes = [0; 30 + SPARE];
        draw(&mut Bursts(0), &mut bytes).unwrap();
        assert_eq!(bytes[..30], [symbol(7); 30]);
    }

    #[test]
    fn a_source_that_gives_only_unusable_bytes_is_an_error() {
        for (byte, expected) in [(0xff, false), (62, false), (61, true), (0x7d, true), (0, true)] {
            assert_eq!(draw(&mut Stuck(byte), &mut [0; 54 + SPARE]).is_ok(), expected, "{byte}");
        }
    }

    #[test]
    fn patience_ends_after_sixteen_fetches() {
        let mut source = Late { fetches: 0, first_usable: PATIENCE };
        assert!(draw(&mut source, &mut [0; 1 + SPARE]).is_ok());
        assert_eq!(source.fetches, PATIENCE);
        let mut source = Late { fetches: 0, first_usable: PATIENCE + 1 };
        assert!(matches!(draw(&mut source, &mut [0; 1 + SPARE]), Err(DrawError::Unusable)));
        assert_eq!(source.fetches, PATIENCE);
    }

    /// A source that calls a function for each byte.
    macro_rules! source {
        ($type:ident, |$source:ident, $bytes:ident| $fill:expr) => {
            impl TryRng for $type {
                type Error = Infallible;
                fn try_next_u32(&mut self) -> Result<u32, Infallible> {
                    rand_core::utils::next_word_via_fill(self)
                }
                fn try_next_u64(&mut self) -> Result<u64, Infallible> {
                    rand_core::utils::next_word_via_fill(self)
                }
                fn try_fill_bytes(&mut self, $bytes: &mut [u8]) -> Result<(), Infallible> {
                    let $source = self;
                    $fill;
                    Ok(())
                }
            }

            impl TryCryptoRng for $type {}
        };
    }

    /// Counts upwards, byte after byte.
    struct Counting(u8);
    source!(Counting, |source, bytes| for byte in bytes {
        *byte = source.0;
        source.0 = source.0.wrapping_add(1);
    });

    /// Gives the same byte for ever.
    struct Stuck(u8);
    source!(Stuck, |source, bytes| bytes.fill(source.0));

    /// Gives unusable bytes only, then usable ones only, three to a fetch.
    struct Bursts(u8);
    source!(Bursts, |source, bytes| {
        bytes.fill(0xff);
        let usable = if source.0 == 0 { 0 } else { 3 };
        bytes.iter_mut().take(usable).for_each(|byte| *byte = 7);
        source.0 += 1;
    });

    /// Gives unusable bytes until a certain fetch.
    struct Late {
        fetches: usize,
        first_usable: usize,
    }
    source!(Late, |source, bytes| {
        source.fetches += 1;
        bytes.fill(if source.fetches < source.first_usable { 0xff } else { 0 });
    });
}
