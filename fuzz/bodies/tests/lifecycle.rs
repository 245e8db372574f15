//! The bodies of the lifecycle targets, on stable and without a fuzzer.

use arbitrary::{Arbitrary, Unstructured};
use proptest::collection::vec;
use proptest::prelude::*;
use service_accounts_fuzz_bodies::lifecycle;

fn structured<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> Option<T> {
    Unstructured::new(bytes).arbitrary().ok()
}

proptest! {
    #[test]
    fn documents_are_refused_or_kept(
        field in "idle_after|observation|environments|rules|state|name", span in "[0-9]{1,11}[smhdw]?", minimum in "[0-9]{1,3}d",
    ) {
        let lifetime = serde_json::json!({ "minimum": minimum, "maximum": span });
        for value in [serde_json::json!(span), serde_json::json!({ "ci": lifetime })] {
            lifecycle::document(&serde_json::json!({ field.as_str(): value }).to_string());
        }
    }

    #[test]
    fn any_text_is_read_as_a_document(text in any::<String>()) {
        lifecycle::document(&text);
    }

    #[test]
    fn any_bytes_are_dates(bytes in vec(any::<u8>(), 0..300)) {
        if let Some(case) = structured(&bytes) {
            lifecycle::schedule(case);
        }
    }

    #[test]
    fn any_sequence_of_steps_is_what_the_naive_model_says(bytes in vec(any::<u8>(), 0..300)) {
        if let Some(steps) = structured(&bytes) {
            lifecycle::rotation(steps);
        }
    }
}
