//! The bodies of the access targets, on stable and without a fuzzer.

use proptest::collection::vec;
use proptest::prelude::*;
use service_accounts_fuzz_bodies::access;

proptest! {
    #[test]
    fn documents_are_refused_or_kept(
        names in vec("[AB\"a é]{0,3}", 0..4),
        held in vec("results:read|users:view|users:veiw|", 0..3),
        includes in vec("[ABC]", 0..3),
    ) {
        let entry = |name: &String| serde_json::json!({ "name": name, "permissions": held, "includes": includes });
        let entries: Vec<_> = names.iter().map(entry).collect();
        access::document(&serde_json::json!({ "roles": entries, "scopes": entries }).to_string());
    }

    #[test]
    fn any_text_is_read_as_a_document(text in any::<String>()) {
        access::document(&text);
    }

    #[test]
    fn any_text_is_read_as_a_network(text in "[0-9a-f:./]{0,20}|[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,3}|\\PC{0,40}") {
        access::network(&text);
    }

    #[test]
    fn any_bytes_are_networks_and_addresses(bytes in vec(any::<u8>(), 0..600)) {
        if let Some(matching) = access::structured(&bytes) {
            access::matching(matching);
        }
    }

    #[test]
    fn any_bytes_are_a_decision(bytes in vec(any::<u8>(), 0..40)) {
        if let Some(asking) = access::structured(&bytes) {
            access::decision(&asking);
        }
    }
}
