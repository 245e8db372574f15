//! The alphabet of tokens, `0-9A-Za-z`.
//!
//! Secrets pass through here, so nothing is looked up in a table and nothing branches on a symbol:
//! letters and digits are told apart by arithmetic. The one exception is [`draw_values`], which branches on
//! whether a random word is thrown away; that tells nothing of the one that takes its place.

use rand_core::TryCryptoRng;

use crate::wipe;

/// How many symbols there are.
const BASE: u8 = 62;

/// Symbols taken from one random word of 64 bits: the most that leave almost no word to be thrown away.
const PER_WORD: usize = 9;

/// Random words that [`draw`] asks for.
const WORDS: usize = 6;

/// Symbols that [`draw`] gives.
const DRAWN: usize = PER_WORD * WORDS;

/// Words in a row after which a random source that still gives unusable ones must be broken.
const PATIENCE: usize = 16;

/// Why no symbols could be drawn.
#[derive(Debug)]
pub(crate) enum DrawError<E> {
    /// The random source failed.
    Source(E),
    /// The random source gave almost nothing but words that must be thrown away.
    Unusable,
}

/// Fills `symbols` with base62, each of the 62 as likely as any other at every place.
pub(crate) fn draw<R: TryCryptoRng + ?Sized>(
    rng: &mut R,
    symbols: &mut [u8; DRAWN],
) -> Result<(), DrawError<R::Error>> {
    let mut words = [[0; 8]; WORDS];
    let drawn = draw_values(rng, &mut words, symbols);
    wipe::bytes(words.as_flattened_mut());
    drawn?;
    spell(symbols);
    Ok(())
}

#[inline(never)]
fn draw_values<R: TryCryptoRng + ?Sized>(
    rng: &mut R,
    words: &mut [[u8; 8]; WORDS],
    values: &mut [u8; DRAWN],
) -> Result<(), DrawError<R::Error>> {
    // One call for all: a call to the system costs more than everything else here.
    rng.try_fill_bytes(words.as_flattened_mut()).map_err(DrawError::Source)?;
    let (values, _) = values.as_chunks_mut::<PER_WORD>();
    for (word, values) in words.iter_mut().zip(values) {
        let mut tries = 1;
        while !take_apart(u64::from_le_bytes(*word), values) {
            if tries == PATIENCE {
                return Err(DrawError::Unusable);
            }
            rng.try_fill_bytes(word).map_err(DrawError::Source)?;
            tries += 1;
        }
    }
    Ok(())
}

/// Nine values below 62 from a random word; false for a word that must be thrown away.
///
/// The word is a fraction of 2⁶⁴, and each multiplication by 62 brings one digit of it before the point. What
/// is left behind the point after nine is `word * 62⁹ mod 2⁶⁴`. The words that leave at least `2⁶⁴ mod 62⁹` are
/// equally many for each nine digits; the others, one in two thousand, would favour some
/// (Lemire, *Fast Random Integer Generation in an Interval*, 2019).
#[inline(never)]
fn take_apart(word: u64, values: &mut [u8; PER_WORD]) -> bool {
    let mut behind_the_point = word;
    for value in values {
        let product = u128::from(behind_the_point) * u128::from(BASE);
        // The product is below 62 · 2⁶⁴: its ninth byte is all that is before the point.
        let [b, c, d, e, f, g, h, i, digit, ..] = product.to_le_bytes();
        *value = digit;
        behind_the_point = u64::from_le_bytes([b, c, d, e, f, g, h, i]);
    }
    behind_the_point >= FAVOURING
}

/// `2⁶⁴ mod 62⁹`.
const FAVOURING: u64 = 62_u64.pow(9).wrapping_neg() % 62_u64.pow(9);

/// Turns values below 62 into their symbols.
#[inline(never)]
fn spell(values: &mut [u8; DRAWN]) {
    values.iter_mut().for_each(|value| *value = symbol(*value));
}

/// The symbol of a value below 62.
#[inline]
pub(crate) fn symbol(value: u8) -> u8 {
    value + b'0' + (all_ones_past(9, value) & 7) + (all_ones_past(35, value) & 6)
}

/// All bits set when `value > limit`, else none, given that both are below 128.
///
/// It masks, because the compiler was seen to make a branch of a multiplication by zero or one.
#[inline]
fn all_ones_past(limit: u8, value: u8) -> u8 {
    (limit.wrapping_sub(value) >> 7).wrapping_neg()
}

