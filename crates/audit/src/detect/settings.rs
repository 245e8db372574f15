//! When an alert is worth a person's time.

use alloc::vec::Vec;

use time::Duration;

use crate::Label;

/// Thresholds; start from the default and change what does not fit the house.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// So many refusals within [`failure_window`](Self::failure_window) raise an alert.
    pub failures: u32,
    /// The time within which refusals are counted.
    pub failure_window: Duration,
    /// How long an account, and the watch itself, is only learnt from.
    pub learning: Duration,
    /// Use is sudden from so many times the busiest hour of the last week on …
    pub sudden_factor: u32,
    /// … if it is at least so many accesses in an hour.
    pub sudden_least: u32,
    /// A token is dormant after so long without use, or after one and a half of its longest pause if that is longer.
    pub dormant: Duration,
    /// For so long the same is not told again about the same subject.
    pub cooldown: Duration,
    /// Who may change policies, the catalogue and peppers. If empty, who did so while the watch learnt is expected, and
    /// anybody else is told once.
    pub policy_actors: Vec<Label>,
    /// How many accounts, tokens, networks and alerts are remembered, of each so many; the least recently seen is forgotten.
    pub most_subjects: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            failures: 30,
            failure_window: Duration::minutes(10),
            learning: Duration::days(7),
            sudden_factor: 8,
            sudden_least: 200,
            dormant: Duration::days(14),
            cooldown: Duration::hours(6),
            policy_actors: Vec::new(),
            most_subjects: 10_000,
        }
    }
}
