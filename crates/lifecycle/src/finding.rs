//! What there is to say of a token.

use core::fmt;

use time::UtcDateTime;

use crate::span::Span;

/// One thing to say of a token, with the dates that prove it.
///
/// A finding holds from its instant on and carries no "days left": it is the same finding on every day
/// until its facts change, so a host can compare two sweeps, and tell somebody once.
///
/// Exhaustive on purpose: a new finding must break the callers that have to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LifecycleFinding {
    /// The policy has no lifetime for the token's environment.
    EnvironmentUnknown,
    /// The token was given a longer life than its environment allows now.
    LifetimeTooLong {
        /// The longest life allowed.
        maximum: Span,
        /// When a token of that life would have expired.
        allowed_until: UtcDateTime,
    },
    /// The token has expired; clients that still use it fail.
    Expired {
        /// Its first instant without access.
        at: UtcDateTime,
        /// When it was last used.
        last_use: Option<UtcDateTime>,
    },
    /// The rotation window is open and there is no successor.
    RotationDue {
        /// When the window opened.
        since: UtcDateTime,
        /// When the token stops working.
        expires_at: UtcDateTime,
    },
    /// The deadline of a retiring token has passed.
    RetirementOver {
        /// Its first instant without access.
        at: UtcDateTime,
    },
    /// Nobody has used the token for too long.
    Idle {
        /// When it became idle.
        since: UtcDateTime,
        /// When it was last used.
        last_use: Option<UtcDateTime>,
    },
    /// Somebody has tried the token since it was revoked.
    TriedAfterRevocation {
        /// The last attempt.
        last_attempt: UtcDateTime,
        /// When the observation ends, if there is no further attempt.
        observed_until: UtcDateTime,
    },
    /// The revoked token was observed for long enough without an attempt.
    ObservationOver {
        /// When the observation ended.
        since: UtcDateTime,
    },
    /// The token was released and waits to be deleted.
    Deletable {
        /// When it was released.
        since: UtcDateTime,
    },
    /// Last use and role are due for a check.
    LookDue {
        /// When the check became due.
        since: UtcDateTime,
        /// When a person last checked.
        last_look: Option<UtcDateTime>,
    },
    /// The token is to be reviewed.
    ReviewDue {
        /// When the review became due.
        since: UtcDateTime,
        /// When it was last reviewed.
        last_review: Option<UtcDateTime>,
    },
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Routine; it can wait for the next working day.
    Notice,
    /// Leads to an outage or a risk if nobody acts.
    Warning,
    /// An outage or an incident already.
    Critical,
}

/// What to do about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskKind {
    /// Give the environment a lifetime, or move the token.
    DefineEnvironment,
    /// Mint a successor within the limits.
    Replace,
    /// Mint a successor and begin to hand over.
    Rotate,
    /// Revoke it.
    Revoke,
    /// Find out who tries it, and from where.
    Investigate,
    /// End its observation.
    Release,
    /// Delete it.
    Delete,
    /// Look at its last use and its role.
    Look,
    /// Review it.
    Review,
}

