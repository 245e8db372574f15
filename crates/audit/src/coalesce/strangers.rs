//! Requests without a verified credential: whoever sends them cannot make the trail grow.

use alloc::{boxed::Box, vec::Vec};
use core::net::IpAddr;

use time::UtcDateTime;

use super::row::{Row, Stranger, Subject, Tally};
use crate::{Label, Source};

/// Rows within one window; a thirty-third network is one of the others.
pub(super) const MOST_SOURCES: usize = 32;

/// The rows of one window, which begins with the first of them and closes as a whole.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    rows: Vec<(Stranger, Tally)>,
    others: Option<Tally>,
    window: Option<Tally>,
}

impl Strangers {
    /// True before the first.
    pub(super) fn is_within_window(&self, at: UtcDateTime) -> bool {
        self.window.is_none_or(|window| window.is_within_window(at))
    }

    pub(super) fn count(
        &mut self,
        address: Option<IpAddr>,
        reason: &'static str,
        claimed: Option<&str>,
        at: UtcDateTime,
    ) {
        self.window.get_or_insert(Tally::once(at));
        let (source, address) = (Source::of(address), address.map(|address| address.to_canonical()));
        let has_room = self.rows.len() < MOST_SOURCES;
        let is_same = |known: &Stranger| {
            known.source == source && known.reason == reason && known.claimed.as_ref().map(Label::as_str) == claimed
        };
        if let Some((known, tally)) = self.rows.iter_mut().find(|(known, _)| is_same(known)) {
            known.address = known.address.filter(|known| Some(*known) == address);
            tally.add(at);
        } else if has_room {
            self.rows.push((Stranger { source, address, reason, claimed: claimed.map(Label::new) }, Tally::once(at)));
        } else {
            add_to(&mut self.others, &Tally::once(at));
        }
    }

    /// Ends the window and hands over its rows; what finds no room among `room` rows stays summed.
    pub(super) fn close<T>(&mut self, room: usize) -> Vec<Row<T>> {
        self.window = None;
        let beyond = self.rows.split_off(self.rows.len().min(room.saturating_sub(1)));
        beyond.iter().for_each(|(_, tally)| add_to(&mut self.others, tally));
        let mut closed: Vec<_> = self
            .rows
            .drain(..)
            .map(|(stranger, tally)| Row { subject: Subject::Stranger(Box::new(stranger)), tally })
            .collect();
        if room > 0
            && let Some(tally) = self.others.take()
        {
            closed.push(Row { subject: Subject::OtherStrangers, tally });
        }
        // What could not be handed over is due again a window later.
        self.window = self.others.map(|tally| Tally::once(tally.last()));
        closed
    }
}

fn add_to(sum: &mut Option<Tally>, tally: &Tally) {
    match sum {
        Some(sum) => sum.merge(tally),
        None => *sum = Some(*tally),
    }
}
