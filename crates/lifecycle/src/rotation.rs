//! Replacing a token without locking anyone out.
//!
//! ```text
//!            mint                     first use of the new, or the deadline
//! old  ───────┬──────── retiring ────────┬── revoked ─── observed ─── deleted
//! new         └──────── active ──────────┴──────────────────────────────────▶
//!                 hand over · update secrets · verify · watch
//! ```
//!
//! Three things go wrong with rotations elsewhere. The answer is lost and the retry mints a second
//! successor: here a request has a key, and the same key has one successor. The old token dies before the
//! new one has arrived: here it works until the new one is used. The grace outlives the token: here no
//! deadline lies beyond the old token's expiry.
//!
//! A [`Rotation`] is a record, not a process: every transition is one pure step on it and on the states of
//! its two tokens, which the store commits together. A crash leaves the step done or not done. A model
//! checker walks every order of uses, retries, races, crashes, revocations and deadlines.

mod admission;
mod error;
mod key;
mod overlap;
mod step;
#[cfg(feature = "serde")]
mod written;

use alloc::vec::Vec;

use time::UtcDateTime;

pub use self::admission::{RotationAdmission, RotationPermit, TokenValidity};
pub use self::error::RotationError;
pub use self::key::{RotationKey, RotationKeyError};
pub use self::overlap::Overlap;
pub use self::step::{RotationStep, StepRecord};

use self::step::Evidence;
use crate::state::TokenState;

/// The record of one token's replacement by another; `T` is the host's token id, `W` its name for an actor.
///
/// ```
/// use service_accounts_lifecycle::{RotationAdmission, Overlap, Rotation, RotationKey, Span, TokenValidity, TokenState};
/// use time::{Duration, UtcDateTime};
///
/// let now = UtcDateTime::UNIX_EPOCH;
/// let old = TokenValidity { state: TokenState::Active, expires_at: now + Duration::days(30) };
/// let key = RotationKey::parse("deploy-2025-01").unwrap();
///
/// let RotationAdmission::New(permit) = Rotation::<u32, &str>::admit(None, &key, old, now)? else { unreachable!() };
/// let overlap = Overlap::UntilFirstUse(Span::days(3).unwrap());
/// let opened = permit.open((1, 2), now + Duration::days(365), overlap, "ops")?;
/// assert_eq!(opened.predecessor, TokenState::Retiring { until: now + Duration::days(3) });
///
/// // The client reloads, and the old token is no longer needed.
/// let mut rotation = opened.rotation;
/// let old = rotation.note_successor_use(opened.predecessor, now + Duration::HOUR);
/// assert_eq!(old, TokenState::Revoked { at: now + Duration::HOUR });
/// # Ok::<(), service_accounts_lifecycle::RotationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rotation<T, W> {
    key: RotationKey,
    /// The keys of earlier rotations of the same token. Without them, a retry that arrives after its rotation
    /// was called off and replaced would look new, and mint.
    spent: Vec<RotationKey>,
    predecessor: T,
    successor: T,
    overlap: Overlap,
    deadline: UtcDateTime,
    predecessor_last_use: Option<UtcDateTime>,
    successor_last_use: Option<UtcDateTime>,
    evidence: Evidence<W>,
    cancelled: Option<StepRecord<W>>,
}

/// A rotation that has begun, and what the old token becomes in the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedRotation<T, W> {
    /// The record to keep.
    pub rotation: Rotation<T, W>,
    /// The new state of the old token.
    pub predecessor: TokenState,
}

/// What both tokens become, in one commit, when a rotation is called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelledRotation {
    /// The new state of the old token, which works again without a deadline.
    pub predecessor: TokenState,
    /// The new state of the new token, which never works.
    pub successor: TokenState,
}

impl<T, W> Rotation<T, W> {
    /// How many earlier rotations of one token are remembered by their keys; after as many it is not rotated again.
    ///
    /// Each of them was called off, or its successor was revoked. No key is ever forgotten, because a late retry of it
    /// would mint.
    pub const MOST_SPENT: usize = 16;

    /// The key the rotation was asked for with.
    #[must_use]
    pub const fn key(&self) -> &RotationKey {
        &self.key
    }

    /// The old token.
    #[must_use]
    pub const fn predecessor(&self) -> &T {
        &self.predecessor
    }

    /// The new token.
    #[must_use]
    pub const fn successor(&self) -> &T {
        &self.successor
    }

    /// The first instant at which the old token no longer works, at the latest.
    #[must_use]
    pub const fn deadline(&self) -> UtcDateTime {
        self.deadline
    }

    /// When the old token was last used, as far as was noted.
    #[must_use]
    pub const fn predecessor_last_use(&self) -> Option<UtcDateTime> {
        self.predecessor_last_use
    }

    /// When the new token was last used, as far as was noted.
    #[must_use]
    pub const fn successor_last_use(&self) -> Option<UtcDateTime> {
        self.successor_last_use
    }

    /// How long old and new work side by side.
    #[must_use]
    pub const fn overlap(&self) -> Overlap {
        self.overlap
    }