impl LifecycleFinding {
    /// A name that never changes, for logs, metrics and tickets.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EnvironmentUnknown => "environment-unknown",
            Self::LifetimeTooLong { .. } => "lifetime-too-long",
            Self::Expired { .. } => "expired",
            Self::RotationDue { .. } => "rotation-due",
            Self::RetirementOver { .. } => "retirement-over",
            Self::Idle { .. } => "idle",
            Self::TriedAfterRevocation { .. } => "tried-after-revocation",
            Self::ObservationOver { .. } => "observation-over",
            Self::Deletable { .. } => "deletable",
            Self::LookDue { .. } => "look-due",
            Self::ReviewDue { .. } => "review-due",
        }
    }

    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::EnvironmentUnknown | Self::Expired { .. } | Self::TriedAfterRevocation { .. } => Severity::Critical,
            Self::LifetimeTooLong { .. } | Self::RotationDue { .. } | Self::Idle { .. } | Self::ReviewDue { .. } => {
                Severity::Warning
            }
            Self::RetirementOver { .. }
            | Self::ObservationOver { .. }
            | Self::Deletable { .. }
            | Self::LookDue { .. } => Severity::Notice,
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn task(&self) -> TaskKind {
        match self {
            Self::EnvironmentUnknown => TaskKind::DefineEnvironment,
            Self::LifetimeTooLong { .. } => TaskKind::Replace,
            Self::RotationDue { .. } => TaskKind::Rotate,
            Self::Expired { .. } | Self::RetirementOver { .. } | Self::Idle { .. } => TaskKind::Revoke,
            Self::TriedAfterRevocation { .. } => TaskKind::Investigate,
            Self::ObservationOver { .. } => TaskKind::Release,
            Self::Deletable { .. } => TaskKind::Delete,
            Self::LookDue { .. } => TaskKind::Look,
            Self::ReviewDue { .. } => TaskKind::Review,
        }
    }

    /// The instant from which it holds, if it did not hold from the start.
    #[must_use]
    pub const fn since(&self) -> Option<UtcDateTime> {
        match *self {
            Self::EnvironmentUnknown | Self::LifetimeTooLong { .. } => None,
            Self::Expired { at, .. } | Self::RetirementOver { at } => Some(at),
            Self::RotationDue { since, .. }
            | Self::Idle { since, .. }
            | Self::ObservationOver { since }
            | Self::Deletable { since }
            | Self::LookDue { since, .. }
            | Self::ReviewDue { since, .. } => Some(since),
            Self::TriedAfterRevocation { last_attempt, .. } => Some(last_attempt),
        }
    }
}

impl fmt::Display for LifecycleFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EnvironmentUnknown => "the policy has no lifetime for the environment of the token",
            Self::LifetimeTooLong { .. } => "the token lives longer than its environment allows",
            Self::Expired { .. } => "the token has expired",
            Self::RotationDue { .. } => "the token is due for rotation and has no successor",
            Self::RetirementOver { .. } => "the deadline of the retiring token has passed",
            Self::Idle { .. } => "the token has not been used for too long",
            Self::TriedAfterRevocation { .. } => "the token has been tried since it was revoked",
            Self::ObservationOver { .. } => "the revoked token has been quiet for the whole observation",
            Self::Deletable { .. } => "the token can be deleted",
            Self::LookDue { .. } => "last use and role of the token are due for a look",
            Self::ReviewDue { .. } => "the token is due for review",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;

    #[test]
    fn every_finding_says_what_it_is_how_bad_and_what_to_do() {
        use {Severity as S, TaskKind as A};
        let table = [
            (LifecycleFinding::EnvironmentUnknown, "environment-unknown", S::Critical, A::DefineEnvironment),
            (
                LifecycleFinding::LifetimeTooLong { maximum: Span::of_days(1), allowed_until: AT },
                "lifetime-too-long",
                S::Warning,
                A::Replace,
            ),
            (LifecycleFinding::Expired { at: AT, last_use: None }, "expired", S::Critical, A::Revoke),
            (LifecycleFinding::RotationDue { since: AT, expires_at: AT }, "rotation-due", S::Warning, A::Rotate),
            (LifecycleFinding::RetirementOver { at: AT }, "retirement-over", S::Notice, A::Revoke),
            (LifecycleFinding::Idle { since: AT, last_use: None }, "idle", S::Warning, A::Revoke),
            (
                LifecycleFinding::TriedAfterRevocation { last_attempt: AT, observed_until: AT },
                "tried-after-revocation",
                S::Critical,
                A::Investigate,
            ),
            (LifecycleFinding::ObservationOver { since: AT }, "observation-over", S::Notice, A::Release),
            (LifecycleFinding::Deletable { since: AT }, "deletable", S::Notice, A::Delete),
            (LifecycleFinding::LookDue { since: AT, last_look: None }, "look-due", S::Notice, A::Look),
            (LifecycleFinding::ReviewDue { since: AT, last_review: None }, "review-due", S::Warning, A::Review),
        ];
        for (finding, code, severity, action) in table {
            assert_eq!((finding.code(), finding.severity(), finding.task()), (code, severity, action));
            let holds_from_birth = matches!(action, A::DefineEnvironment | A::Replace);
            assert_eq!(finding.since(), (!holds_from_birth).then_some(AT), "{code}");
            assert!(finding.to_string().contains("token"), "{code}");
        }
    }

    #[test]
    fn severities_are_ordered() {
        assert!(Severity::Notice < Severity::Warning && Severity::Warning < Severity::Critical);
    }
}
