//! The bodies of the naming targets, on stable and without a fuzzer.

use proptest::prelude::*;
use service_accounts_fuzz_bodies::naming;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_name_is_sanitised(name in "\\PC{0,80}|[A-Za-z0-9_ éİK\u{301}\u{a0}\u{3000}-]{0,90}") {
        naming::sanitise(&name);
    }

    #[test]
    fn any_text_is_sanitised(name in any::<String>()) {
        naming::sanitise(&name);
    }

    #[test]
    fn any_text_is_read_as_every_type(text in "[a-z0-9_@.-]{0,80}|[a-z_]{0,66}@[a-z.-]{0,130}(\\.invalid)?|\\PC{0,160}") {
        naming::parse(&text);
    }

    #[test]
    fn well_formed_text_is_read(text in "[a-z0-9]{1,8}(_[a-z0-9]{1,8}){0,3}@[a-z]{1,8}(\\.[a-z]{1,8}){0,2}|[a-z]{1,9}-2[0-9]{3}") {
        naming::parse(&text);
    }
}
