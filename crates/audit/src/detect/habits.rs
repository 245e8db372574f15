//! How an account is usually used: from where, and how much in an hour.

use alloc::vec::Vec;

use time::UtcDateTime;

use super::{Settings, rate::Over};
use crate::{Recorded, Sequence, Source};

/// An account with more networks than these is used from everywhere, and a new one is no news.
const MOST_NETWORKS: usize = 8;

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// What is usual for one account.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub(super) struct Habits {
    since: i64,
    networks: Vec<Source>,
    hour: i64,
    in_hour: u32,
    first_in_hour: Option<Sequence>,
    /// The busiest hour of today and of each of the last seven days, so that a weekly job is usual.
    peaks: [u32; 8],
}

/// What of an access is not usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) is_new_network: bool,
    pub(super) sudden: Option<Over>,
}

impl Habits {
    pub(super) const fn since(at: UtcDateTime) -> Self {
        let since = at.unix_timestamp();
        let hour = since.div_euclid(HOUR);
        Self { since, networks: Vec::new(), hour, in_hour: 0, first_in_hour: None, peaks: [0; 8] }
    }

    pub(super) fn see(&mut self, recorded: &Recorded, settings: &Settings) -> Seen {
        let now = recorded.event.last_at().unix_timestamp();
        // A clock that ran ahead for a while does not prolong the learning.
        self.since = self.since.min(now);
        let is_known = now.saturating_sub(self.since) >= settings.learning.whole_seconds();
        let is_new_network = self.meet(recorded) && is_known;
        let sudden = self.count(recorded, now, settings).filter(|_| is_known);
        Seen { is_new_network, sudden }
    }

    /// Whether the network is new, and an account has room for new ones.
    fn meet(&mut self, recorded: &Recorded) -> bool {
        let Some(address) = recorded.event.address() else { return false };
        let source = Source::of(Some(address));
        let is_new = self.networks.len() < MOST_NETWORKS && !self.networks.contains(&source);
        if is_new {
            self.networks.push(source);
        }
        is_new
    }

    fn count(&mut self, recorded: &Recorded, now: i64, settings: &Settings) -> Option<Over> {
        self.turn(now.div_euclid(HOUR));
        let first = *self.first_in_hour.get_or_insert(recorded.sequence);
        self.in_hour = self.in_hour.saturating_add(recorded.event.count());
        let busiest = self.peaks.into_iter().max().unwrap_or(0);
        let limit = busiest.saturating_mul(settings.sudden_factor).max(settings.sudden_least);
        (self.in_hour >= limit).then_some(Over { count: self.in_hour, first })
    }

    /// Ends the hour, unless the event is a late one of the hour before.
    fn turn(&mut self, hour: i64) {
        if hour == self.hour || hour == self.hour.saturating_sub(1) {
            return;
        }
        let (ended, begins, in_hour) = (day_of(self.hour), day_of(hour), self.in_hour);
        if let Some(peak) = self.peak_of(ended) {
            *peak = (*peak).max(in_hour);
        }
        for day in (ended.saturating_add(1)..=begins).take(self.peaks.len()) {
            if let Some(peak) = self.peak_of(day) {
                *peak = 0;
            }
        }
        (self.hour, self.in_hour, self.first_in_hour) = (hour, 0, None);
    }

    fn peak_of(&mut self, day: i64) -> Option<&mut u32> {
        self.peaks.get_mut(usize::try_from(day.rem_euclid(8)).ok()?)
    }
}

const fn day_of(hour: i64) -> i64 {
    hour.div_euclid(DAY / HOUR)
}
