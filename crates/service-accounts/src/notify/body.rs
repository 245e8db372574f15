//! What a message says.
//!
//! A message holds what the trail holds of the event, and so no secret. Its form is part of the contract with
//! receivers: fields are added, not changed.

use serde_json::{Value, json};
use service_accounts_audit::{Action, Event, Label, Recorded};
use time::UtcDateTime;

use super::{Format, Subscription};

/// The longest body, in bytes; a longer one leaves out what changed.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// The body of the message that tells this event.
pub(super) fn body(subscription: &Subscription, name: &str, recorded: &Recorded) -> String {
    match subscription.format {
        Format::Json => json_body(subscription, name, recorded),
        Format::Slack => json!({ "text": line(subscription, name, &recorded.event) }).to_string(),
    }
}

/// One object: the event's name, instant and place, the application, and the data. A body that would be too long says
/// so in the place of the data.
///
/// Cut down, it still names the event and its place in the trail, where the rest can be read.
fn json_body(subscription: &Subscription, name: &str, recorded: &Recorded) -> String {
    let written = |data: Value| {
        json!({
            "type": name,
            "timestamp": rfc3339(recorded.event.at()),
            "application": subscription.application,
            "place": recorded.sequence.number(),
            "data": data,
        })
        .to_string()
    };
    let whole = written(data(&recorded.event));
    if whole.len() <= MOST_BYTES { whole } else { written(json!({ "is_cut": true })) }
}

/// What the host has published, or what this system's trail has, without empty fields.
fn data(event: &Event) -> Value {
    if event.action() == Action::ApplicationPublished {
        // It was JSON when it was published.
        return event.payload().and_then(|payload| serde_json::from_str(payload.as_str()).ok()).unwrap_or_default();
    }
    fn text(label: Option<&Label>) -> Option<&str> {
        label.map(Label::as_str)
    }
    let mut data = json!({
        "actor": event.actor().as_str(),
        "account": text(event.account()),
        "token": text(event.token()),
        "token_name": text(event.token_name()),
        "address": event.address(),
        "reason": text(event.reason()),
        "count": event.count(),
        "changes": event.changes(),
        "details": event.details(),
    });
    if let Some(fields) = data.as_object_mut() {
        fields.retain(|_, value| !value.is_null() && *value != json!({}));
    }
    data
}

/// One line for people. Slack reads `&`, `<` and `>` as markup, so that a name could otherwise call a whole channel.
///
/// Payloads of the host go in as JSON behind the line; nobody has said how to write them for people.
fn line(subscription: &Subscription, name: &str, event: &Event) -> String {
    let about = [("account", event.account()), ("token", event.token_name()), ("reason", event.reason())];
    let about = about.into_iter().filter_map(|(what, label)| label.map(|label| format!(" {what} {label}")));
    let payload = event.payload().map(|payload| format!(" {}", payload.as_str()));
    let line = format!("{}: {name}", subscription.application);
    let by = if event.payload().is_some() { String::new() } else { format!(" by {}", event.actor()) };
    let line = about.chain([by]).chain(payload).fold(line, |line, part| line + &part);
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whole seconds in UTC. The years that RFC 3339 cannot write do not come from a clock.
fn rfc3339(at: UtcDateTime) -> String {
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
}

#[cfg(test)]
mod tests {
    use service_accounts_audit::{Payload, Sequence};

    use super::*;
    use crate::notify::{ApplicationName, SubscriptionId, SubscriptionState, TargetUrl};

    const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;

    fn subscription(format: Format) -> Subscription {
        Subscription {
            id: SubscriptionId::of([7; 10]),
            account: service_accounts_naming::AccountId::parse("pipeline@service").unwrap(),
            application: ApplicationName::parse("billing").unwrap(),
            events: Vec::new(),
            url: TargetUrl::parse("https://hooks.example.com/x").unwrap(),
            format,
            state: SubscriptionState::Enabled,
            created_at: AT,
            created_by: Label::new("ada"),
            account_created_at: AT,
            seeds: Vec::new(),
            run: 0,
            start: Sequence::new(0),
        }
    }

    #[test]
    fn a_body_that_would_be_too_long_is_sent_without_its_data_and_says_so() {
        let mut event = Event::new(Action::AccountUpdated, Label::new("ada"), AT);
        for number in 0..90 {
            event = event.with(Label::new(&format!("{number}")), Label::new(&"\u{10ffff}".repeat(Label::MAX_CHARS)));
            let recorded = Recorded { sequence: Sequence::new(7), event: event.clone() };
            let body = body(&subscription(Format::Json), "account.updated", &recorded);
            assert!(body.len() <= MOST_BYTES, "{number}");
            let read: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((&read["place"], &read["type"]), (&json!(7), &json!("account.updated")));
            assert_eq!(read["data"].get("is_cut").is_some(), number > 79, "{number}");
        }
    }

    #[test]
    fn a_line_for_slack_has_64_kilobytes_at_most_whatever_is_marked_up_in_it() {
        let payload = Payload::parse(&format!("\"{}\"", "&".repeat(Payload::MAX_BYTES - 2))).unwrap();
        let name = Label::new(&"&".repeat(Label::MAX_CHARS));
        let event =
            Event::new(Action::ApplicationPublished, name.clone(), AT).because(name.clone()).about_account(name);
        let recorded = Recorded { sequence: Sequence::new(7), event: event.carrying(payload) };
        let body = body(&subscription(Format::Slack), "invoice.paid", &recorded);
        assert!((40_000..=MOST_BYTES).contains(&body.len()), "{}", body.len());
    }

    #[test]
    fn an_instant_is_written_as_rfc_3339_says() {
        let at = UtcDateTime::from_unix_timestamp(1_760_000_001).unwrap();
        assert_eq!(rfc3339(at), "2025-10-09T08:53:21Z");
    }
}
