//! What has become of a token.
//!
//! ```text
//! Active ──retire──▶ Retiring ──revoke──▶ Revoked ──release──▶ Deletable ──delete──▶ Deleted
//!    ▲                  │                  ▲    ▲                  │
//!    └────reinstate─────┘    Active ─revoke┘    └─────reobserve────┘     Revoked ─delete─▶ Deleted
//! ```
//!
//! Only a token that has never been revoked can go back. From `Revoked` on, no transition leads to a
//! state that authenticates, so a write that arrives late cannot bring a token back.
//!
//! Expiry is no state: it is a date, compared on every read, and needs nobody to write it down.

use time::UtcDateTime;

/// The state of a token; every transition consumes it and yields the next or a named error.
///
/// ```
/// use service_accounts_lifecycle::{TokenState, TransitionError};
/// use time::{Duration, UtcDateTime};
///
/// let now = UtcDateTime::UNIX_EPOCH;
/// let retiring = TokenState::Active.retire(now + Duration::DAY)?;
/// assert!(retiring.may_authenticate(now));
///
/// let revoked = retiring.revoke(now)?;
/// assert!(!revoked.may_authenticate(now));
/// assert_eq!(TokenState::Active.delete(now), Err(TransitionError::NotRevoked));
/// # Ok::<(), TransitionError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TokenState {
    /// In use.
    #[default]
    Active,
    /// Has a successor and still works until a deadline, so that clients can reload.
    Retiring {
        /// The first instant at which it no longer works.
        until: UtcDateTime,
    },
    /// Never works again; attempts on it are being observed.
    Revoked {
        /// When it was revoked.
        at: UtcDateTime,
    },
    /// Revoked, observed for long enough without an attempt.
    Deletable {
        /// When it was revoked.
        revoked_at: UtcDateTime,
        /// When the observation ended.
        since: UtcDateTime,
    },
    /// Gone; only its history remains.
    Deleted {
        /// When it was deleted.
        at: UtcDateTime,
    },
}

impl TokenState {
    /// Whether the state lets a token authenticate; its expiry is asked separately.
    #[must_use]
    pub fn may_authenticate(&self, now: UtcDateTime) -> bool {
        match *self {
            Self::Active => true,
            Self::Retiring { until } => now < until,
            Self::Revoked { .. } | Self::Deletable { .. } | Self::Deleted { .. } => false,
        }
    }

    /// Whether the token was revoked, at whatever time; such a token never works again.
    #[must_use]
    pub const fn is_revoked(&self) -> bool {
        matches!(self, Self::Revoked { .. } | Self::Deletable { .. } | Self::Deleted { .. })
    }

    /// Gives the token a deadline, or brings its deadline forward.
    ///
    /// # Errors
    ///
    /// Refuses a later deadline than the one it has, and a token that was revoked.
    pub fn retire(self, until: UtcDateTime) -> Result<Self, TransitionError> {
        match self {
            Self::Active => Ok(Self::Retiring { until }),
            Self::Retiring { until: deadline } if until <= deadline => Ok(Self::Retiring { until }),
            Self::Retiring { .. } => Err(TransitionError::DeadlineExtended),
            Self::Revoked { .. } | Self::Deletable { .. } => Err(TransitionError::AlreadyRevoked),
            Self::Deleted { .. } => Err(TransitionError::Deleted),
        }
    }

    /// Takes the deadline back, because the rotation is called off.
    ///
    /// # Errors
    ///
    /// Refuses once the deadline has passed: what stopped working stays so.
    pub fn reinstate(self, now: UtcDateTime) -> Result<Self, TransitionError> {
        match self {
            Self::Retiring { until } if now < until => Ok(Self::Active),
            Self::Retiring { .. } => Err(TransitionError::DeadlinePassed),
            Self::Active => Err(TransitionError::NotRetiring),
            Self::Revoked { .. } | Self::Deletable { .. } => Err(TransitionError::AlreadyRevoked),
            Self::Deleted { .. } => Err(TransitionError::Deleted),
        }
    }

    /// Stops the token for good.
    ///
    /// # Errors
    ///
    /// Refuses a second time, so that the first instant of revocation is kept.
    pub fn revoke(self, at: UtcDateTime) -> Result<Self, TransitionError> {
        match self {
            Self::Active | Self::Retiring { .. } => Ok(Self::Revoked { at }),
            Self::Revoked { .. } | Self::Deletable { .. } => Err(TransitionError::AlreadyRevoked),
            Self::Deleted { .. } => Err(TransitionError::Deleted),
        }
    }

    /// Ends the observation of a revoked token.
    ///
    /// # Errors
    ///
    /// Refuses a token that is not under observation.
    pub fn release(self, at: UtcDateTime) -> Result<Self, TransitionError> {
        match self {
            Self::Revoked { at: revoked_at } => Ok(Self::Deletable { revoked_at, since: at }),
            Self::Deletable { .. } => Err(TransitionError::NotObserved),
            Self::Active | Self::Retiring { .. } => Err(TransitionError::NotRevoked),
            Self::Deleted { .. } => Err(TransitionError::Deleted),
        }
    }

