//! Where a subscription stands in the trail, and what became of its last messages.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use service_accounts_audit::{Label, Sequence};
use service_accounts_store::{Cursor, DocumentId};
use time::UtcDateTime;

use super::SubscriptionId;
use crate::{Unavailable, core::documents::seconds};

/// What became of one message.
///
/// It holds nothing of the message's body and nothing of the answer but its status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The message's id, the same on every attempt.
    pub message: Label,
    /// The event's name.
    pub event: Label,
    /// How often it was sent.
    ///
    /// Counted on after a restart of the process.
    pub attempts: u32,
    /// When it was sent last.
    #[serde(with = "seconds")]
    pub at: UtcDateTime,
    /// How that ended.
    pub state: DeliveryState,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The receiver took it.
    Delivered,
    /// It did not; the message is sent again.
    Failed(Failure),
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The receiver answered with another status than 2xx; redirects are not followed.
    Status(u16),
    /// There was no whole answer in time.
    TimedOut,
    /// There was no connection, or it ended before the answer did.
    Connection,
    /// The host does not allow the address that the name leads to.
    TargetRefused,
}

impl Failure {
    /// The stable name, such as `timed_out`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::TimedOut => "timed_out",
            Self::Connection => "connection",
            Self::TargetRefused => "target_refused",
        }
    }
}

/// How an attempt to deliver a message ended, as a deliverer tells it.
///
/// `Ok` for a status of 2xx.
pub type Outcome = Result<(), Failure>;

/// How many deliveries are kept.
const MOST_KEPT: usize = 20;

/// What the cursor of a subscription remembers.
///
/// It is the state of a cursor: at most 4 KiB, which the bound on deliveries keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reader {
    /// The run of the subscription that the place belongs to.
    pub(crate) run: u32,
    /// The attempts at the next message.
    pub(crate) attempts: u32,
    /// When the first of them failed, in unix seconds.
    pub(crate) failing_since: Option<i64>,
    /// When it is sent again, in unix seconds.
    pub(crate) not_before: Option<i64>,
    /// The last deliveries, the newest first.
    pub(crate) deliveries: VecDeque<Delivery>,
}

impl Reader {
    pub(crate) fn of_run(run: u32) -> Self {
        Self { run, ..Self::default() }
    }

    /// A state that does not read is a failure of the store; to begin anew would deliver everything again.
    pub(crate) fn read(state: &str) -> Result<Self, Unavailable> {
        serde_json::from_str(state).map_err(Unavailable::new)
    }

    pub(crate) fn write(&self) -> Result<std::sync::Arc<str>, Unavailable> {
        Ok(serde_json::to_string(self).map_err(Unavailable::new)?.into())
    }

    /// Another place, for the same or another run, that remembers what was delivered.
    pub(crate) fn moved(self, run: u32) -> Self {
        Self { deliveries: self.deliveries, ..Self::of_run(run) }
    }

    pub(crate) fn note(&mut self, delivery: Delivery) {
        self.deliveries.retain(|known| known.message != delivery.message);
        self.deliveries.push_front(delivery);
        self.deliveries.truncate(MOST_KEPT);
    }
}

/// A place in the trail and what is remembered there, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) at: Sequence,
    pub(crate) reader: Reader,
}

/// The deliveries that a cursor remembers, the newest first.
pub(crate) fn remembered(cursor: &Cursor) -> Result<Vec<Delivery>, Unavailable> {
    Ok(Reader::read(&cursor.state)?.deliveries.into())
}

/// The name under which a subscription reads the trail.
pub(crate) fn reader_id(subscription: &SubscriptionId) -> Result<DocumentId, Unavailable> {
    DocumentId::parse(&format!("webhook:{subscription}")).map_err(Unavailable::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(number: u32) -> Delivery {
        Delivery {
            message: Label::new(&format!("msg_{number}")),
            event: Label::new("token.revoked"),
            attempts: 1,
            at: UtcDateTime::UNIX_EPOCH,
            state: DeliveryState::Failed(Failure::Status(500)),
        }
    }

    #[test]
    fn the_last_deliveries_are_kept_once_each_within_four_kilobytes() {
        let mut reader = Reader::default();
        for number in 0..100 {
            reader.note(delivery(number));
            reader.note(delivery(number));
        }
        assert_eq!(reader.deliveries.len(), MOST_KEPT);
        assert_eq!(reader.deliveries.front(), Some(&delivery(99)));
        let text = reader.write().unwrap();
        assert!(text.len() < 4096, "{}", text.len());
        assert_eq!(Reader::read(&text).unwrap(), reader);
    }
}
