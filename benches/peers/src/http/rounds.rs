//! Figures of servers that take turns, and what share of one is left in another.
//!
//! A share is that of one round, in which all had their turn: the machine's speed changes more between rounds.

use std::fmt;

/// What a server did in one round.
#[derive(Clone, Copy)]
pub struct Round {
    pub requests_a_second: f64,
    /// What one request took of the processor on the server's thread, in nanoseconds; 0 where the system does not tell.
    pub processor: f64,
}

/// Medians of two figures, and the quartiles of the share between them.
pub struct Shares {
    medians: [f64; 2],
    share: [f64; 3],
}

impl Shares {
    /// `figures` has one pair a round.
    pub fn of(figures: impl Iterator<Item = [f64; 2]> + Clone, share: fn([f64; 2]) -> f64) -> Self {
        let medians = [0, 1].map(|place| quartiles(figures.clone().map(|pair| pair[place]))[1]);
        Self { medians, share: quartiles(figures.map(share)) }
    }

    /// The verdict of a goal that the middle share has to reach.
    pub fn verdict(&self, goal: f64) -> &'static str {
        if self.share[1] >= goal { "ok" } else { "short" }
    }
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { medians: [ours, other], share: [low, share, high] } = self;
        write!(f, "{ours:.0}\t{other:.0}\t{share:.3} ({low:.3}–{high:.3})")
    }
}

fn quartiles(figures: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| figures[figures.len() * quarter / 4])
}
