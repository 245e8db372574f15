//! The bodies of the token targets, on stable and without a fuzzer.

use proptest::collection::vec;
use proptest::prelude::*;
use service_accounts_fuzz_bodies::token;

proptest! {
    #[test]
    fn any_bytes_are_nearly_a_token(bytes in vec(any::<u8>(), 0..120)) {
        if let Some(near) = token::structured(&bytes) {
            token::read(&near);
        }
    }

    #[test]
    fn any_bytes_are_a_token_and_its_record(bytes in vec(any::<u8>(), 66..200)) {
        if let Some(stored) = token::structured(&bytes) {
            token::verify(&stored);
        }
    }

    #[test]
    fn any_bytes_are_a_text_with_tokens_in_it(bytes in vec(any::<u8>(), 0..600)) {
        if let Some(haystack) = token::structured(&bytes) {
            token::scan(&haystack);
        }
    }

    #[test]
    fn any_text_is_loaded_as_a_keyring(
        text in "\\PC{0,40}|( ?(k1|k2|[a-z0-9]{0,9}):([0-9a-f]{64}|[0-9a-fA-F]{63,65}|[A-Za-z0-9+/_-]{42}[AEIMQUYcgkosw048]=?|[A-Za-z0-9+/]{43}=?),?){1,3}",
    ) {
        token::keyring(&text);
        token::keyring(text.trim_end_matches(','));
    }
}