    /// Puts a released token back under observation, because somebody has tried it after all.
    ///
    /// # Errors
    ///
    /// Refuses a token that was not released.
    pub fn reobserve(self) -> Result<Self, TransitionError> {
        match self {
            Self::Deletable { revoked_at, .. } => Ok(Self::Revoked { at: revoked_at }),
            Self::Revoked { .. } => Err(TransitionError::NotReleased),
            Self::Active | Self::Retiring { .. } => Err(TransitionError::NotRevoked),
            Self::Deleted { .. } => Err(TransitionError::Deleted),
        }
    }

    /// Deletes a revoked token.
    ///
    /// The observation is advice, not a lock: a host may have to delete a token at once.
    ///
    /// # Errors
    ///
    /// Refuses a token that was not revoked first.
    pub fn delete(self, at: UtcDateTime) -> Result<Self, TransitionError> {
        match self {
            Self::Revoked { .. } | Self::Deletable { .. } => Ok(Self::Deleted { at }),
            Self::Active | Self::Retiring { .. } => Err(TransitionError::NotRevoked),
            Self::Deleted { .. } => Err(TransitionError::Deleted),
        }
    }
}

/// Why a token does not change its state.
///
/// Exhaustive on purpose: a new reason must break the callers that have to answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// A deadline can only come nearer.
    #[error("the token already has an earlier deadline")]
    DeadlineExtended,
    /// The deadline has passed, so the token cannot come back.
    #[error("the deadline of the token has passed")]
    DeadlinePassed,
    /// The token has no deadline to take back.
    #[error("the token is not retiring")]
    NotRetiring,
    /// The token was revoked before.
    #[error("the token is already revoked")]
    AlreadyRevoked,
    /// The token has to be revoked first.
    #[error("the token is not revoked")]
    NotRevoked,
    /// The observation of the token has already ended.
    #[error("the token is no longer observed")]
    NotObserved,
    /// The token is still under observation.
    #[error("the token is still observed")]
    NotReleased,
    /// The token is gone.
    #[error("the token is deleted")]
    Deleted,
}

#[cfg(test)]
mod tests {
    use super::*;
    use TransitionError as E;
    use time::Duration;
    use time::macros::utc_datetime;

    const AT: UtcDateTime = utc_datetime!(2025-01-01 0:00);
    const LATER: UtcDateTime = utc_datetime!(2025-01-02 0:00);

    const ACTIVE: TokenState = TokenState::Active;
    const RETIRING: TokenState = TokenState::Retiring { until: AT };
    const REVOKED: TokenState = TokenState::Revoked { at: AT };
    const DELETABLE: TokenState = TokenState::Deletable { revoked_at: AT, since: AT };
    const DELETED: TokenState = TokenState::Deleted { at: AT };
    const ALL: [TokenState; 5] = [ACTIVE, RETIRING, REVOKED, DELETABLE, DELETED];

    fn each(transition: impl Fn(TokenState) -> Result<TokenState, E>) -> [Result<TokenState, E>; 5] {
        ALL.map(transition)
    }

    #[test]
    fn every_transition_from_every_state_is_known() {
        let (revoked, deleted) = (Err(E::AlreadyRevoked), Err(E::Deleted));
        let retiring = Ok(TokenState::Retiring { until: AT });
        assert_eq!(each(|state| state.retire(AT)), [retiring, retiring, revoked, revoked, deleted]);
        let passed = Err(E::DeadlinePassed);
        assert_eq!(each(|state| state.reinstate(AT)), [Err(E::NotRetiring), passed, revoked, revoked, deleted]);
        let stopped = Ok(TokenState::Revoked { at: LATER });
        assert_eq!(each(|state| state.revoke(LATER)), [stopped, stopped, revoked, revoked, deleted]);
        let (not, released) = (Err(E::NotRevoked), Ok(TokenState::Deletable { revoked_at: AT, since: LATER }));
        assert_eq!(each(|state| state.release(LATER)), [not, not, released, Err(E::NotObserved), deleted]);
        assert_eq!(each(TokenState::reobserve), [not, not, Err(E::NotReleased), Ok(REVOKED), deleted]);
        let gone = Ok(TokenState::Deleted { at: LATER });
        assert_eq!(each(|state| state.delete(LATER)), [not, not, gone, gone, deleted]);
    }

    #[test]
    fn a_retiring_token_works_until_its_deadline_and_not_at_it() {
        let second = Duration::SECOND;
        assert!(RETIRING.may_authenticate(AT - second));
        assert!(!RETIRING.may_authenticate(AT));
        assert!(!RETIRING.may_authenticate(AT + second));
    }

    #[test]
    fn only_active_and_retiring_tokens_authenticate() {
        let before = AT - Duration::DAY;
        assert_eq!(ALL.map(|state| state.may_authenticate(before)), [true, true, false, false, false]);
        assert_eq!(ALL.map(|state| state.is_revoked()), [false, false, true, true, true]);
    }

    #[test]
    fn a_deadline_only_comes_nearer() {
        let second = Duration::SECOND;
        assert_eq!(RETIRING.retire(AT - second), Ok(TokenState::Retiring { until: AT - second }));
        assert_eq!(RETIRING.retire(AT + second), Err(E::DeadlineExtended));
    }

    #[test]
    fn a_rotation_can_be_called_off_until_the_deadline() {
        let second = Duration::SECOND;
        assert_eq!(RETIRING.reinstate(AT - second), Ok(ACTIVE));
        assert_eq!(RETIRING.reinstate(AT), Err(E::DeadlinePassed));
        assert_eq!(RETIRING.reinstate(AT + second), Err(E::DeadlinePassed));
    }
}
