//! The parts of a policy: each can be asked for and replaced.

use alloc::vec::Vec;

use super::LifecyclePolicy;
use crate::environment::Environment;
use crate::lifetime::Lifetime;
use crate::rotation::Overlap;
use crate::span::Span;

impl LifecyclePolicy {
    /// How long before expiry the rotation window of a long-lived token opens.
    ///
    /// The window is at most the last third of a life: with a lead of 30 days, 365 d gives 30 d, 90 d gives 30 d, and 7 d
    /// gives 56 h. A full lead would make a token of a short life due at birth, and its successor too.
    #[must_use]
    pub const fn rotation_lead(&self) -> Span {
        self.rotation_lead
    }

    /// How long a revoked token is watched before it may be deleted.
    #[must_use]
    pub const fn observation(&self) -> Span {
        self.observation
    }

    /// How long a token may go unused before it is to be revoked.
    #[must_use]
    pub const fn idle_after(&self) -> Span {
        self.idle_after
    }

    /// How often a person checks last use and role.
    #[must_use]
    pub const fn look_every(&self) -> Span {
        self.look_every
    }

    /// How often a token is reviewed.
    #[must_use]
    pub const fn review_every(&self) -> Span {
        self.review_every
    }

    /// How long an account may go without a use of any of its credentials before it is to be disabled.
    #[must_use]
    pub const fn inactive_after(&self) -> Span {
        self.inactive_after
    }

    /// How often a client secret is regenerated.
    #[must_use]
    pub const fn secret_every(&self) -> Span {
        self.secret_every
    }

    /// How long a rotated token works beside its successor at most, where a request does not say.
    #[must_use]
    pub const fn overlap(&self) -> Span {
        self.overlap
    }

    /// The overlap a request asks for in days: none for 0, until first use within the policy's time if left out.
    ///
    /// ```
    /// use service_accounts_lifecycle::{LifecyclePolicy, Overlap, Span};
    ///
    /// let policy = LifecyclePolicy::default();
    /// assert_eq!(policy.overlap_for(None), Some(Overlap::UntilFirstUse(Span::days(7).unwrap())));
    /// assert_eq!(policy.overlap_for(Some(0)), Some(Overlap::None));
    /// assert_eq!(policy.overlap_for(Some(3)), Some(Overlap::Fixed(Span::days(3).unwrap())));
    /// assert_eq!(policy.overlap_for(Some(u32::MAX)), None, "longer than a span can be");
    /// ```
    #[must_use]
    pub fn overlap_for(&self, days: Option<u32>) -> Option<Overlap> {
        match days {
            None => Some(Overlap::UntilFirstUse(self.overlap)),
            Some(0) => Some(Overlap::None),
            Some(days) => Span::days(days).map(Overlap::Fixed),
        }
    }

    /// How long before an expiry it is announced, the longest first.
    #[must_use]
    pub fn notices(&self) -> &[Span] {
        &self.notices
    }

    /// Sets the lifetime of one environment, and adds the environment if the policy does not know it.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment, lifetime: Lifetime) -> Self {
        self.environments.insert(environment, lifetime);
        self
    }

    /// Removes an environment: no token can be minted for it, and those that exist are reported.
    #[must_use]
    pub fn without_environment(mut self, environment: &Environment) -> Self {
        self.environments.remove(environment);
        self
    }

    /// Sets how long before expiry the rotation window opens.
    #[must_use]
    pub fn with_rotation_lead(mut self, lead: Span) -> Self {
        self.rotation_lead = lead;
        self
    }

    /// Sets how long a revoked token is watched.
    #[must_use]
    pub fn with_observation(mut self, observation: Span) -> Self {
        self.observation = observation;
        self
    }

    /// Sets after how long without use a token is to be revoked.
    #[must_use]
    pub fn with_idle_after(mut self, idle_after: Span) -> Self {
        self.idle_after = idle_after;
        self
    }

    /// Sets how often a person checks last use and role.
    #[must_use]
    pub fn with_look_every(mut self, look_every: Span) -> Self {
        self.look_every = look_every;
        self
    }

    /// Sets how often a token is reviewed.
    #[must_use]
    pub fn with_review_every(mut self, review_every: Span) -> Self {
        self.review_every = review_every;
        self
    }

    /// Sets after how long without use an account is to be disabled.
    #[must_use]
    pub fn with_inactive_after(mut self, inactive_after: Span) -> Self {
        self.inactive_after = inactive_after;
        self
    }

    /// Sets how often a client secret is regenerated.
    #[must_use]
    pub fn with_secret_every(mut self, secret_every: Span) -> Self {
        self.secret_every = secret_every;
        self
    }

    /// Sets how long a rotated token works beside its successor at most.
    #[must_use]
    pub fn with_overlap(mut self, overlap: Span) -> Self {
        self.overlap = overlap;
        self
    }

    /// Sets when an expiry is announced; an empty list announces none.
    #[must_use]
    pub fn with_notices(mut self, notices: impl IntoIterator<Item = Span>) -> Self {
        self.notices = in_order(notices);
        self
    }
}

/// Each once, the longest first.
pub(crate) fn in_order(notices: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut notices: Vec<_> = notices.into_iter().collect();
    notices.sort_unstable_by(|one, other| other.cmp(one));
    notices.dedup();
    notices
}
