//! The six characters at the end of a token: the CRC-32 of all before them.
//!
//! They guard against slips, not against people: a mistyped token is refused without a look at the store,
//! and a scanner tells a token from a string of its shape.

use crate::base62;

/// Characters of the checksum; 62⁶ is more than 2³², so each CRC has one spelling.
pub(crate) const LEN: usize = 6;

/// 62³: splits a CRC into two halves whose digits are independent work.
const HALF: u32 = 62 * 62 * 62;

/// The CRC of a vendor's name and the underscore after it.
pub(crate) fn of_vendor(name: &str) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(name.as_bytes());
    hasher.update(b"_");
    hasher.finalize()
}

/// The CRC of a vendor's prefix followed by `rest`.
#[inline]
pub(crate) fn continued(prefix: u32, rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(prefix);
    hasher.update(rest);
    hasher.finalize()
}

/// The CRC that a checksum spells; what is no checksum at all may stand for none or for any.
///
/// A presented checksum is read, and the computed one not spelt, because reading needs not wait for the CRC.
/// All six symbols are read at once, each in its byte of one word.
#[inline]
pub(crate) fn read(checksum: &[u8; LEN]) -> u64 {
    let [a, b, c, d, e, f] = *checksum;
    let symbols = u64::from_be_bytes([b'0', b'0', a, b, c, d, e, f]);
    let gaps = 7 * ones_past(b'9', symbols) + 6 * ones_past(b'Z', symbols);
    let values = symbols.wrapping_sub(each(b'0')).wrapping_sub(gaps);
    let pairs = (values >> 8 & EVEN_BYTES) * 62 + (values & EVEN_BYTES);
    let [high, middle, low] = [pairs >> 32, pairs >> 16, pairs].map(|pair| pair & 0xffff);
    (high * (62 * 62) + middle) * (62 * 62) + low
}

const EVEN_BYTES: u64 = 0x00ff_00ff_00ff_00ff;

/// The same byte eight times.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// A one in each byte that is above `limit`, given that all are ASCII: the sum then carries into the eighth bit.
const fn ones_past(limit: u8, symbols: u64) -> u64 {
    symbols.wrapping_add(each(0x7f - limit)) >> 7 & each(1)
}

/// The one checksum that stands for a CRC.
pub(crate) fn spell(crc: u32) -> [u8; LEN] {
    let [a, b, c] = spell_half(crc / HALF);
    let [d, e, f] = spell_half(crc % HALF);
    [a, b, c, d, e, f]
}

fn spell_half(value: u32) -> [u8; 3] {
    [value / (62 * 62), value / 62 % 62, value % 62].map(|digit| base62::symbol(low_byte(digit)))
}

fn low_byte(value: u32) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crc_is_spelt_in_six_digits_of_base_62() {
        assert_eq!(&spell(0), b"000000");
        assert_eq!(&spell(61), b"00000z");
        assert_eq!(&spell(62), b"000010");
        assert_eq!(&spell(HALF - 1), b"000zzz");
        assert_eq!(&spell(HALF), b"001000");
        assert_eq!(&spell(u32::MAX), b"4gfFC3");
    }

    #[test]
    fn a_checksum_reads_back_as_its_crc() {
        for crc in [0, 1, 61, 62, HALF - 1, HALF, HALF + 1, 0x1234_5678, u32::MAX] {
            assert_eq!(read(&spell(crc)), u64::from(crc));
        }
        // Past the last CRC no checksum stands for any.
        assert_eq!(read(b"4gfFC4"), 1 << 32);
        assert_eq!(read(b"zzzzzz"), 62_u64.pow(6) - 1);
    }

    #[test]
    fn every_symbol_counts_at_every_place() {
        for place in 0..LEN {
            for value in 0..62 {
                let mut checksum = [b'0'; LEN];
                checksum[place] = base62::symbol(value);
                let weight = 62_u64.pow(u32::try_from(LEN - 1 - place).unwrap());
                assert_eq!(read(&checksum), u64::from(value) * weight);
            }
        }
    }

    #[test]
    fn going_on_from_the_vendor_is_the_checksum_of_the_whole() {
        assert_eq!(continued(of_vendor("acme"), b"sat_12345"), crc32fast::hash(b"acme_sat_12345"));
        // The check value of CRC-32/ISO-HDLC: this polynomial, and no other.
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
    }
}
