//! One message on its way to one receiver.

use std::sync::Arc;

use service_accounts_audit::Recorded;
use service_accounts_token::{Keyring, SigningSecret};
use time::UtcDateTime;

use super::{Subscription, TargetUrl, body::body, reader::Standing};

/// A message that is to be delivered now.
///
/// Its id and body are the same on every attempt, so a receiver that has seen the id has seen the message.
///
/// Hand it back to [`Outbox::settle`](super::Outbox::settle) with what came of the attempt.
#[derive(Clone, Debug)]
pub struct Message {
    pub(super) subscription: Arc<Subscription>,
    pub(super) recorded: Recorded,
    pub(super) standing: Standing,
    pub(super) name: String,
    id: String,
    body: String,
}

/// What signs a message: the header's values for one attempt.
///
/// Another attempt has another timestamp, and so other signatures: receivers refuse old ones, which a copy of a message
/// would have. `Debug` leaves the signatures out.
#[derive(Clone, PartialEq, Eq)]
pub struct Signing {
    /// `webhook-timestamp`: the seconds since 1970 at which this attempt is made.
    pub timestamp: i64,
    /// `webhook-signature`: one signature for each secret that is live, separated by spaces.
    pub signatures: String,
}

impl Message {
    /// The most memory that the body takes, in bytes.
    ///
    /// A longer one is sent without its data and says so.
    pub const MOST_BYTES: usize = super::body::MOST_BYTES;

    pub(super) fn new(subscription: &Arc<Subscription>, name: &str, recorded: Recorded, standing: Standing) -> Self {
        Self {
            id: format!("msg_{}_{}", subscription.id, recorded.sequence),
            body: body(subscription, name, &recorded),
            name: name.to_owned(),
            subscription: subscription.clone(),
            recorded,
            standing,
        }
    }

    /// `webhook-id`.
    ///
    /// `msg_`, the subscription and the event's place: receivers remember it to recognise a repeat.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it goes.
    #[must_use]
    pub fn url(&self) -> &TargetUrl {
        &self.subscription.url
    }

    /// What it says, as JSON.
    ///
    /// The signature covers these very bytes, so send them as they are.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The subscription it is delivered for.
    #[must_use]
    pub fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    /// How often it was tried before.
    /// Zero for one that is tried for the first time.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.standing.reader.attempts
    }

    /// Signs this attempt; `None` where the pepper of every live secret is gone.
    pub(super) fn sign(&self, keyring: &Keyring, now: UtcDateTime) -> Option<Signing> {
        let timestamp = now.unix_timestamp();
        let live = self.subscription.seeds.iter().filter(|seed| seed.is_live(now));
        let secrets = live.filter_map(|seed| keyring.signing_secret(seed.pepper, seed.seed.as_bytes()));
        let sign = |secret: SigningSecret| secret.sign(&self.id, timestamp, self.body.as_bytes());
        let signatures: Vec<_> = secrets.map(sign).collect();
        (!signatures.is_empty()).then(|| Signing { timestamp, signatures: signatures.join(" ") })
    }
}

impl std::fmt::Debug for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signing").field("timestamp", &self.timestamp).finish_non_exhaustive()
    }
}
