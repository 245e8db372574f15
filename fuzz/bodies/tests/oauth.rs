//! The bodies of the OAuth targets, on stable and without a fuzzer.

use proptest::collection::vec;
use proptest::prelude::*;
use service_accounts_fuzz_bodies::oauth;

const PARAMETER: &str = "(grant_type|scope|client_id|client_secret|token|token_type_hint|%73cope|x)=?(client_credentials|a|read\\+write|%20|%ff|)";
const MEMBER: &str = "\"(scope|client_name|grant_types|response_types|token_endpoint_auth_method|x)\":(\"[a-z ]{0,6}\"|null|\\[\\]|\\[\"client_credentials\"\\]|1|\\{\\})";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_form_is_read(body in vec(any::<u8>(), 0..80)) {
        oauth::form(&body);
    }

    #[test]
    fn forms_of_known_parameters_are_read(parameters in vec(PARAMETER, 0..6)) {
        oauth::form(parameters.join("&").as_bytes());
    }

    #[test]
    fn any_header_is_read(header in "(Basic|Bearer|basic|[A-Z]{1,6})[ \t]{0,2}[A-Za-z0-9+/=]{0,40}|\\PC{0,20}") {
        oauth::basic(header.as_bytes());
    }

    #[test]
    fn any_registration_is_read(body in vec(any::<u8>(), 0..80)) {
        oauth::registration(&body);
    }

    #[test]
    fn registrations_of_known_members_are_read(members in vec(MEMBER, 0..5)) {
        oauth::registration(format!("{{{}}}", members.join(",")).as_bytes());
    }
}
