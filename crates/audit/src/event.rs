//! One sentence of the audit trail.

use alloc::collections::BTreeMap;
use core::{net::IpAddr, num::NonZeroU32};

use time::UtcDateTime;

use crate::{Action, Changed, Label, Payload, Value};

/// What happened, when, by whom, to whom, from where and why, and what it changed.
///
/// It names accounts and tokens by id; nothing in it lets anybody in. An event may stand for several accesses that
/// differ only in their time: see [`repeated`](Self::repeated).
///
/// With the feature `serde` it is one JSON object. Fields that say nothing are left out, and every text that an earlier
/// version wrote still reads back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Event {
    action: Action,
    actor: Label,
    #[cfg_attr(feature = "serde", serde(with = "crate::unix_seconds"))]
    at: UtcDateTime,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", with = "crate::unix_seconds::optional")
    )]
    until: Option<UtcDateTime>,
    #[cfg_attr(feature = "serde", serde(default = "once", skip_serializing_if = "is_once"))]
    count: NonZeroU32,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    account: Option<Label>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    token: Option<Label>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    token_name: Option<Label>,
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "canonical_address")
    )]
    address: Option<IpAddr>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    reason: Option<Label>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    changes: BTreeMap<Label, Changed>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    details: BTreeMap<Label, Label>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    payload: Option<Payload>,
}

impl Event {
    /// An event about nothing in particular yet.
    #[must_use]
    pub const fn new(action: Action, actor: Label, at: UtcDateTime) -> Self {
        Self {
            action,
            actor,
            at,
            until: None,
            count: NonZeroU32::MIN,
            account: None,
            token: None,
            token_name: None,
            address: None,
            reason: None,
            changes: BTreeMap::new(),
            details: BTreeMap::new(),
            payload: None,
        }
    }

    /// Names the account it happened to.
    #[must_use]
    pub fn about_account(self, account: Label) -> Self {
        Self { account: Some(account), ..self }
    }

    /// Names the token, session or secret it happened to, by id.
    #[must_use]
    pub fn about_token(self, token: Label) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Adds the name people know the token by.
    #[must_use]
    pub fn named(self, token_name: Label) -> Self {
        Self { token_name: Some(token_name), ..self }
    }

    /// Tells the client address, if it is known; `::ffff:192.0.2.1` is kept as `192.0.2.1`.
    #[must_use]
    pub fn from_address(self, address: Option<IpAddr>) -> Self {
        Self { address: address.map(|address| address.to_canonical()), ..self }
    }

