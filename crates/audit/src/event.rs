//! One sentence of the audit trail.

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use time::UtcDateTime;

use crate::{Action, Label};

/// What happened, when, by whom, to whom, from where and why.
///
/// It names accounts and tokens by id; nothing in it lets anybody in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Event {
    action: Action,
    actor: Label,
    #[cfg_attr(feature = "serde", serde(with = "unix_seconds"))]
    at: UtcDateTime,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    account: Option<Label>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    token: Option<Label>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    token_name: Option<Label>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    address: Option<IpAddr>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    reason: Option<Label>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    details: BTreeMap<Label, Label>,
}

impl Event {
    /// An event about nothing in particular yet.
    #[must_use]
    pub const fn new(action: Action, actor: Label, at: UtcDateTime) -> Self {
        Self {
            action,
            actor,
            at,
            account: None,
            token: None,
            token_name: None,
            address: None,
            reason: None,
            details: BTreeMap::new(),
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

    /// Tells the client address, if it is known.
    #[must_use]
    pub fn from_address(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// Tells the exact reason, for those who may read the trail.
    #[must_use]
    pub fn because(self, reason: Label) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Adds one fact under a name of its own; the last value given for a name stays.
    #[must_use]
    pub fn with(mut self, name: Label, value: Label) -> Self {
        self.details.insert(name, value);
        self
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

    /// When, in UTC.
    #[must_use]
    pub const fn at(&self) -> UtcDateTime {
        self.at
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

    /// Further facts by name.
    #[must_use]
    pub const fn details(&self) -> &BTreeMap<Label, Label> {
        &self.details
    }
}

#[cfg(feature = "serde")]
mod unix_seconds {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use time::UtcDateTime;

    pub(super) fn serialize<S: Serializer>(at: &UtcDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.unix_timestamp())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UtcDateTime, D::Error> {
        UtcDateTime::from_unix_timestamp(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;

    fn full() -> Event {
        Event::new(Action::AccessDenied, Label::new("acme_sat"), UtcDateTime::UNIX_EPOCH)
            .about_account(Label::new("a@service"))
            .about_token(Label::new("0123456789abcdef"))
            .named(Label::new("nightly"))
            .from_address(Some(IpAddr::from([10, 0, 0, 1])))
            .because(Label::new("revoked"))
            .with(Label::new("path"), Label::new("/datastores"))
    }

    #[test]
    fn an_event_reads_back_as_it_was_written() {
        for event in [
            full(),
            Event::new(Action::AccountCreated, Label::new("x"), UtcDateTime::MAX.replace_nanosecond(0).unwrap()),
        ] {
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
    }

    #[test]
    fn a_malformed_event_is_refused() {
        for text in [
            r#"{"action":"token.revoked","actor":"x"}"#,
            r#"{"action":"nonsense","actor":"x","at":0}"#,
            r#"{"action":"token.revoked","actor":"x","at":9223372036854775807}"#,
            r#"{"action":"token.revoked","actor":"x","at":0,"extra":1}"#,
        ] {
            assert!(serde_json::from_str::<Event>(text).is_err(), "{text}");
        }
    }
}
