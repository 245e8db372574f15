//! What the types look like in JSON, and that reading goes through `parse`.

#![cfg(feature = "serde")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use serde::{Serialize, de::DeserializeOwned};
use service_accounts_naming::{AccountId, Advisor, DisplayName, LocalPart, Realm, TokenName, UndeliverableEmail};

#[track_caller]
fn is_plain_text<T: Serialize + DeserializeOwned + ToString>(text: &str) {
    let json = format!("\"{text}\"");
    let value: T = serde_json::from_str(&json).expect("the text is one of this type");
    assert_eq!(value.to_string(), text);
    assert_eq!(serde_json::to_string(&value).expect("text is always JSON"), json);
}

#[test]
fn every_type_is_plain_text() {
    is_plain_text::<DisplayName>("Pipeline Automation");
    is_plain_text::<LocalPart>("pipeline_automation");
    is_plain_text::<Realm>("acme.service");
    is_plain_text::<AccountId>("pipeline_automation@service");
    is_plain_text::<TokenName>("production-integration-2025");
    is_plain_text::<UndeliverableEmail>("pipeline_automation@service.invalid");
}

#[test]
fn reading_goes_through_parse() {
    for json in ["\"A@service\"", "\"a\"", "\"\"", "7", "null", "[\"a@service\"]"] {
        assert!(serde_json::from_str::<AccountId>(json).is_err(), "{json}");
    }
    let error = serde_json::from_str::<AccountId>("\"Mallory@service\"").expect_err("upper case is refused");
    assert!(error.to_string().starts_with("a local part holds only a-z"), "{error}");
    assert!(!error.to_string().contains("Mallory"), "{error}");
    assert!(serde_json::from_str::<TokenName>("\"Prod\"").is_err());
    assert!(serde_json::from_str::<DisplayName>("\"a\\u0000b\"").is_err());
    assert!(serde_json::from_str::<Realm>("\"invalid\"").is_err());
    assert!(serde_json::from_str::<UndeliverableEmail>("\"ada@example.com\"").is_err());
}

#[test]
fn a_finding_has_a_code_a_reason_and_a_suggestion() {
    let name = DisplayName::parse("temp").expect("temp is a name");
    let findings = serde_json::to_value(Advisor::default().account(&name)).expect("findings are JSON");
    assert_eq!(
        findings,
        serde_json::json!([{
            "code": "vague",
            "reason": "the name is vague: nobody will know later what depends on it",
            "suggestion": "name the task and the system it is for, as in `Pipeline Automation`",
        }])
    );
}
