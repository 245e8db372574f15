//! What a detector found, and the evidence for it.

use alloc::{format, string::String};
use core::{fmt, net::IpAddr};

use time::UtcDateTime;

use super::rate::Over;
use crate::{Action, Event, Label, Recorded, Sequence};

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Alert {
    /// What was noticed.
    pub kind: AlertKind,
    /// Whom it is about: a network, account, token or actor, as the kind says.
    pub subject: Label,
    /// When the evidence was complete.
    #[cfg_attr(feature = "serde", serde(with = "crate::unix_seconds"))]
    pub at: UtcDateTime,
    /// The first event of the evidence.
    pub first: Sequence,
    /// The last event of the evidence, which raised the alert.
    pub last: Sequence,
    /// How many accesses the evidence counts.
    pub count: u32,
    /// The account of the last event.
    pub account: Option<Label>,
    /// The token of the last event.
    pub token: Option<Label>,
    /// The address of the last event.
    pub address: Option<IpAddr>,
    /// The realm that the last event names, where it is about no account: its detail `realm`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub realm: Option<Label>,
}

/// What can be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AlertKind {
    /// Repeated refusals of one network, which is the subject.
    FailuresFromSource,
    /// Repeated refusals of one account, or of who claims to be it. The account or the claimed id is the subject.
    FailuresOfAccount,
    /// Use from a network, the subject, that the account never used.
    UnfamiliarNetwork,
    /// Far more use than the account, the subject, ever had.
    SuddenUse,
    /// Use of a token, the subject, that was idle for long.
    DormantUse,
    /// A revoked token, the subject, was presented.
    RevokedUse,
    /// Rules were changed by an actor, the subject, who is not known to do so.
    PolicyChange,
    /// A subscription, the subject, is told nothing more: its receiver failed for too long or is gone, or its account may not
    /// hear of the application. No detector raises it; whoever delivers does, and the count is that of the attempts.
    SubscriptionDisabled,
}

impl AlertKind {
    /// The stable name, such as `revoked_use`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FailuresFromSource => "failures_from_source",
            Self::FailuresOfAccount => "failures_of_account",
            Self::UnfamiliarNetwork => "unfamiliar_network",
            Self::SuddenUse => "sudden_use",
            Self::DormantUse => "dormant_use",
            Self::RevokedUse => "revoked_use",
            Self::PolicyChange => "policy_change",
            Self::SubscriptionDisabled => "subscription_disabled",
        }
    }
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Alert {
    pub(super) fn new(kind: AlertKind, recorded: &Recorded, subject: &Label) -> Self {
        let event = &recorded.event;
        Self {
            kind,
            subject: subject.clone(),
            at: event.last_at(),
            first: recorded.sequence,
            last: recorded.sequence,
            count: event.count(),
            account: event.account().cloned(),
            token: event.token().cloned(),
            address: event.address(),
            realm: event.details().get("realm").cloned(),
        }
    }

    pub(super) fn counting(self, over: Over) -> Self {
        Self { first: over.first, count: over.count, ..self }
    }

    /// A name that the same alert has again if the trail is read again, so that it is told once.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}-{}", self.kind, self.last)
    }

    /// The event that tells it in the trail.
    #[must_use]
    pub fn event(&self, now: UtcDateTime) -> Event {
        let number = |sequence: Sequence| Label::new(&format!("{sequence}"));
        let event = Event::new(Action::AlertRaised, Label::new("service-accounts"), now)
            .from_address(self.address)
            .because(Label::new(self.kind.as_str()))
            .with(Label::new("subject"), self.subject.clone())
            .with(Label::new("first"), number(self.first))
            .with(Label::new("last"), number(self.last))
            .with(Label::new("count"), Label::new(&format!("{}", self.count)));
        let event = self.realm.iter().cloned().fold(event, |event, realm| event.with(Label::new("realm"), realm));
        let event = self.account.iter().cloned().fold(event, Event::about_account);
        self.token.iter().cloned().fold(event, Event::about_token)
    }
}