    /// Each of the eight steps with its proof, in order.
    pub fn steps(&self) -> impl Iterator<Item = (RotationStep, Option<&StepRecord<W>>)> {
        RotationStep::ALL.into_iter().map(|step| (step, self.evidence(step)))
    }

    /// What proves a step, if it was done.
    #[must_use]
    pub fn evidence(&self, step: RotationStep) -> Option<&StepRecord<W>> {
        self.evidence.of(step)
    }

    /// The first step without proof: what to do next.
    #[must_use]
    pub fn next_step(&self) -> Option<RotationStep> {
        if self.is_cancelled() { None } else { self.evidence.first_missing() }
    }

    /// Whether the rotation was called off.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled.is_some()
    }

    /// Who called the rotation off, and when.
    #[must_use]
    pub const fn cancelled(&self) -> Option<&StepRecord<W>> {
        self.cancelled.as_ref()
    }

    /// Whether a retry with the same key may be answered with a new secret of the same successor: the first answer
    /// was lost if nobody has used it.
    #[must_use]
    pub const fn may_mint_anew(&self) -> bool {
        !self.is_cancelled() && self.successor_last_use.is_none()
    }

    /// Takes note of a use of the old token; marks may arrive late and in any order.
    pub fn note_predecessor_use(&mut self, at: UtcDateTime) {
        self.predecessor_last_use = self.predecessor_last_use.max(Some(at));
    }

    /// Takes note of a use of the new token, and yields what the old one becomes.
    ///
    /// With [`Overlap::UntilFirstUse`] the old token is revoked, not given a nearer deadline: a clock that jumps
    /// back could undo a deadline, and nothing undoes a revocation.
    pub fn note_successor_use(&mut self, predecessor: TokenState, at: UtcDateTime) -> TokenState {
        if self.is_cancelled() {
            return predecessor;
        }
        self.successor_last_use = self.successor_last_use.max(Some(at));
        self.evidence.keep(RotationStep::Verify, StepRecord { by: None, at });
        match self.overlap {
            Overlap::UntilFirstUse(_) => self.revoke(predecessor, at),
            Overlap::None | Overlap::Fixed(_) => predecessor,
        }
    }

    /// Yields what the old token becomes once its deadline has passed: revoked, as of the deadline.
    ///
    /// Nobody has to call it for the token to stop; it turns a date that refuses into a state that does.
    pub fn settle(&mut self, predecessor: TokenState, now: UtcDateTime) -> TokenState {
        match predecessor {
            TokenState::Retiring { until } if now >= until => self.revoke(predecessor, until),
            _ => predecessor,
        }
    }

    /// Calls the rotation off: the new token is revoked and the old one works as before.
    ///
    /// # Errors
    ///
    /// Refuses once the new token has been used, or the old one no longer works: somebody would be locked out.
    pub fn cancel(
        &mut self,
        by: W,
        predecessor: TokenState,
        successor: TokenState,
        now: UtcDateTime,
    ) -> Result<CancelledRotation, RotationError> {
        if self.is_cancelled() {
            return Err(RotationError::Cancelled);
        }
        if self.successor_last_use.is_some() {
            return Err(RotationError::SuccessorInUse);
        }
        let predecessor = predecessor.reinstate(now)?;
        let successor = if successor.is_revoked() { successor } else { successor.revoke(now)? };
        self.cancelled = Some(StepRecord { by: Some(by), at: now });
        Ok(CancelledRotation { predecessor, successor })
    }

    /// Records the proof of a step; the first proof of each step is the one that stays.
    ///
    /// # Errors
    ///
    /// Refuses a step the old token or the new one shows not to have happened.
    pub fn record(
        &mut self,
        step: RotationStep,
        mark: StepRecord<W>,
        predecessor: TokenState,
    ) -> Result<(), RotationError> {
        let has_happened = match step {
            RotationStep::Mint | RotationStep::HandOver | RotationStep::UpdateSecrets | RotationStep::Verify => true,
            RotationStep::Watch => self.successor_last_use.is_some(),
            RotationStep::Revoke => predecessor.is_revoked(),
            RotationStep::Observe => matches!(predecessor, TokenState::Deletable { .. } | TokenState::Deleted { .. }),
            RotationStep::Delete => matches!(predecessor, TokenState::Deleted { .. }),
        };
        if self.is_cancelled() {
            return Err(RotationError::Cancelled);
        }
        if !has_happened {
            return Err(RotationError::NotHappened);
        }
        self.evidence.keep(step, mark);
        Ok(())
    }

    pub(crate) fn spent(&self) -> &[RotationKey] {
        &self.spent
    }

    pub(crate) fn spent_with_its_own(&self) -> Vec<RotationKey> {
        self.spent.iter().chain([&self.key]).cloned().collect()
    }

    fn revoke(&mut self, predecessor: TokenState, at: UtcDateTime) -> TokenState {
        predecessor.revoke(at).map_or(predecessor, |revoked| {
            self.evidence.keep(RotationStep::Revoke, StepRecord { by: None, at });
            revoked
        })
    }
}
