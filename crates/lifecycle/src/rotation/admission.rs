//! Whether a rotation may begin.

use alloc::vec::Vec;

use time::UtcDateTime;

use crate::lifetime::is_expired;
use crate::rotation::step::Evidence;
use crate::rotation::{OpenedRotation, Overlap, Rotation, RotationError, RotationKey, RotationStep, StepRecord};
use crate::state::TokenState;

/// What decides whether a token works: its state and its expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenValidity {
    /// Its state.
    pub state: TokenState,
    /// Its first instant without access, whatever its state.
    pub expires_at: UtcDateTime,
}

impl TokenValidity {
    /// Whether the token works.
    #[must_use]
    pub fn works(&self, now: UtcDateTime) -> bool {
        self.state.may_authenticate(now) && !is_expired(self.expires_at, now)
    }
}

/// The answer to a request for a rotation.
#[derive(Debug)]
pub enum RotationAdmission<'a, T, W> {
    /// The request is new: mint a successor and open the rotation with the permit.
    New(RotationPermit),
    /// The request was served before: this is its rotation, and nothing is to be minted.
    Again(&'a Rotation<T, W>),
}

/// The right to open one rotation; only [`Rotation::admit`] makes it.
#[derive(Debug)]
#[must_use = "a successor minted without opening a rotation leaves two tokens alive"]
pub struct RotationPermit {
    pub(crate) key: RotationKey,
    pub(crate) spent: Vec<RotationKey>,
    pub(crate) predecessor: TokenValidity,
    pub(crate) now: UtcDateTime,
}

impl RotationPermit {
    /// Begins the rotation the permit was given for, from the old of `tokens` to the new.
    ///
    /// # Errors
    ///
    /// Refuses a successor that would expire no later than the deadline: the client would be left with nothing.
    pub fn open<T, W>(
        self,
        tokens: (T, T),
        successor_expires_at: UtcDateTime,
        overlap: Overlap,
        by: W,
    ) -> Result<OpenedRotation<T, W>, RotationError> {
        let deadline = self.deadline(overlap);
        if successor_expires_at <= deadline {
            return Err(RotationError::SuccessorTooShort);
        }
        let mut evidence = Evidence::minted(StepRecord { by: Some(by), at: self.now });
        let predecessor = match overlap {
            Overlap::None => {
                evidence.keep(RotationStep::Revoke, StepRecord { by: None, at: self.now });
                self.predecessor.state.revoke(self.now)?
            }
            Overlap::UntilFirstUse(_) | Overlap::Fixed(_) => self.predecessor.state.retire(deadline)?,
        };
        let rotation = Rotation {
            key: self.key,
            spent: self.spent,
            predecessor: tokens.0,
            successor: tokens.1,
            overlap,
            deadline,
            predecessor_last_use: None,
            successor_last_use: None,
            evidence,
            cancelled: None,
        };
        Ok(OpenedRotation { rotation, predecessor })
    }

    /// The end of the overlap, the old token's expiry, or the deadline it already has: whichever is first.
    fn deadline(&self, overlap: Overlap) -> UtcDateTime {
        let longest = overlap.longest().map_or(time::Duration::ZERO, crate::span::Span::as_duration);
        let wanted = self.now.checked_add(longest).unwrap_or(UtcDateTime::MAX).min(self.predecessor.expires_at);
        match self.predecessor.state {
            TokenState::Retiring { until } => wanted.min(until),
            _ => wanted,
        }
    }
}

impl<T, W> Rotation<T, W> {
    /// Decides on a request for a rotation, by the last rotation of the same token and the state of its successor.
    ///
    /// The answer holds for the facts it was given. A store makes it safe by committing on the condition that the
    /// token has not changed since; of two racing requests one then finds the other's rotation.
    ///
    /// # Errors
    ///
    /// Refuses a token that no longer works, a second rotation beside a running one, a key whose rotation was called off or
    /// replaced by another, and a token of [`MOST_SPENT`](Self::MOST_SPENT) rotations, none of which replaced it.
    pub fn admit<'a>(
        last: Option<(&'a Self, TokenState)>,
        key: &RotationKey,
        predecessor: TokenValidity,
        now: UtcDateTime,
    ) -> Result<RotationAdmission<'a, T, W>, RotationError> {
        match last {
            Some((rotation, _)) if rotation.key() == key && rotation.is_cancelled() => Err(RotationError::Cancelled),
            Some((rotation, _)) if rotation.key() == key => Ok(RotationAdmission::Again(rotation)),
            Some((rotation, _)) if rotation.spent().contains(key) => Err(RotationError::KeySpent),
            _ if !predecessor.works(now) => Err(RotationError::PredecessorDead),
            Some((_, successor)) if !successor.is_revoked() => Err(RotationError::AlreadyRotating),
            Some((rotation, _)) if rotation.spent().len() >= Self::MOST_SPENT => Err(RotationError::TooManyRotations),
            _ => {
                let spent = last.map_or(Vec::new(), |(rotation, _)| rotation.spent_with_its_own());
                Ok(RotationAdmission::New(RotationPermit { key: key.clone(), spent, predecessor, now }))
            }
        }
    }
}
