//! Interleaved timing: each round runs every contestant once, so that a machine that drifts drifts for all.

use std::time::{Duration, Instant};

const ROUNDS: usize = 41;
/// Calls that are timed one by one after each round.
const SINGLES: u32 = 200;
const ROUND_LENGTH: Duration = Duration::from_millis(4);

/// One thing to time; each call does the work once.
pub struct Contestant<'a> {
    name: &'static str,
    work: Box<dyn FnMut() + 'a>,
    calls_per_round: u32,
    samples: Vec<f64>,
    singles: Vec<f64>,
}

/// Names a piece of work to be timed.
pub fn contestant<'a>(name: &'static str, work: impl FnMut() + 'a) -> Contestant<'a> {
    Contestant {
        name,
        work: Box::new(work),
        calls_per_round: 1,
        samples: Vec::with_capacity(ROUNDS),
        singles: Vec::new(),
    }
}

/// Median nanoseconds of each contestant, in the order given.
pub fn medians<const N: usize>(mut contestants: [Contestant<'_>; N]) -> [Timed; N] {
    contestants.iter_mut().for_each(Contestant::calibrate);
    for _ in 0..ROUNDS {
        contestants.iter_mut().for_each(Contestant::sample);
    }
    contestants.map(Contestant::finish)
}

/// A contestant's name and its median nanoseconds a call.
#[derive(Clone, Copy)]
pub struct Timed {
    pub name: &'static str,
    pub nanoseconds: f64,
    /// Of calls timed one by one, each with the 20 to 50 ns that it takes to read a clock twice.
    pub p99: f64,
}

/// A limit that was not measured call by call.
#[cfg(any(feature = "audit", feature = "http", feature = "lifecycle"))]
pub const fn limit(name: &'static str, nanoseconds: f64) -> Timed {
    Timed { name, nanoseconds, p99: nanoseconds }
}

/// Prints one `ratio` line: ours against a peer or limit, short where the ratio is above `goal`.
pub fn print_ratio(case: &str, ours: Timed, peer: Timed, goal: f64) {
    let ratio = ours.nanoseconds / peer.nanoseconds;
    let verdict = if ratio <= goal { "ok" } else { "short" };
    println!(
        "ratio\t{case}\t{:.1}\t{}\t{:.1}\t{ratio:.3}\t≤ {goal}\t{verdict}\tp99 {:.0} and {:.0}",
        ours.nanoseconds, peer.name, peer.nanoseconds, ours.p99, peer.p99,
    );
}

impl Contestant<'_> {
    fn calibrate(&mut self) {
        loop {
            let took = self.time_round();
            if took >= ROUND_LENGTH / 2 || self.calls_per_round >= 1 << 28 {
                return;
            }
            self.calls_per_round *= 2;
        }
    }

    fn sample(&mut self) {
        let took = self.time_round();
        self.samples.push(took.as_nanos() as f64 / f64::from(self.calls_per_round));
        for _ in 0..SINGLES.min(self.calls_per_round) {
            let start = Instant::now();
            (self.work)();
            self.singles.push(start.elapsed().as_nanos() as f64);
        }
    }

    fn time_round(&mut self) -> Duration {
        let start = Instant::now();
        for _ in 0..self.calls_per_round {
            (self.work)();
        }
        start.elapsed()
    }

    fn finish(mut self) -> Timed {
        self.samples.sort_by(f64::total_cmp);
        self.singles.sort_by(f64::total_cmp);
        let p99 = self.singles[self.singles.len() * 99 / 100];
        Timed { name: self.name, nanoseconds: self.samples[self.samples.len() / 2], p99 }
    }
}
