//! What leaves the service: subscriptions, the events they are told, and where the next delivery stands.
//!
//! The trail is the outbox. A subscription reads it in ascending order from a cursor of its own; the cursor moves when a
//! message was delivered and not before, so whatever ends a process, each event is delivered at least once.
//!
//! ```text
//! change ─▶ event ─┐
//! publish ─▶ event ┴─▶ trail ─▶ cursor of a subscription ─▶ Outbox::next ─▶ a deliverer ─▶ Outbox::settle ─▶ cursor
//! ```

mod address;
mod applications;
mod body;
mod ending;
mod lease;
mod message;
mod names;
mod outbox;
mod publish;
mod reader;
mod readers;
mod retries;
mod secrets;
mod subscription;
mod target;

pub use self::{
    address::is_public,
    message::{Message, Signing},
    names::{ApplicationName, EventName, EventPattern, NotificationNameError, SubscriptionId},
    outbox::{Next, Outbox},
    reader::{Delivery, DeliveryState, Failure, Outcome},
    readers::trail_readers,
    retries::Retries,
    subscription::{DisabledBecause, Format, Subscription, SubscriptionState},
    target::{TargetError, TargetUrl, Targets},
};
pub(crate) use self::{
    applications::Applications,
    reader::{reader_id, remembered},
    subscription::{Seed, document_id, turn_of},
};
