//! Who delivers, where several nodes could.
//!
//! The lease is a cursor whose place counts how often it was taken: moving it is the one step in a store that compares and writes
//! without an event. It stands behind all that can ever happen, so the trail is not kept for it.
//!
//! It only saves deliveries: without it, or by clocks that differ, messages come twice and none is lost. Given up:
//! after a node that died without a word nothing is delivered for up to thirty seconds, and one node does all the
//! sending.

use serde::{Deserialize, Serialize};
use service_accounts_access::Permission;
use service_accounts_audit::Sequence;
use service_accounts_store::{Cursor, DocumentId, Store};
use time::{Duration, UtcDateTime};

use super::Outbox;
use crate::Unavailable;

/// Who has it, and for how long.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lease {
    holder: String,
    /// In unix seconds.
    until: i64,
}

impl Lease {
    /// Whether it is to be waited for.
    ///
    /// One that ends later than twice the time of a lease was written by another clock, or before this one was set back.
    /// To wait for it would stop deliveries for as long as the clocks differ.
    fn holds(&self, now: UtcDateTime, time: Duration) -> bool {
        let left = self.until.saturating_sub(now.unix_timestamp());
        left > 0 && left <= time.whole_seconds().saturating_mul(2)
    }
}

impl<S: Store + 'static, P: Permission> Outbox<'_, S, P> {
    /// Takes the right to deliver in this realm, or keeps it, for a time from now; `None` while another holder has it.
    ///
    /// Nothing is delivered twice while every deliverer asks before each message. It is a matter of thrift alone: whoever
    /// delivers without it, or by a clock that is wrong, sends messages again and loses none.
    ///
    /// ```
    /// use time::Duration;
    ///
    /// # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
    /// # host::with(async |host::Host { accounts, .. }| {
    /// let outbox = accounts.outbox();
    /// assert!(outbox.hold("node-a", Duration::seconds(30)).await?.is_some());
    /// assert!(outbox.hold("node-b", Duration::seconds(30)).await?.is_none());
    /// outbox.release("node-a").await?;
    /// assert!(outbox.hold("node-b", Duration::seconds(30)).await?.is_some());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// It is renewed by the same call. `holder` must be another in each process, such as a random number drawn at its
    /// start.
    ///
    /// # Errors
    /// The store failed.
    pub async fn hold(&self, holder: &str, time: Duration) -> Result<Option<UtcDateTime>, Unavailable> {
        let (now, id) = (self.now(), self.lease_id()?);
        let found = self.core.store.cursor(&id).await.map_err(Unavailable::new)?;
        // What cannot be read is of another release, and nobody renews it here.
        let lease = found.as_ref().and_then(|cursor| serde_json::from_str::<Lease>(&cursor.state).ok());
        if lease.is_some_and(|lease| lease.holder != holder && lease.holds(now, time)) {
            return Ok(None);
        }
        let until = now.checked_add(time).unwrap_or(now);
        let from = found.map(|cursor| cursor.at);
        let to = self.lease(from, holder, until)?;
        let is_taken = self.core.store.advance(&id, from, Some(to)).await.map_err(Unavailable::new)?;
        Ok(is_taken.then_some(until))
    }

    /// Gives the right to deliver back, so that the next holder need not wait.
    ///
    /// A lease that is somebody else's by now is left alone. [`hold`](Self::hold) has the example.
    ///
    /// # Errors
    /// The store failed: the lease then ends by itself.
    pub async fn release(&self, holder: &str) -> Result<(), Unavailable> {
        let id = self.lease_id()?;
        let Some(found) = self.core.store.cursor(&id).await.map_err(Unavailable::new)? else { return Ok(()) };
        if serde_json::from_str::<Lease>(&found.state).is_ok_and(|lease| lease.holder == holder) {
            self.core.store.advance(&id, Some(found.at), None).await.map_err(Unavailable::new)?;
        }
        Ok(())
    }

    fn lease(&self, from: Option<Sequence>, holder: &str, until: UtcDateTime) -> Result<Cursor, Unavailable> {
        let behind = |place: Sequence| Sequence::new(place.number().saturating_add(1));
        let at = from.map_or(Cursor::BEHIND_EVERYTHING, behind);
        let lease = Lease { holder: holder.to_owned(), until: until.unix_timestamp() };
        let state = serde_json::to_string(&lease).map_err(Unavailable::new)?.into();
        Ok(Cursor { at, state })
    }

    fn lease_id(&self) -> Result<DocumentId, Unavailable> {
        let realm = self.core.rules.realm.as_str();
        // The longest realms fill an id alone, and no other reader has such a name.
        let id = DocumentId::parse(&format!("deliverer:{realm}")).or_else(|_| DocumentId::parse(realm));
        id.map_err(Unavailable::new)
    }
}
