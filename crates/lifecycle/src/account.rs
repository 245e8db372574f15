//! What there is to say of an account: it goes unused, it has expired, its client secret is old.
//!
//! As with tokens, the answer is a step function of time, and [`LifecyclePolicy::next_account_due`] is its next step.

use alloc::vec::Vec;
use core::fmt;

use time::UtcDateTime;

use crate::finding::Severity;
use crate::moment::Moment;
use crate::policy::LifecyclePolicy;

/// The dates of one account, as the policy needs them.
///
/// ```
/// use service_accounts_lifecycle::{AccountAdvice, AccountFacts, LifecyclePolicy};
/// use time::{Duration, UtcDateTime};
///
/// let (policy, made) = (LifecyclePolicy::default(), UtcDateTime::UNIX_EPOCH);
/// let facts = AccountFacts::new(made).with_last_use(made + Duration::days(10)).with_secret(made);
///
/// let findings = policy.assess_account(&facts, made + Duration::days(90));
/// assert_eq!(findings.iter().map(|finding| finding.advice()).collect::<Vec<_>>(), [AccountAdvice::RegenerateSecret]);
/// assert_eq!(policy.next_account_due(&facts, made + Duration::days(90)), Some(made + Duration::days(100)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountFacts {
    created_at: Moment,
    last_use: Moment,
    enabled_at: Moment,
    expires_at: Moment,
    secret_since: Moment,
    secret_exposed: Moment,
    is_disabled: bool,
}

impl AccountFacts {
    /// An account that works, without an end, a use or a client secret.
    #[must_use]
    pub const fn new(created_at: UtcDateTime) -> Self {
        Self {
            created_at: Moment::of(created_at),
            last_use: Moment::NEVER,
            enabled_at: Moment::NEVER,
            expires_at: Moment::NO_MORE,
            secret_since: Moment::NEVER,
            secret_exposed: Moment::NEVER,
            is_disabled: false,
        }
    }

    /// Sets when one of the account's credentials was last used.
    #[must_use]
    pub const fn with_last_use(mut self, at: UtcDateTime) -> Self {
        self.last_use = Moment::of(at);
        self
    }

    /// Sets when the account was last enabled; inactivity counts from there.
    #[must_use]
    pub const fn with_enabled(mut self, at: UtcDateTime) -> Self {
        self.enabled_at = Moment::of(at);
        self
    }

    /// Sets the account's own end.
    #[must_use]
    pub const fn with_expiry(mut self, at: UtcDateTime) -> Self {
        self.expires_at = Moment::of(at);
        self
    }

    /// Sets when the present client secret was made.
    #[must_use]
    pub const fn with_secret(mut self, made_at: UtcDateTime) -> Self {
        self.secret_since = Moment::of(made_at);
        self
    }

    /// Sets when the client secret was found exposed.
    #[must_use]
    pub const fn with_secret_exposed(mut self, at: UtcDateTime) -> Self {
        self.secret_exposed = Moment::of(at);
        self
    }

    /// Says that the account is disabled, so that nothing but its end is reported.
    #[must_use]
    pub const fn disabled(mut self) -> Self {
        self.is_disabled = true;
        self
    }

    /// From when on uses are expected, and the last of them.
    pub(crate) fn used_since(&self) -> (Moment, Moment) {
        (self.enabled_at.max(self.created_at), self.last_use)
    }

    /// Regenerating ends an exposure.
    fn is_secret_exposed(&self) -> bool {
        self.secret_since.has_happened() && self.secret_exposed >= self.secret_since
    }
}

