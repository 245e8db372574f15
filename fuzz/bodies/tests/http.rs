//! The bodies of the HTTP targets, on stable and without a fuzzer.

use proptest::collection::vec;
use proptest::prelude::*;
use service_accounts_fuzz_bodies::http;

const HOP: &str = "(for=|For = |by=|)\"?(10\\.0\\.0\\.[1-9]|203\\.0\\.113\\.[1-9]|\\[2001:db8::1\\]|::ffff:10\\.0\\.0\\.1|unknown|_x)(:80)?\"?(;proto=http)?";
const MEMBER: &str = "\"(name|purpose|owner|environment|role|scopes|teams|ip_allowlist|expires_at|first_token|reason|text|x)\":(\"[a-z ]{0,6}\"|null|\\[\\]|\\[\"read\"\\]|1|-1e99|\\{\\}|true)";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_header_of_a_proxy_is_read(value in vec(any::<u8>(), 0..60)) {
        http::client_address(&value);
    }

    #[test]
    fn headers_of_known_hops_are_read(hops in vec(HOP, 1..5)) {
        http::client_address(hops.join(", ").as_bytes());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_body_is_read(body in vec(any::<u8>(), 0..80)) {
        http::body(&body);
    }

    #[test]
    fn bodies_of_known_members_are_read(which in any::<u8>(), members in vec(MEMBER, 0..6)) {
        http::body(&[&[which], format!("{{{}}}", members.join(",")).as_bytes()].concat());
    }
}

#[test]
fn every_body_is_read() {
    http::every_body_is_read();
}
