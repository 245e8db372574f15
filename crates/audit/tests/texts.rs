//! Events as JSON text: what was written once is read for ever.

#![cfg(feature = "serde")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use service_accounts_audit::{Action, Event, Label, Payload, Recorded, Sequence};
use time::UtcDateTime;

/// Every action as version 0.1 before changes and counts wrote it.
const FIRST: &str = include_str!("frozen/events-1.jsonl");
/// Every action with everything an event can say.
const SECOND: &str = include_str!("frozen/events-2.jsonl");

fn at(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds).unwrap()
}

fn minimal(action: Action) -> Event {
    Event::new(action, Label::new("ops@example.com"), at(1_790_000_000))
}

fn full(action: Action) -> Event {
    minimal(action)
        .repeated(17, at(1_790_000_059))
        .about_account(Label::new("pipeline_automation@service"))
        .about_token(Label::new("0123456789abcdef"))
        .named(Label::new("nightly \"数据\""))
        .from_address(Some("2001:db8::1".parse().unwrap()))
        .because(Label::new("not_from_here"))
        .changed(Label::new("role"), Some("Member"), Some("Admin"))
        .changed(Label::new("expires_at"), Some("2030-01-01T00:00:00Z"), None)
        .changed(Label::new("networks"), None, Some("10.0.0.0/8, 2001:db8::/32"))
        .with(Label::new("path"), Label::new("/datastores"))
}

fn text(event: &Event) -> String {
    serde_json::to_string(event).unwrap()
}

#[test]
fn every_text_ever_written_reads_back_and_is_written_the_same_way() {
    for line in FIRST.lines().chain(SECOND.lines()) {
        let event: Event = serde_json::from_str(line).unwrap();
        assert_eq!(text(&event), line);
    }
}

/// A new action adds its two lines to the file; no line ever changes.
#[test]
fn every_action_is_written_as_it_is_frozen() {
    for event in Action::ALL.iter().flat_map(|action| [minimal(*action), full(*action)]) {
        let written = text(&event);
        assert!(SECOND.lines().any(|line| line == written), "not frozen: {written}");
    }
}

#[test]
fn an_event_reads_back_as_it_was_written() {
    for event in [
        full(Action::AccessDenied),
        minimal(Action::AccountCreated),
        minimal(Action::ApplicationPublished).carrying(Payload::parse(r#"{"run":"4711 \"数据\""}"#).unwrap()),
        Event::new(Action::AccountCreated, Label::new(""), at(253_402_300_799)),
        Event::new(Action::AccountCreated, Label::new(""), at(-377_705_116_800)),
    ] {
        assert_eq!(serde_json::from_str::<Event>(&text(&event)).unwrap(), event);
        let recorded = Recorded { sequence: Sequence::new(7), event };
        let written = serde_json::to_string(&recorded).unwrap();
        assert_eq!(serde_json::from_str::<Recorded>(&written).unwrap(), recorded);
    }
}

/// A dual-stack socket reports `::ffff:192.0.2.1` (firezone#15013); older trails hold such texts.
#[test]
fn a_mapped_address_is_read_as_the_address_it_means() {
    let event: Event =
        serde_json::from_str(r#"{"action":"access.granted","actor":"x","at":0,"address":"::ffff:192.0.2.1"}"#).unwrap();
    assert_eq!(event.address(), Some("192.0.2.1".parse().unwrap()));
}

#[test]
fn a_malformed_event_is_refused() {
    for text in [
        r#"{"action":"token.revoked","actor":"x"}"#,
        r#"{"action":"nonsense","actor":"x","at":0}"#,
        r#"{"action":"token.revoked","actor":"x","at":9223372036854775807}"#,
        r#"{"action":"token.revoked","actor":"x","at":253402300800}"#,
        r#"{"action":"token.revoked","actor":"x","at":-377705116801}"#,
        r#"{"action":"token.revoked","actor":"x","at":0,"until":253402300800}"#,
        r#"{"action":"token.revoked","actor":"x","at":0,"extra":1}"#,
        r#"{"action":"token.revoked","actor":"x","at":0,"count":0}"#,
        r#"{"action":"token.revoked","actor":"x","at":0,"count":4294967296}"#,
        r#"{"action":"token.revoked","actor":"x","at":0,"address":"10.0.0.1/8"}"#,
        r#"{"action":"token.revoked","actor":"x","at":0,"changes":{"role":{"was":"Member"}}}"#,
    ] {
        assert!(serde_json::from_str::<Event>(text).is_err(), "{text}");
    }
}

#[test]
fn an_end_before_the_beginning_is_not_believed() {
    let event: Event =
        serde_json::from_str(r#"{"action":"access.granted","actor":"x","at":60,"until":59,"count":2}"#).unwrap();
    assert_eq!(event.last_at(), at(60));
}
