//! Events of the host's own applications.
//!
//! A payload is kept in the event that tells it, as one line of JSON of at most 8 KiB. So one append is durable, has
//! its place in the order of everything else, and is sealed and trimmed with it; a document for each would need a
//! second write and a collector of its own. Given up: who may read the trail may read what the host publishes, for as
//! long as the trail holds events. Publish ids, not secrets.

use serde::Serialize;
use service_accounts_access::Permission;
use service_accounts_audit::{Action, Event, Label, Payload};
use service_accounts_store::Store;

use super::{ApplicationName, EventName};
use crate::{Error, ServiceAccounts};

impl<S: Store + 'static, P: Permission> ServiceAccounts<S, P> {
    /// Tells this realm's subscribers of an application that something happened there.
    ///
    /// The event is in the trail when this returns, and from there it is delivered at least once to each subscription that
    /// asks for it. The payload is kept in the trail as it is, for as long as the trail keeps events: put no secret into it.
    ///
    /// ```
    /// # use service_accounts::{ApplicationName, EventName, ServiceAccounts, access::presets::data_quality::{self, Permission}};
    /// # use service_accounts::{store::MemoryStore, token::{Keyring, Pepper, PepperId, Vendor}};
    /// # pollster::block_on(async {
    /// # let keyring = Keyring::new(PepperId::parse("k1")?, Pepper::from_bytes([7; 32]));
    /// let billing = ApplicationName::parse("billing")?;
    /// let accounts = ServiceAccounts::builder(MemoryStore::new(), Vendor::parse("acme")?, keyring,
    ///     data_quality::catalogue(), Permission::ServiceAccountsManage)
    ///     .application(billing.clone(), Permission::ResultsRead, None)
    ///     .build();
    /// let paid = serde_json::json!({ "invoice": 4711 });
    /// accounts.publish(&billing, &EventName::parse("invoice.paid")?, &paid).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The host has no such application, the payload is longer than [`Payload::MAX_BYTES`] as JSON, or the store failed.
    pub async fn publish<T: Serialize + ?Sized>(
        &self,
        application: &ApplicationName,
        event: &EventName,
        payload: &T,
    ) -> Result<(), Error> {
        if application.is_own() {
            return Err(Error::ApplicationMissing);
        }
        self.core.rules.needed_for(application)?;
        let payload = one_line(payload).ok_or(Error::PayloadTooLong { most: Payload::MAX_BYTES })?;
        let told = Event::new(Action::ApplicationPublished, Label::new("host"), self.core.now())
            .with(Label::new("application"), Label::new(application.as_str()))
            .with(Label::new("event"), Label::new(event.as_str()))
            .with(Label::new("realm"), Label::new(self.core.rules.realm.as_str()))
            .carrying(payload);
        self.core.record(told).await
    }
}

/// JSON in which nothing breaks a line: what could stands inside strings, where it can be written as an escape.
///
/// The trail is a file of lines and may be exported as one.
fn one_line<T: Serialize + ?Sized>(payload: &T) -> Option<Payload> {
    let text = serde_json::to_string(payload).ok()?;
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let escape = |c: char| if breaks(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    Payload::parse(&text.chars().map(escape).collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_stays_on_one_line_and_means_the_same() {
        let value = serde_json::json!({ "text": "a\nb\u{2028}c\u{85}d\u{7f}" });
        let payload = one_line(&value).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(payload.as_str()).unwrap(), value);
    }
}
