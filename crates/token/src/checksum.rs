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

/// The checksum of a vendor's prefix followed by `rest`.
pub(crate) fn continued(prefix: u32, rest: &[u8]) -> [u8; LEN] {
    let mut hasher = crc32fast::Hasher::new_with_initial(prefix);
    hasher.update(rest);
    spell(hasher.finalize())
}

fn spell(crc: u32) -> [u8; LEN] {
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
    fn going_on_from_the_vendor_is_the_checksum_of_the_whole() {
        assert_eq!(
            continued(of_vendor("acme"), b"sat_1234567890abcdef"),
            spell(crc32fast::hash(b"acme_sat_1234567890abcdef"))
        );
        // The check value of CRC-32/ISO-HDLC: this polynomial, and no other.
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
    }
}
