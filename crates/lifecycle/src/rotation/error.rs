//! Why a rotation does not begin or go on.

use crate::state::TransitionError;

/// Why a rotation does not begin or go on.
///
/// Exhaustive on purpose: a new reason must break the callers that have to answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// The old token has expired, was revoked, or is past its deadline: mint a token instead.
    #[error("the token to be rotated no longer works, mint another one")]
    PredecessorDead,
    /// Another request has begun a rotation of the token.
    #[error("the token already has a successor, finish or cancel that rotation first")]
    AlreadyRotating,
    /// The rotation was called off; another one needs another key.
    #[error("the rotation was cancelled, begin another one with another key")]
    Cancelled,
    /// The key belongs to an earlier rotation of the token, which another one has replaced.
    #[error("the idempotency key belongs to an earlier rotation, use another key")]
    KeySpent,
    /// The token was rotated [`Rotation::MOST_SPENT`](crate::Rotation::MOST_SPENT) times and never replaced.
    #[error("the token was rotated too often without being replaced, mint a new one")]
    TooManyRotations,
    /// The new token would expire before the old one stops.
    #[error("the successor would expire before the deadline of the token, ask for a shorter overlap")]
    SuccessorTooShort,
    /// The new token has been used, so somebody depends on it.
    #[error("the successor is in use, finish the rotation instead of cancelling it")]
    SuccessorInUse,
    /// The states of the tokens show that the step has not been done.
    #[error("the step has not happened")]
    NotHappened,
    /// A token refuses its part.
    #[error(transparent)]
    Transition(#[from] TransitionError),
}
