//! The bodies of the audit targets, on stable and without a fuzzer.

use arbitrary::Unstructured;
use proptest::collection::vec;
use proptest::prelude::*;
use service_accounts_fuzz_bodies::audit;

proptest! {
    #[test]
    fn any_text_is_read_as_an_event(text in any::<String>()) {
        audit::event(&text);
    }

    #[test]
    fn events_are_refused_or_kept(
        sequence in any::<i64>(), at in any::<i64>(), until in any::<i64>(), count in any::<u32>(), actor in any::<String>(),
        address in "[0-9a-f:.]{0,20}|::ffff:1.2.3.4|10.0.0.1", old in ".{0,40}",
    ) {
        let at = at % 400_000_000_000;
        let event = serde_json::json!({
            "action": "account.updated", "actor": actor, "at": at, "until": until % 400_000_000_000, "count": count,
            "changes": { actor.as_str(): { "old": old } },
        });
        let mut with_address = event.clone();
        with_address["address"] = address.into();
        for event in [event, with_address] {
            audit::event(&serde_json::json!({ "sequence": sequence, "event": event }).to_string());
        }
    }

    #[test]
    fn a_tampered_export_never_verifies(bytes in vec(any::<u8>(), 0..60)) {
        if let Ok(tampering) = Unstructured::new(&bytes).arbitrary() {
            audit::verifier(tampering);
        }
    }

    #[test]
    fn any_bytes_are_read_as_an_export(bytes in vec(any::<u8>(), 0..300), prefix in "|\\{\"sequence\":|\\{\"seal\":|\\{\"end\":") {
        audit::any_file(&[prefix.as_bytes(), &bytes, b"}\n"].concat());
    }
}