/// One thing to say of an account, with the dates that prove it.
///
/// Exhaustive on purpose: a new finding must break the callers that have to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountFinding {
    /// The account has reached its end.
    Expired {
        /// Its first instant without access.
        at: UtcDateTime,
    },
    /// None of its credentials was used for too long.
    Inactive {
        /// When it became inactive.
        since: UtcDateTime,
        /// When one of its credentials was last used.
        last_use: Option<UtcDateTime>,
    },
    /// Its client secret was found where it should not be, and has not been regenerated since.
    SecretExposed {
        /// When it was found.
        at: UtcDateTime,
    },
    /// Its client secret is to be regenerated.
    SecretDue {
        /// When it became due.
        since: UtcDateTime,
        /// When the secret was made.
        made_at: UtcDateTime,
    },
}

/// What to do about a finding of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountAdvice {
    /// Disable it; nothing is lost, and enabling brings it back.
    Disable,
    /// Regenerate its client secret.
    RegenerateSecret,
    /// Delete it, or give it a later end.
    DeleteOrExtend,
}

impl LifecyclePolicy {
    /// Everything there is to say of an account.
    ///
    /// A disabled or expired account is not said to be inactive or to need a secret.
    #[must_use]
    pub fn assess_account(&self, facts: &AccountFacts, now: UtcDateTime) -> Vec<AccountFinding> {
        let now = Moment::of(now);
        if now >= facts.expires_at {
            return [AccountFinding::Expired { at: facts.expires_at.to_utc() }].into();
        }
        if facts.is_disabled {
            return Vec::new();
        }
        let (inactive, secret) = (self.inactive(facts), self.secret(facts));
        let last_use = facts.last_use.to_utc_if_happened();
        let findings = [
            (now >= inactive).then(|| AccountFinding::Inactive { since: inactive.to_utc(), last_use }),
            facts.is_secret_exposed().then(|| AccountFinding::SecretExposed { at: facts.secret_exposed.to_utc() }),
            (now >= secret)
                .then(|| AccountFinding::SecretDue { since: secret.to_utc(), made_at: facts.secret_since.to_utc() }),
        ];
        findings.into_iter().flatten().collect()
    }

    /// The first instant after `now` at which the answer of [`assess_account`](Self::assess_account) is another one.
    #[must_use]
    pub fn next_account_due(&self, facts: &AccountFacts, now: UtcDateTime) -> Option<UtcDateTime> {
        let now = Moment::of(now);
        let live = [self.inactive(facts), self.secret(facts)].into_iter().filter(|_| !facts.is_disabled);
        let steps = live.filter(|step| *step < facts.expires_at).chain([facts.expires_at]);
        steps.filter(|step| *step > now).min().and_then(Moment::to_utc_if_it_comes)
    }

    fn inactive(&self, facts: &AccountFacts) -> Moment {
        facts.last_use.max(facts.enabled_at).max(facts.created_at).plus(self.inactive_after())
    }

    fn secret(&self, facts: &AccountFacts) -> Moment {
        if facts.secret_since.has_happened() { facts.secret_since.plus(self.secret_every()) } else { Moment::NO_MORE }
    }
}

impl AccountFinding {
    /// A name that never changes, for logs, metrics and tickets.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "account-expired",
            Self::Inactive { .. } => "account-inactive",
            Self::SecretExposed { .. } => "secret-exposed",
            Self::SecretDue { .. } => "secret-due",
        }
    }

    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::SecretExposed { .. } => Severity::Critical,
            Self::Inactive { .. } | Self::SecretDue { .. } => Severity::Warning,
            Self::Expired { .. } => Severity::Notice,
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> AccountAdvice {
        match self {
            Self::Expired { .. } => AccountAdvice::DeleteOrExtend,
            Self::Inactive { .. } => AccountAdvice::Disable,
            Self::SecretExposed { .. } | Self::SecretDue { .. } => AccountAdvice::RegenerateSecret,
        }
    }
}

impl fmt::Display for AccountFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired { .. } => "the account has expired",
            Self::Inactive { .. } => "no credential of the account has been used for too long",
            Self::SecretExposed { .. } => "the client secret of the account was found exposed",
            Self::SecretDue { .. } => "the client secret of the account is due to be regenerated",
        })
    }
}
