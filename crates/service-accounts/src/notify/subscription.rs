//! What is kept of a subscription.

use serde::{Deserialize, Serialize};
use service_accounts_audit::{Action, Event, Label, Sequence};
use service_accounts_naming::AccountId;
use service_accounts_store::DocumentId;
use service_accounts_token::PepperId;
use time::{Duration, UtcDateTime};

use super::{ApplicationName, Delivery, EventPattern, SubscriptionId, TargetUrl};
use crate::{Unavailable, core::documents::seconds};

/// Who is told which events of which application, and where.
///
/// It belongs to a service account, which must hold the permission of the application when it is subscribed and each time
/// something is delivered.
///
/// It is a document of the store, and holds the seeds of its signing secrets, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Its name.
    pub id: SubscriptionId,
    /// The account that must hold the application's permission.
    pub account: AccountId,
    /// Whose events it is told.
    pub application: ApplicationName,
    /// Which of its events.
    pub events: Vec<EventPattern>,
    /// Where they are sent. Its path may hold a secret of the receiver's, so the trail names the host alone.
    pub url: TargetUrl,
    /// How they are written.
    pub format: Format,
    /// Whether it is delivered to.
    pub state: SubscriptionState,
    /// When it was made.
    #[serde(with = "seconds")]
    pub created_at: UtcDateTime,
    /// Who made it.
    pub created_by: Label,
    /// An account that was created anew under the same id is another one.
    #[serde(with = "seconds")]
    pub(crate) account_created_at: UtcDateTime,
    /// What its signing secrets are derived from, the newest first.
    pub(crate) seeds: Vec<Seed>,
    /// Counts how often the place of reading was set by hand.
    pub(crate) run: u32,
    /// The last event that is not delivered in this run.
    pub(crate) start: Sequence,
}

/// How messages are written.
///
/// Either is one body in UTF-8, with `content-type: application/json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `{type, timestamp, application, place, data}`.
    #[default]
    Json,
    /// `{text}`, one line, as Slack and its kin take it.
    Slack,
}

/// Whether a subscription is delivered to.
///
/// Only a disabled one remembers its deliveries here; those of an enabled one stand with its cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SubscriptionState {
    /// It is.
    Enabled,
    /// It is not until somebody enables it; it goes on then with the event it stopped at.
    Disabled {
        /// Why.
        because: DisabledBecause,
        /// Since when.
        #[serde(with = "seconds")]
        at: UtcDateTime,
        /// The last event that was delivered or passed over.
        place: Sequence,
        /// The last deliveries, the newest first.
        deliveries: Vec<Delivery>,
    },
}

/// Why a subscription is not delivered to.
///
/// The alert and the event carry the stable name.
///
/// ```
/// use service_accounts::DisabledBecause;
///
/// assert_eq!(DisabledBecause::ReceiverGone.as_str(), "receiver_gone");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledBecause {
    /// A message was tried for as long as the host tries.
    DeliveriesFailed,
    /// The receiver answered that it is gone for good (410).
    ReceiverGone,
    /// The account does not work, or lost its permission on the application.
    NotPermitted,
}

impl DisabledBecause {
    /// The stable name, such as `deliveries_failed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeliveriesFailed => "deliveries_failed",
            Self::ReceiverGone => "receiver_gone",
            Self::NotPermitted => "not_permitted",
        }
    }
}

/// What a signing secret is derived from, together with a pepper; it is not secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    pub(crate) pepper: PepperId,
    pub(crate) seed: String,
    /// When the secret stops signing; none for the present one.
    pub(crate) until: Option<i64>,
}

impl Seed {
    pub(crate) fn is_live(&self, now: UtcDateTime) -> bool {
        self.until.is_none_or(|until| now.unix_timestamp() < until)
    }
}

impl Subscription {
    /// How many subscriptions an account may have.
    pub const MOST: usize = 20;

    /// How many patterns of events one subscription may have.
    pub const MOST_EVENTS: usize = 50;

    /// For how long an earlier signing secret signs beside the new one.
    pub const OVERLAP: Duration = Duration::days(1);

    /// How many secrets may sign at once.
    pub(crate) const MOST_SECRETS: usize = 3;

    /// Whether it is delivered to.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        matches!(self.state, SubscriptionState::Enabled)
    }

    /// The name under which an event is told, if it is one of this subscription's.
    ///
    /// The test message is told whatever the patterns say; everything else must fit one of them.
    pub(crate) fn name_of<'e>(&self, event: &'e Event) -> Option<&'e str> {
        let detail = |name: &str| event.details().get(name).map(Label::as_str);
        let name = match event.action() {
            Action::SubscriptionTested if detail("subscription") == Some(self.id.as_str()) => {
                return Some(event.action().as_str());
            }
            Action::ApplicationPublished if detail("application") == Some(self.application.as_str()) => {
                detail("event")?
            }
            Action::ApplicationPublished => return None,
            action if self.application.is_own() => action.as_str(),
            _ => return None,
        };
        self.events.iter().any(|pattern| pattern.matches(name)).then_some(name)
    }

    /// The same, enabled, going on behind this place.
    pub(crate) fn restarted(self, start: Sequence) -> Self {
        Self { state: SubscriptionState::Enabled, run: self.run.saturating_add(1), start, ..self }
    }

    /// Its id among the documents: those of one account stand together.
    pub(crate) fn document_id(&self) -> Option<DocumentId> {
        document_id(&self.account, &self.id)
    }
}

/// A local part has at most 64 bytes, so this is a document id.
pub(crate) fn document_id(account: &AccountId, id: &SubscriptionId) -> Option<DocumentId> {
    DocumentId::parse(&format!("{}:{id}", account.local())).ok()
}

/// In whose turn an account's subscriptions are added. An account of the same local part in another realm shares it, and
/// neither has more than its own: only two that are added at the same moment meet.
///
/// It stays when the account goes: a few bytes for each local part that ever subscribed.
pub(crate) fn turn_of(account: &AccountId) -> Result<DocumentId, Unavailable> {
    DocumentId::parse(&format!("subscriptions:{}", account.local())).map_err(Unavailable::new)
}
