//! What a watch remembers.

use time::UtcDateTime;

use super::{bounded::Bounded, habits::Habits, rate::Rate};
use crate::Sequence;

const HOUR: i64 = 3600;

/// Everything a watch knows. Keep it together with its cursor, and give it back to [`Watch::resume`](super::Watch::resume).
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct State {
    pub(super) cursor: Option<Sequence>,
    /// The second of the first event.
    pub(super) began: Option<i64>,
    pub(super) by_source: Bounded<Rate>,
    pub(super) by_account: Bounded<Rate>,
    pub(super) habits: Bounded<Habits>,
    pub(super) tokens: Bounded<LastUse>,
    pub(super) policy_actors: Bounded<()>,
    /// When an alert about a subject was last told.
    pub(super) told: Bounded<i64>,
}

impl State {
    /// The earliest event counts, so that a clock that ran ahead for a while prolongs no learning.
    pub(super) fn begin(&mut self, at: UtcDateTime) {
        let at = at.unix_timestamp();
        self.began = Some(self.began.map_or(at, |began| began.min(at)));
    }

    pub(super) fn forget_down_to(&mut self, most: usize) {
        self.by_source.forget_down_to(most);
        self.by_account.forget_down_to(most);
        self.habits.forget_down_to(most);
        self.tokens.forget_down_to(most);
        self.policy_actors.forget_down_to(most);
        self.told.forget_down_to(most);
    }
}

/// When a token was last used or minted, and its longest pause, in seconds.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub(super) struct LastUse {
    pub(super) at: i64,
    pub(super) longest_gap: i64,
}

impl LastUse {
    pub(super) const fn at(instant: UtcDateTime) -> Self {
        Self { at: instant.unix_timestamp(), longest_gap: 0 }
    }

    /// Forgets what a clock wrote that ran ahead: its gap never was, and no use would be a late one before it is over.
    ///
    /// Rows of accesses come late by minutes, which is no such step.
    pub(super) const fn go_back_to(&mut self, now: i64) {
        if self.at.saturating_sub(now) > HOUR {
            (self.at, self.longest_gap) = (now, 0);
        }
    }
}
