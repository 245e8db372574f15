//! Records as stores keep them: what an earlier version wrote is read, and what nobody wrote is refused.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use serde_json::{Value, json};
use service_accounts_store::{Account, Approval, Class, Generation, ProposedEnd, Purpose, Status, Token};

/// As the first schema wrote it.
fn account() -> Value {
    json!({
        "id": "pipeline@service", "name": "pipeline", "purpose": "to be kept", "owner": "data platform", "systems": ["erp"],
        "grant": { "role": "Editor", "scopes": "inherited", "teams": [] }, "allowlist": ["10.0.0.0/8"],
        "environment": "production", "justification": null, "expires_at": 1_767_225_600, "status": "enabled",
        "approval": { "given": { "by": "ann", "at": 1_767_225_600 } }, "created_at": 1_767_225_600,
        "created_by": "ops", "revision": 7,
    })
}

/// As the first schema wrote it.
fn token() -> Value {
    json!({
        "id": "FyTzSbzTgREt4zfa", "account": "pipeline@service", "class": { "token": "nightly" },
        "digest": "1.k1.78f14258920704b2deb30a307c07677339a63dada923b6614151259325c1430d",
        "hint": "conform_sat_FyTz…VvMm", "grant": ["read"], "environment": "production", "allowlist": [],
        "state": { "state": "active" }, "created_at": 1_767_225_600, "created_by": "conformance", "expires_at": null,
        "next_due": null, "revision": 3,
    })
}

fn with(mut record: Value, pointer: &str, field: &str, value: Value) -> Value {
    record.pointer_mut(pointer).unwrap()[field] = value;
    record
}

fn read<T: serde::de::DeserializeOwned>(record: Value) -> Option<T> {
    serde_json::from_value(record).ok()
}

#[test]
fn a_record_of_the_first_schema_is_read_and_written_as_it_was() {
    let (read_account, read_token): (Account, Token) = (read(account()).unwrap(), read(token()).unwrap());
    assert_eq!((read_account.generation, read_token.generation), (Generation::FIRST, Generation::FIRST));
    assert_eq!((read_account.proposal.as_ref(), read_account.request.as_ref()), (None, None));
    assert_eq!((read_token.replaces, read_token.rotation.as_ref(), read_token.last_look), (None, None, None));
    assert_eq!(serde_json::to_value(&read_account).unwrap(), account());
    assert_eq!(serde_json::to_value(&read_token).unwrap(), token());
}

/// Row 87 of the failure cases, serde#2123: what is not known is not ignored, on variants without fields either.
#[test]
fn a_field_that_nobody_wrote_is_refused() {
    let stray = || json!(5);
    let (given, session) = ("/approval/given", json!({ "session": { "opened_with": "FyTzSbzTgREt4zfa" } }));
    for (pointer, record) in [("", account()), (given, account()), ("/grant", account())] {
        assert!(read::<Account>(with(record, pointer, "stray", stray())).is_none(), "account{pointer}");
    }
    let of_session = with(token(), "", "class", session);
    assert!(read::<Token>(of_session.clone()).is_some());
    for (pointer, record) in [("", token()), ("/state", token()), ("/class/session", of_session)] {
        assert!(read::<Token>(with(record, pointer, "stray", stray())).is_none(), "token{pointer}");
    }
    for unknown in
        [json!("paused"), json!({ "enabled": { "at": 5 } }), json!({ "enabled": null, "at": 5 }), json!(["enabled"])]
    {
        assert!(read::<Status>(unknown.clone()).is_none(), "{unknown}");
    }
    for unknown in [json!("given"), json!({ "not_required": { "at": 5 } }), json!({ "pending": 5 })] {
        assert!(read::<Approval>(unknown.clone()).is_none(), "{unknown}");
    }
    for unknown in [json!("token"), json!({ "secret": { "at": 5 } }), json!({ "session": {} })] {
        assert!(read::<Class>(unknown.clone()).is_none(), "{unknown}");
    }
}

/// What waited before ends waited leaves the account's end as it is, and never takes it off.
#[test]
fn a_proposal_without_an_end_changes_no_end() {
    let proposal = json!({ "grant": account()["grant"], "allowlist": [], "by": ["ann"], "at": 1_767_225_600 });
    let record = with(account(), "", "proposal", proposal);
    let kept: Account = read(record.clone()).unwrap();
    assert_eq!(kept.proposal.as_ref().map(|proposal| proposal.end), Some(ProposedEnd::Unchanged));
    assert_eq!(serde_json::to_value(&kept).unwrap(), record);
    for (end, expected) in [
        (json!("never"), Some(None)),
        (json!({ "at": 1_767_225_601 }), Some(Some(1_767_225_601))),
        (json!({ "never": 5 }), None),
        (json!({ "at": 5, "stray": 5 }), None),
    ] {
        let kept: Option<Account> = read(with(record.clone(), "/proposal", "end", end.clone()));
        let read = kept.and_then(|kept| kept.proposal).map(|proposal| proposal.end.over(kept_end()));
        assert_eq!(read.map(|end| end.map(time::UtcDateTime::unix_timestamp)), expected, "{end}");
    }
}

/// Another end than any proposed here.
fn kept_end() -> Option<time::UtcDateTime> {
    Some(time::UtcDateTime::UNIX_EPOCH)
}

/// A text that an earlier version took stays, so that no account is locked out; nobody writes such a text any more.
#[test]
fn a_text_that_is_refused_today_is_still_read_from_a_record() {
    let text = "family \u{200d} load";
    assert!(Purpose::parse(text).is_err() && read::<Purpose>(json!(text)).is_none());
    for field in ["purpose", "owner", "justification", "email", "title"] {
        let record = with(account(), "", field, json!(text));
        let kept: Account = read(record).unwrap();
        assert_eq!(serde_json::to_value(&kept).unwrap()[field], text, "{field}");
    }
    assert!(read::<Account>(with(account(), "", "systems", json!([text]))).is_some());
    assert!(read::<Account>(with(account(), "", "purpose", json!(" "))).is_none());
}