    /// Tells the exact reason, for those who may read the trail.
    #[must_use]
    pub fn because(self, reason: Label) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Makes the event stand for `count` accesses, of which the first was at [`at`](Self::at) and the last at `last`.
    ///
    /// A count of zero counts as one. A last instant within the same second as the first, or before it, is left out.
    #[must_use]
    pub fn repeated(self, count: u32, last: UtcDateTime) -> Self {
        let until = (last.unix_timestamp() > self.at.unix_timestamp()).then_some(last);
        Self { count: NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN), until, ..self }
    }

    /// Tells what became of one field; a field that did not change is left out.
    ///
    /// Lists are written as one text, such as `invoices:view, users:view`. Each side is cut at [`Value::MAX_CHARS`].
    #[must_use]
    pub fn changed(mut self, field: Label, old: Option<&str>, new: Option<&str>) -> Self {
        if old != new {
            self.changes.insert(field, Changed { old: old.map(Value::new), new: new.map(Value::new) });
        }
        self
    }

    /// Adds one fact under a name of its own; the last value given for a name stays.
    #[must_use]
    pub fn with(mut self, name: Label, value: Label) -> Self {
        self.details.insert(name, value);
        self
    }

    /// Carries what the host wants its subscribers to be told.
    #[must_use]
    pub fn carrying(self, payload: Payload) -> Self {
        Self { payload: Some(payload), ..self }
    }

    /// What happened.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Who did it.
    #[must_use]
    pub const fn actor(&self) -> &Label {
        &self.actor
    }

    /// When it happened, or happened first.
    #[must_use]
    pub const fn at(&self) -> UtcDateTime {
        self.at
    }

    /// When it happened last; equals [`at`](Self::at) for what happened once or within one second.
    #[must_use]
    pub fn last_at(&self) -> UtcDateTime {
        self.until.map_or(self.at, |until| until.max(self.at))
    }

    /// How many accesses the event stands for, at least one.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count.get()
    }

    /// The account it happened to.
    #[must_use]
    pub const fn account(&self) -> Option<&Label> {
        self.account.as_ref()
    }

    /// The id of the token it happened to.
    #[must_use]
    pub const fn token(&self) -> Option<&Label> {
        self.token.as_ref()
    }

    /// The name people know that token by.
    #[must_use]
    pub const fn token_name(&self) -> Option<&Label> {
        self.token_name.as_ref()
    }

    /// The client address.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The exact reason.
    #[must_use]
    pub const fn reason(&self) -> Option<&Label> {
        self.reason.as_ref()
    }

    /// What changed, by field.
    #[must_use]
    pub const fn changes(&self) -> &BTreeMap<Label, Changed> {
        &self.changes
    }

    /// Further facts by name.
    #[must_use]
    pub const fn details(&self) -> &BTreeMap<Label, Label> {
        &self.details
    }

    /// What subscribers are told of an event of the host's.
    #[must_use]
    pub const fn payload(&self) -> Option<&Payload> {
        self.payload.as_ref()
    }
}

#[cfg(feature = "serde")]
const fn once() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[cfg(feature = "serde")]
fn is_once(count: &NonZeroU32) -> bool {
    *count == NonZeroU32::MIN
}

#[cfg(feature = "serde")]
fn canonical_address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    <Option<IpAddr> as serde::Deserialize>::deserialize(deserializer)
        .map(|address| address.map(|address| address.to_canonical()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event::new(Action::AccountUpdated, Label::new("ops"), UtcDateTime::UNIX_EPOCH)
    }

    fn seconds(seconds: i64) -> UtcDateTime {
        UtcDateTime::from_unix_timestamp(seconds).unwrap()
    }

    #[test]
    fn an_event_stands_for_one_access_unless_it_says_otherwise() {
        for (event, count, last) in [
            (event(), 1, 0),
            (event().repeated(0, seconds(0)), 1, 0),
            (event().repeated(7, seconds(59)), 7, 59),
            (event().repeated(7, seconds(-1)), 7, 0),
        ] {
            assert_eq!((event.count(), event.last_at()), (count, seconds(last)));
        }
    }

    #[test]
    fn what_did_not_change_is_left_out() {
        let event = event()
            .changed(Label::new("role"), Some("Member"), Some("Admin"))
            .changed(Label::new("teams"), Some("billing"), Some("billing"))
            .changed(Label::new("networks"), None, None)
            .changed(Label::new("expires_at"), Some("2030-01-01"), None);
        let role = Changed { old: Some(Value::new("Member")), new: Some(Value::new("Admin")) };
        let end = Changed { old: Some(Value::new("2030-01-01")), new: None };
        let expected = [(Label::new("expires_at"), end), (Label::new("role"), role)];
        assert_eq!(event.changes(), &BTreeMap::from(expected));
    }

    /// A dual-stack socket reports `::ffff:192.0.2.1` (firezone#15013).
    #[test]
    fn an_address_has_one_spelling() {
        for (given, kept) in [("::ffff:192.0.2.1", "192.0.2.1"), ("192.0.2.1", "192.0.2.1"), ("::1", "::1")] {
            let event = event().from_address(Some(given.parse().unwrap()));
            assert_eq!(event.address(), Some(kept.parse().unwrap()));
        }
    }
}
