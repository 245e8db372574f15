//! What the host demands of its tokens, as one document.

pub(crate) mod parts;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use time::{Duration, UtcDateTime};

use crate::environment::Environment;
use crate::facts::TokenFacts;
use crate::finding::LifecycleFinding;
use crate::lifetime::{Lifetime, LifetimeError};
use crate::moment::Moment;
use crate::schedule::{Schedule, window_opens};
use crate::span::Span;

/// How long tokens live in each environment, and when they are rotated, observed, looked at and reviewed.
///
/// The defaults: 365 days in production, 180 in staging, 90 in development, 7–30 in testing; rotation
/// from 30 days before expiry; 7 days of observation after a revocation; idle after 90 days; a look each
/// 30 days, a review each 90; accounts inactive after 90 days, client secrets regenerated each 90; a rotation
/// overlaps until first use, at most 7; an expiry
/// announced 60, 30, 7 and 1 days before. With the feature `serde` it is a document in which whatever is left out
/// has its default, `environments` as a whole:
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use service_accounts_lifecycle::{Environment, LifecyclePolicy};
///
/// let policy: LifecyclePolicy = toml::from_str(r#"
///     idle_after = "45d"
///     [environments]
///     production = { maximum = "180d" }
///     ci = { minimum = "1h", maximum = "12h" }
/// "#)?;
/// assert!(policy.lifetime(&"ci".parse()?).is_some());
/// assert!(policy.lifetime(&Environment::staging()).is_none(), "an environment left out is unknown");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecyclePolicy {
    rotation_lead: Span,
    observation: Span,
    idle_after: Span,
    look_every: Span,
    review_every: Span,
    inactive_after: Span,
    secret_every: Span,
    overlap: Span,
    notices: Vec<Span>,
    environments: BTreeMap<Environment, Lifetime>,
}

/// What [`LifecyclePolicy`] looks like in a document.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "LifecyclePolicy", default = "LifecyclePolicy::default", deny_unknown_fields)]
struct LifecyclePolicyDocument {
    rotation_lead: Span,
    observation: Span,
    idle_after: Span,
    look_every: Span,
    review_every: Span,
    inactive_after: Span,
    secret_every: Span,
    overlap: Span,
    #[serde(deserialize_with = "crate::serial::in_order")]
    notices: Vec<Span>,
    environments: BTreeMap<Environment, Lifetime>,
}

#[cfg(feature = "serde")]
crate::object::reads_objects_only!(LifecyclePolicy, via LifecyclePolicyDocument);

impl LifecyclePolicy {
    /// The lifetime of an environment, if the policy knows the environment.
    #[must_use]
    pub fn lifetime(&self, environment: &Environment) -> Option<Lifetime> {
        self.environments.get(environment).copied()
    }

    /// Every environment the policy knows, by name.
    pub fn environments(&self) -> impl Iterator<Item = (&Environment, Lifetime)> {
        self.environments.iter().map(|(environment, lifetime)| (environment, *lifetime))
    }

    /// When a token made `now` expires: after the life `requested`, or after the environment's maximum.
    ///
    /// # Errors
    ///
    /// Refuses an environment the policy does not know, and a life outside the environment's limits.
    pub fn expiry(
        &self,
        environment: &Environment,
        now: UtcDateTime,
        requested: Option<Duration>,
    ) -> Result<UtcDateTime, LifetimeError> {
        self.lifetime(environment).ok_or(LifetimeError::UnknownEnvironment)?.expiry(now, requested)
    }

    /// When the rotation window of a token opens: the lead before its expiry, but never in the first two thirds of its life.
    ///
    /// The lead of 30 days is longer than the whole life of a testing token. Unscaled, such a token would
    /// be due for rotation at birth, and its successor too.
    ///
    /// ```
    /// use service_accounts_lifecycle::LifecyclePolicy;
    /// use time::{Duration, UtcDateTime};
    ///
    /// let (policy, issued_at) = (LifecyclePolicy::default(), UtcDateTime::UNIX_EPOCH);
    /// let opens_after = |days| policy.rotate_after(issued_at, issued_at + Duration::days(days)) - issued_at;
    /// assert_eq!(opens_after(365), Duration::days(335));
    /// assert_eq!(opens_after(90), Duration::days(60));
    /// assert_eq!(opens_after(30), Duration::days(20));
    /// ```
    #[must_use]
    pub fn rotate_after(&self, issued_at: UtcDateTime, expires_at: UtcDateTime) -> UtcDateTime {
        window_opens(self.rotation_lead, Moment::of(issued_at), Moment::of(expires_at)).to_utc()
    }