/// Whether every byte is a symbol, found without stopping at the first that is not.
#[inline]
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<BLOCK>() else {
        return bytes.iter().fold(0, |bad, byte| bad | not_a_symbol(*byte)) == 0;
    };
    // Whole blocks, the last of them overlapping, because a remainder would be taken byte by byte.
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let mut bad = [0; BLOCK];
    for block in blocks {
        add_not_symbols(&mut bad, block);
    }
    add_not_symbols(&mut bad, last);
    u128::from_ne_bytes(bad) == 0
}

/// Bytes judged at a time.
const BLOCK: usize = 16;

#[inline(always)]
fn add_not_symbols(bad: &mut [u8; BLOCK], block: &[u8; BLOCK]) {
    bad.iter_mut().zip(block).for_each(|(bad, byte)| *bad |= not_a_symbol(*byte));
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
    fn nine_symbols_are_the_first_digits_of_a_word_behind_the_point() {
        for word in [0, 1 << 63, u64::MAX, 0x0123_4567_89ab_cdef, 62_u64.pow(9)] {
            let mut values = [0; PER_WORD];
            take_apart(word, &mut values);
            let number = values.iter().fold(0, |number, value| number * 62 + u128::from(*value));
            assert_eq!(number, (u128::from(word) * 62_u128.pow(9)) >> 64);
        }
    }

    /// Every run of words that begins with the same nine digits keeps equally many, at either end and anywhere between.
    #[test]
    fn no_symbols_are_favoured() {
        let texts = 62_u128.pow(9);
        let first_word = |text: u128| u64::try_from((text << 64).div_ceil(texts));
        for text in (0..50).chain((0..100).map(|step| step * (texts / 100) + step)).chain(texts - 50..texts) {
            let run = first_word(text).unwrap()..=first_word(text + 1).map_or(u64::MAX, |next| next - 1);
            let kept = run.filter(|word| take_apart(*word, &mut [0; PER_WORD])).count();
            assert_eq!(u128::try_from(kept).unwrap(), (1 << 64) / texts);
        }
    }

    #[test]
    fn each_word_is_spelt_at_its_own_place() {
        let mut symbols = [0; DRAWN];
        draw(&mut Counting(1), &mut symbols).unwrap();
        let mut alone = [0; DRAWN];
        for (place, values) in alone.as_chunks_mut().0.iter_mut().enumerate() {
            let first = u8::try_from(8 * place + 1).unwrap();
            take_apart(u64::from_le_bytes(core::array::from_fn(|at| first + u8::try_from(at).unwrap())), values);
            values.iter_mut().for_each(|value| *value = symbol(*value));
        }
        assert_eq!(symbols, alone);
    }

    #[test]
    fn a_word_thrown_away_is_replaced_by_the_next() {
        let mut symbols = [0; DRAWN];
        draw(&mut Late { fetches: 0, first_usable: 2 }, &mut symbols).unwrap();
        let mut expected = [0; DRAWN];
        draw(&mut Stuck(0xff), &mut expected).unwrap();
        assert_eq!(symbols, expected);
    }

    #[test]
    fn a_source_that_gives_only_unusable_words_is_an_error() {
        for (byte, expected) in [(0, false), (1, true), (0xff, true)] {
            assert_eq!(draw(&mut Stuck(byte), &mut [0; DRAWN]).is_ok(), expected, "{byte}");
        }
    }

    #[test]
    fn patience_ends_after_sixteen_words() {
        let mut source = Late { fetches: 0, first_usable: PATIENCE };
        let symbols = &mut [0; DRAWN];
        // The first fetch brings all six words, so the other five are fetched once more each.
        assert!(draw(&mut source, symbols).is_ok());
        assert_eq!(source.fetches, PATIENCE + WORDS - 1);
        let mut source = Late { fetches: 0, first_usable: PATIENCE + 1 };
        assert!(matches!(draw(&mut source, symbols), Err(DrawError::Unusable)));
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

    /// Gives unusable words until a certain fetch.
    struct Late {
        fetches: usize,
        first_usable: usize,
    }
    source!(Late, |source, bytes| {
        source.fetches += 1;
        bytes.fill(if source.fetches < source.first_usable { 0 } else { 0xff });
    });
}
