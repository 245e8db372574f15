//! Subscriptions, and what became of their messages.

use serde::{Deserialize, Serialize};
use service_accounts::{
    ApplicationName, CreatedSubscription, Delivery, DeliveryState, EventPattern, Failure, Format, NewSubscription,
    Subscription, SubscriptionState, TargetUrl, audit::Label,
};
use utoipa::ToSchema;

use super::instant::Instant;

/// What an account is to be told, and where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Subscribe)]
pub(crate) struct SubscribeRequest {
    /// An application of the host's, or `service-accounts` for this system itself.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "service-accounts")]
    application: ApplicationName,
    /// Names such as `token.revoked`, all of a noun such as `token.*`, or `*`.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 50)]
    events: Vec<EventPattern>,
    /// An `https` URL on the public Internet, unless the host allows others.
    #[schema(value_type = String, max_length = 2048, example = "https://hooks.example.com/x")]
    url: TargetUrl,
    /// How messages are written; left out, `json`.
    #[serde(default)]
    #[schema(value_type = Option<FormatShape>)]
    format: FormatWord,
}

/// How messages are written; `json` where nothing is said.
#[derive(Clone, Copy, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum FormatWord {
    #[default]
    Json,
    Slack,
}

/// How messages are written.
#[derive(ToSchema)]
#[schema(as = Format, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum FormatShape {
    Json,
    Slack,
}

/// Names and URL were parsed with the body, so what does not fit was told by its field.
impl From<SubscribeRequest> for NewSubscription {
    fn from(asked: SubscribeRequest) -> Self {
        let format = match asked.format {
            FormatWord::Json => Format::Json,
            FormatWord::Slack => Format::Slack,
        };
        Self { application: asked.application, events: asked.events, url: asked.url, format }
    }
}

/// Where to deliver again from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Replay)]
pub(crate) struct ReplayRequest {
    /// The place of the first event that is told again, as messages and the audit trail show it.
    #[schema(minimum = 1)]
    pub(crate) from: i64,
}

/// Who is told which events, and where.
#[derive(Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(crate) struct SubscriptionView {
    /// Its id.
    id: String,
    /// The account that is told.
    account: String,
    /// Whose events it is about.
    application: String,
    /// Which events it is about.
    events: Vec<String>,
    /// Where messages are sent.
    url: String,
    /// How messages are written.
    #[schema(value_type = FormatShape)]
    format: FormatWord,
    /// Whether it is delivered to.
    #[schema(value_type = SubscriptionStateShape)]
    state: &'static str,
    /// Why it is switched off: `deliveries_failed`, `receiver_gone` or `not_permitted`.
    disabled_because: Option<&'static str>,
    /// When it was switched off; null while it is delivered to.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Instant>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// Who made it.
    #[schema(value_type = String)]
    created_by: Label,
}

/// Whether a subscription is delivered to.
#[derive(ToSchema)]
#[schema(as = SubscriptionState, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum SubscriptionStateShape {
    Enabled,
    Disabled,
}

/// The URL is shown whole to whoever may read subscriptions; the trail has its host alone.
impl SubscriptionView {
    pub(crate) fn new(subscription: &Subscription) -> Self {
        let (state, disabled) = match &subscription.state {
            SubscriptionState::Enabled => ("enabled", None),
            SubscriptionState::Disabled { because, at, .. } => ("disabled", Some((because.as_str(), Instant(*at)))),
        };
        Self {
            id: subscription.id.as_str().into(),
            account: subscription.account.as_str().into(),
            application: subscription.application.as_str().into(),
            events: subscription.events.iter().map(|event| event.as_str().into()).collect(),
            url: subscription.url.as_str().into(),
            format: match subscription.format {
                Format::Json => FormatWord::Json,
                Format::Slack => FormatWord::Slack,
            },
            state,
            disabled_because: disabled.map(|(because, _)| because),
            disabled_at: disabled.map(|(_, at)| at),
            created_at: Instant(subscription.created_at),
            created_by: subscription.created_by.clone(),
        }
    }
}

/// A new subscription, with the one sight of the secret that signs its messages.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedSubscription)]
pub(crate) struct CreatedSubscriptionView {
    /// What the receiver verifies signatures with, as Standard Webhooks writes it.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
    #[serde(flatten)]
    subscription: SubscriptionView,
}

impl CreatedSubscriptionView {
    pub(crate) fn new(created: &CreatedSubscription) -> Self {
        Self { secret: created.secret.expose(), subscription: SubscriptionView::new(&created.subscription) }
    }
}

/// A signing secret, shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningSecret)]
pub(crate) struct SigningSecretView {
    /// What the receiver verifies signatures with, as Standard Webhooks writes it.
    pub(crate) secret: String,
}

/// What became of one message.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
    /// The message's id, which the receiver sees as `webhook-id`.
    message: String,
    /// The name of the event, such as `token.revoked`.
    event: String,
    /// How often it was sent.
    attempts: u32,
    /// When it was sent last.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// How the last attempt ended.
    #[schema(value_type = DeliveryStateShape)]
    state: &'static str,
    /// Why the last attempt failed: `status`, `timed_out`, `connection` or `target_refused`.
    failure: Option<&'static str>,
    /// What the receiver answered, where it answered with another status than 2xx.
    status: Option<u16>,
}

/// How the last attempt ended; a failed message is sent again.
#[derive(ToSchema)]
#[schema(as = DeliveryState, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum DeliveryStateShape {
    Delivered,
    Failed,
}

/// What the receiver wrote in its answer is kept nowhere.
impl DeliveryView {
    pub(crate) fn new(delivery: &Delivery) -> Self {
        let (state, failure) = match delivery.state {
            DeliveryState::Delivered => ("delivered", None),
            DeliveryState::Failed(failure) => ("failed", Some(failure)),
        };
        let status = match failure {
            Some(Failure::Status(status)) => Some(status),
            _ => None,
        };
        Self {
            message: delivery.message.as_str().into(),
            event: delivery.event.as_str().into(),
            attempts: delivery.attempts,
            at: Instant(delivery.at),
            state,
            failure: failure.map(Failure::as_str),
            status,
        }
    }
}