    /// The same instant, once it has come. Asked at every request, so the calendar is worked out only then.
    #[must_use]
    pub fn rotation_due(
        &self,
        issued_at: UtcDateTime,
        expires_at: UtcDateTime,
        now: UtcDateTime,
    ) -> Option<UtcDateTime> {
        let opens = window_opens(self.rotation_lead, Moment::of(issued_at), Moment::of(expires_at));
        (opens <= Moment::of(now)).then(|| opens.to_utc())
    }

    /// The arithmetic of one environment, looked up once for any number of tokens.
    ///
    /// An environment the policy does not know has a schedule too: its tokens still expire, and are reported.
    #[must_use]
    pub fn schedule(&self, environment: &Environment) -> Schedule {
        Schedule {
            lead: self.rotation_lead,
            observation: self.observation,
            idle_after: self.idle_after,
            look_every: self.look_every,
            review_every: self.review_every,
            maximum: self.lifetime(environment).map(|lifetime| lifetime.maximum()),
        }
    }

    /// What is to be said of a token; see [`Schedule::assess`].
    #[must_use]
    pub fn assess(&self, environment: &Environment, facts: &TokenFacts, now: UtcDateTime) -> Vec<LifecycleFinding> {
        self.schedule(environment).assess(facts, now)
    }

    /// When the answer of [`assess`](Self::assess) next changes; see [`Schedule::next_due`].
    #[must_use]
    pub fn next_due(&self, environment: &Environment, facts: &TokenFacts, now: UtcDateTime) -> Option<UtcDateTime> {
        self.schedule(environment).next_due(facts, now)
    }
}

