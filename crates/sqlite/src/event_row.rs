//! One event as a row: what is searched for in columns, the rest as JSON, nothing twice.

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr, num::NonZeroU32};

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use service_accounts_audit::{Changed, Event, Label, Payload, Value};
use time::UtcDateTime;

use crate::{
    SqliteError,
    rows::{decode, encode, instant, text},
};

/// Reads the event at a place; [`decode_event`] takes its row.
pub(crate) const SELECT: &str =
    "SELECT event.at, action.text, actor.text, event.account, account.text, event.token, token.text, event.rest
     FROM event
     LEFT JOIN label AS action ON action.number = event.action
     LEFT JOIN label AS actor ON actor.number = event.actor
     LEFT JOIN label AS account ON account.number = event.account
     LEFT JOIN label AS token ON token.number = event.token
     WHERE sequence = ?1";

const CORRUPT: SqliteError = SqliteError::Corrupt { table: "event" };

/// What no column says of an event; the names are those of the event's own JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rest<'e> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<NonZeroU32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_name: Option<Label>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Label>,
    #[serde(default, skip_serializing_if = "is_empty")]
    changes: Cow<'e, BTreeMap<Label, Changed>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    details: Cow<'e, BTreeMap<Label, Label>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<Payload>,
}

/// The column `rest`.
pub(crate) fn encode_rest(event: &Event) -> Result<String, SqliteError> {
    let (at, last) = (event.at().unix_timestamp(), event.last_at().unix_timestamp());
    encode(&Rest {
        until: (last > at).then_some(last),
        count: NonZeroU32::new(event.count()).filter(|count| count.get() > 1),
        token_name: event.token_name().cloned(),
        address: event.address(),
        reason: event.reason().cloned(),
        changes: Cow::Borrowed(event.changes()),
        details: Cow::Borrowed(event.details()),
        payload: event.payload().cloned(),
    })
}

/// The event of a row of [`SELECT`].
pub(crate) fn decode_event(row: &Row<'_>) -> Result<Event, SqliteError> {
    let at = instant(row, 0, "event")?.ok_or(CORRUPT)?;
    let action = text(row, 1, "event")?.parse().map_err(|_| CORRUPT)?;
    let event = Event::new(action, Label::new(text(row, 2, "event")?), at);
    let event = named(row, 3, 4)?.into_iter().fold(event, Event::about_account);
    let event = named(row, 5, 6)?.into_iter().fold(event, Event::about_token);
    decode::<Rest<'_>>(row, 7, "event")?.told_by(event)
}

/// The text of a number that may be absent.
fn named(row: &Row<'_>, number: usize, label: usize) -> Result<Option<Label>, SqliteError> {
    match row.get_ref(number)?.as_i64_or_null().map_err(|_| CORRUPT)? {
        Some(_) => Ok(Some(Label::new(text(row, label, "event")?))),
        None => Ok(None),
    }
}

impl Rest<'_> {
    fn told_by(self, event: Event) -> Result<Event, SqliteError> {
        let last = self.until.map(UtcDateTime::from_unix_timestamp).transpose().map_err(|_| CORRUPT)?;
        let at = event.at();
        let event =
            event.from_address(self.address).repeated(self.count.map_or(1, NonZeroU32::get), last.unwrap_or(at));
        let event = self.token_name.into_iter().fold(event, Event::named);
        let event = self.reason.into_iter().fold(event, Event::because);
        let event = self.changes.into_owned().into_iter().fold(event, |event, (field, Changed { old, new })| {
            event.changed(field, old.as_ref().map(Value::as_str), new.as_ref().map(Value::as_str))
        });
        let event = self.details.into_owned().into_iter().fold(event, |event, (name, value)| event.with(name, value));
        Ok(self.payload.into_iter().fold(event, Event::carrying))
    }
}

fn is_empty<V: Clone>(map: &BTreeMap<Label, V>) -> bool {
    map.is_empty()
}
