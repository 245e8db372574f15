//! A subscription that is asked for.

use service_accounts_access::Permission;
use service_accounts_audit::{Action, Label, Sequence};
use service_accounts_store::Account;
use time::UtcDateTime;

use crate::{
    ApplicationName, Error, EventPattern, Format, Subscription, SubscriptionId, SubscriptionState, TargetUrl,
    core::rules::Rules, notify::Seed,
};

/// A subscription that is asked for.
///
/// Nothing here is checked against the host's rules yet; [`Subscriptions::create`](crate::Subscriptions::create) does
/// that.
///
/// ```
/// use service_accounts::{ApplicationName, EventPattern, Format, NewSubscription, TargetUrl};
///
/// let own = ApplicationName::parse(ApplicationName::OWN)?;
/// let (events, url) = (vec![EventPattern::parse("token.*")?], TargetUrl::parse("https://hooks.example.com/tokens")?);
/// let wanted = NewSubscription { format: Format::Slack, ..NewSubscription::new(own, events, url) };
/// assert_eq!(wanted.url.host(), "hooks.example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSubscription {
    /// The application; [`ApplicationName::OWN`] is this system itself.
    pub application: ApplicationName,
    /// Which of its events; 1 to [`Subscription::MOST_EVENTS`].
    ///
    /// Of this system's own events each pattern must fit one that exists; a host's application may name any.
    pub events: Vec<EventPattern>,
    /// Where they are sent.
    /// The host may allow public addresses over TLS only.
    pub url: TargetUrl,
    /// How they are written.
    pub format: Format,
}

impl NewSubscription {
    /// Messages in JSON.
    #[must_use]
    pub fn new(application: ApplicationName, events: Vec<EventPattern>, url: TargetUrl) -> Self {
        Self { application, events, url, format: Format::Json }
    }

    /// It is asked once, when somebody subscribes; the target is asked about again before each attempt to deliver.
    pub(super) fn check<P: Permission>(&self, rules: &Rules<P>) -> Result<(), Error> {
        rules.needed_for(&self.application)?;
        if !(1..=Subscription::MOST_EVENTS).contains(&self.events.len()) {
            return Err(Error::EventCount { most: Subscription::MOST_EVENTS });
        }
        let is_known = |pattern: &EventPattern| Action::ALL.iter().any(|action| pattern.matches(action.as_str()));
        if self.application.is_own() && !self.events.iter().all(is_known) {
            return Err(Error::EventUnknown);
        }
        self.url.check(rules.targets).map_err(Error::Target)
    }

    /// `start` is where the trail ends now: what happened before is not told.
    pub(super) fn into_subscription(
        self,
        (id, account): (SubscriptionId, &Account),
        seed: Seed,
        start: Sequence,
        (created_by, created_at): (Label, UtcDateTime),
    ) -> Subscription {
        Subscription {
            id,
            account: account.id.clone(),
            application: self.application,
            events: self.events,
            url: self.url,
            format: self.format,
            state: SubscriptionState::Enabled,
            created_at,
            created_by,
            account_created_at: account.created_at,
            seeds: vec![seed],
            run: 0,
            start,
        }
    }
}