impl Default for LifecyclePolicy {
    fn default() -> Self {
        let testing = Lifetime::between(Span::of_days(7), Span::of_days(30));
        let environments = [
            (Environment::production(), Lifetime::up_to(Span::of_days(365))),
            (Environment::staging(), Lifetime::up_to(Span::of_days(180))),
            (Environment::development(), Lifetime::up_to(Span::of_days(90))),
            (Environment::testing(), testing.unwrap_or(Lifetime::up_to(Span::of_days(30)))),
        ];
        Self {
            rotation_lead: Span::of_days(30),
            observation: Span::of_days(7),
            idle_after: Span::of_days(90),
            look_every: Span::of_days(30),
            review_every: Span::of_days(90),
            inactive_after: Span::of_days(90),
            secret_every: Span::of_days(90),
            overlap: Span::of_days(7),
            notices: [60, 30, 7, 1].map(Span::of_days).into(),
            environments: environments.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::utc_datetime;

    const NOW: UtcDateTime = utc_datetime!(2025-01-01 0:00);

    #[test]
    fn the_defaults_are_the_required_lifetimes() {
        let policy = LifecyclePolicy::default();
        let days = |environment| policy.lifetime(&environment).unwrap();
        assert_eq!(days(Environment::production()), Lifetime::up_to(Span::of_days(365)));
        assert_eq!(days(Environment::staging()), Lifetime::up_to(Span::of_days(180)));
        assert_eq!(days(Environment::development()), Lifetime::up_to(Span::of_days(90)));
        let testing = days(Environment::testing());
        assert_eq!((testing.minimum(), testing.maximum()), (Some(Span::of_days(7)), Span::of_days(30)));
        assert_eq!(policy.environments().count(), 4);
    }

    #[test]
    fn the_defaults_are_the_required_rhythms() {
        let policy = LifecyclePolicy::default();
        assert_eq!(policy.rotation_lead(), Span::of_days(30));
        assert_eq!(policy.observation(), Span::of_days(7));
        assert_eq!(policy.idle_after(), Span::of_days(90));
        assert_eq!(policy.look_every(), Span::of_days(30));
        assert_eq!(policy.review_every(), Span::of_days(90));
        assert_eq!(policy.inactive_after(), Span::of_days(90));
        assert_eq!(policy.secret_every(), Span::of_days(90));
        assert_eq!(policy.overlap(), Span::of_days(7));
        assert_eq!(policy.notices(), [60, 30, 7, 1].map(Span::of_days));
    }

    #[test]
    fn each_part_can_be_replaced() {
        let (ci, hour) = (Environment::parse("ci").unwrap(), Span::hours(1).unwrap());
        let policy = LifecyclePolicy::default()
            .with_environment(ci.clone(), Lifetime::up_to(hour))
            .without_environment(&Environment::staging())
            .with_rotation_lead(Span::of_days(1))
            .with_observation(Span::of_days(2))
            .with_idle_after(Span::of_days(3))
            .with_look_every(Span::of_days(4))
            .with_review_every(Span::of_days(5))
            .with_inactive_after(Span::of_days(6))
            .with_secret_every(Span::of_days(7))
            .with_overlap(Span::of_days(8))
            .with_notices([1, 9, 9, 3].map(Span::of_days));
        assert_eq!(policy.notices(), [9, 3, 1].map(Span::of_days), "the longest first, each once");
        let spans = [
            policy.rotation_lead(),
            policy.observation(),
            policy.idle_after(),
            policy.look_every(),
            policy.review_every(),
            policy.inactive_after(),
            policy.secret_every(),
            policy.overlap(),
        ];
        assert_eq!(spans, [1, 2, 3, 4, 5, 6, 7, 8].map(Span::of_days));
        assert_eq!(policy.expiry(&ci, NOW, None), Ok(utc_datetime!(2025-01-01 1:00)));
        assert_eq!(policy.lifetime(&Environment::staging()), None);
    }

    #[test]
    fn an_environment_the_policy_does_not_know_gets_no_token() {
        let elsewhere = Environment::parse("elsewhere").unwrap();
        let answer = LifecyclePolicy::default().expiry(&elsewhere, NOW, Some(Duration::DAY));
        assert_eq!(answer, Err(LifetimeError::UnknownEnvironment));
    }

    #[test]
    fn the_rotation_window_is_at_most_the_last_third_of_a_life() {
        let table = [
            (Duration::days(365), Duration::days(30)),
            (Duration::days(90) + Duration::SECOND, Duration::days(30)),
            (Duration::days(90), Duration::days(30)),
            (Duration::days(90) - Duration::SECOND, Duration::days(30) - Duration::SECOND),
            (Duration::days(7), Duration::hours(56)),
            (Duration::seconds(3), Duration::seconds(1)),
            (Duration::seconds(2), Duration::ZERO),
            (Duration::ZERO, Duration::ZERO),
            (-Duration::DAY, Duration::ZERO),
        ];
        for (life, window) in table {
            let expires_at = NOW + life;
            assert_eq!(LifecyclePolicy::default().rotate_after(NOW, expires_at), expires_at - window, "{life:?}");
        }
    }

    #[test]
    fn rotation_is_due_from_the_instant_the_window_opens() {
        let policy = LifecyclePolicy::default();
        let (expires_at, opens) = (NOW + Duration::days(365), NOW + Duration::days(335));
        for (second, due) in [(-1, None), (0, Some(opens)), (1, Some(opens))] {
            assert_eq!(policy.rotation_due(NOW, expires_at, opens + Duration::seconds(second)), due, "{second}");
        }
    }

    #[test]
    fn the_window_of_the_longest_life_of_all_is_still_an_instant() {
        let policy = LifecyclePolicy::default().with_rotation_lead(Span::seconds(u32::MAX).unwrap());
        let opens = policy.rotate_after(UtcDateTime::MIN, UtcDateTime::MAX);
        assert_eq!(opens, utc_datetime!(9999-12-31 23:59:59) - Duration::seconds(u32::MAX.into()));
        assert_eq!(policy.rotate_after(UtcDateTime::MAX, UtcDateTime::MIN), utc_datetime!(-9999-01-01 0:00));
    }
}
