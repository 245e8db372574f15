//! What is known of a token.

use time::UtcDateTime;

use crate::moment::Moment;
use crate::state::TokenState;

/// The dates of one token, as the planner needs them; 64 bytes, made to be held by the million.
///
/// Facts are dates and a state, no names and no rights: the planner needs nothing else. A host fills them from its own
/// row:
///
/// ```
/// use service_accounts_lifecycle::{TokenFacts, TokenState};
/// use time::{Duration, UtcDateTime};
///
/// let issued_at = UtcDateTime::UNIX_EPOCH;
/// let facts = TokenFacts::new(issued_at, issued_at + Duration::days(90))
///     .with_state(TokenState::Active)
///     .with_last_use(issued_at + Duration::days(3));
/// # let _ = facts;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenFacts {
    pub(crate) issued_at: Moment,
    pub(crate) expires_at: Moment,
    /// The deadline, the revocation, the release or the deletion, as the phase has it.
    pub(crate) phase_at: Moment,
    pub(crate) last_use: Moment,
    pub(crate) last_attempt: Moment,
    pub(crate) last_look: Moment,
    pub(crate) last_review: Moment,
    pub(crate) phase: Phase,
    pub(crate) has_successor: bool,
}

/// The state of a token without its date, which would make each fact half as large again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    Active,
    Retiring,
    Revoked,
    Deletable,
    Deleted,
}

impl TokenFacts {
    /// An active token that was never used, tried, checked or reviewed.
    #[must_use]
    pub const fn new(issued_at: UtcDateTime, expires_at: UtcDateTime) -> Self {
        Self {
            issued_at: Moment::of(issued_at),
            expires_at: Moment::of(expires_at),
            phase_at: Moment::NEVER,
            last_use: Moment::NEVER,
            last_attempt: Moment::NEVER,
            last_look: Moment::NEVER,
            last_review: Moment::NEVER,
            phase: Phase::Active,
            has_successor: false,
        }
    }

    /// Sets the state.
    #[must_use]
    pub const fn with_state(mut self, state: TokenState) -> Self {
        (self.phase, self.phase_at) = match state {
            TokenState::Active => (Phase::Active, Moment::NEVER),
            TokenState::Retiring { until } => (Phase::Retiring, Moment::of(until)),
            TokenState::Revoked { at } => (Phase::Revoked, Moment::of(at)),
            TokenState::Deletable { since, .. } => (Phase::Deletable, Moment::of(since)),
            TokenState::Deleted { at } => (Phase::Deleted, Moment::of(at)),
        };
        self
    }

    /// Sets when the token was last used.
    #[must_use]
    pub const fn with_last_use(mut self, at: UtcDateTime) -> Self {
        self.last_use = Moment::of(at);
        self
    }

    /// Sets when somebody last tried the token after its revocation.
    #[must_use]
    pub const fn with_last_attempt(mut self, at: UtcDateTime) -> Self {
        self.last_attempt = Moment::of(at);
        self
    }

    /// Sets when a person last checked use and role.
    #[must_use]
    pub const fn with_last_look(mut self, at: UtcDateTime) -> Self {
        self.last_look = Moment::of(at);
        self
    }

    /// Sets when the token was last reviewed.
    #[must_use]
    pub const fn with_last_review(mut self, at: UtcDateTime) -> Self {
        self.last_review = Moment::of(at);
        self
    }

    /// Says that the token has a successor, so that none is asked for.
    #[must_use]
    pub const fn with_successor(mut self) -> Self {
        self.has_successor = true;
        self
    }

    /// Whether the token was never revoked.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Active | Phase::Retiring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_million_facts_fit_in_a_small_machine() {
        assert_eq!(size_of::<TokenFacts>(), 64);
    }
}
