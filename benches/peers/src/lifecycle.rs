//! Sweeps and re-evaluations against the raw loops and the ordered set they cannot be faster than.
//!
//! There is no crate to compare with, so each case has two lines: one against the bound that was set, one
//! against the raw work, which moves with the machine as ours does.

use std::collections::BTreeSet;
use std::hint::black_box;

use service_accounts_lifecycle::{
    DateColumn, DueIndex, Environment, LifecyclePolicy, Schedule, TokenFacts, TokenState,
};
use time::{Duration, UtcDateTime};

use crate::side_by_side::{Timed, contestant, limit, medians, print_ratio};

const MANY: u32 = 10_000_000;
const SOME: u32 = 1_000_000;
const DAY: i64 = 86_400;

pub fn run() {
    sweep(SOME, Some(5_000.0));
    sweep(MANY, None);
    column();
    next_due();
    assess();
}

fn now() -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(1_750_000_000).unwrap()
}

/// A repeatable sequence of numbers below a bound.
fn numbers() -> impl FnMut(i64) -> i64 {
    let mut state = 88_172_645_463_325_252_u64;
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as i64
    }
}

/// Due dates of which one in a thousand has come.
fn dates(count: u32) -> Vec<i64> {
    let mut number = numbers();
    (0..count).map(|_| now().unix_timestamp() + 1 + number(1_000_000) - 1_000).collect()
}

fn instant(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds).unwrap()
}

fn bound(name: &'static str, nanoseconds: f64) -> Timed {
    limit(name, nanoseconds)
}

/// The same time, for one of many.
fn each(timed: Timed, count: u32) -> Timed {
    Timed { nanoseconds: timed.nanoseconds / f64::from(count), ..timed }
}

/// With as many as ten million, what a sweep takes is the memory's time: only the raw set tells how well it does.
fn sweep(count: u32, most: Option<f64>) {
    let dates = dates(count);
    let entries = || dates.iter().zip(0_u32..);
    let index: DueIndex<u32> = entries().map(|(date, key)| (instant(*date), key)).collect();
    let raw: BTreeSet<(i64, u32)> = entries().map(|(date, key)| (*date, key)).collect();
    let (before, last) = (now() - Duration::days(1), now().unix_timestamp());
    let [nothing, nothing_raw, due, due_raw] = medians([
        contestant("index", || {
            black_box(black_box(&index).due(black_box(before)).next());
        }),
        contestant("raw BTreeSet", || {
            let date = black_box(last - DAY);
            black_box(black_box(&raw).first().filter(|first| first.0 <= date));
        }),
        contestant("index", || {
            black_box(black_box(&index).due(black_box(now())).fold(0, |sum, key| sum ^ key));
        }),
        contestant("raw BTreeSet", || {
            let date = black_box(last);
            black_box(black_box(&raw).iter().take_while(|entry| entry.0 <= date).fold(0, |sum, entry| sum ^ entry.1));
        }),
    ]);
    let found = index.due(now()).count();
    print_ratio(&format!("sweep, nothing due of {count}"), nothing, bound("50 ns", 50.0), 1.0);
    print_ratio(&format!("sweep, nothing due of {count}"), nothing, nothing_raw, 2.0);
    let case = format!("sweep, {found} due of {count}");
    if let Some(most) = most {
        print_ratio(&case, due, bound("set bound", most), 1.0);
    }
    print_ratio(&case, due, due_raw, 1.2);
}

fn column() {
    let dates = dates(MANY);
    let column: DateColumn = dates.iter().map(|date| Some(instant(*date))).collect();
    let last = now().unix_timestamp();
    let amid = now() + Duration::seconds(500_000);
    let [count, count_half, positions, raw] = medians([
        contestant("column", || {
            black_box(black_box(&column).count_until(black_box(now())));
        }),
        contestant("column", || {
            black_box(black_box(&column).count_until(black_box(amid)));
        }),
        contestant("column", || {
            black_box(black_box(&column).until(black_box(now())).fold(0, |sum, position| sum ^ position));
        }),
        contestant("raw scan of seconds", || {
            let date = black_box(last);
            black_box(black_box(&dates).iter().filter(|each| **each <= date).count());
        }),
    ])
    .map(|timed| each(timed, MANY));
    print_ratio("re-evaluate a column of 10M, count", count, bound("0.75 ns", 0.75), 1.0);
    print_ratio("re-evaluate a column of 10M, count", count, raw, 1.0);
    print_ratio("re-evaluate a column of 10M, half of them due, count", count_half, bound("0.75 ns", 0.75), 1.0);
    print_ratio("re-evaluate a column of 10M, half of them due, count", count_half, raw, 1.0);
    print_ratio("re-evaluate a column of 10M, positions", positions, bound("0.75 ns", 0.75), 1.0);
    print_ratio("re-evaluate a column of 10M, positions", positions, raw, 1.0);
}

/// Tokens in the middle of their lives, of which nothing is to be said today.
fn facts(count: u32) -> Vec<TokenFacts> {
    let mut number = numbers();
    let mut ago = |days| now() - Duration::seconds(number(days * DAY));
    let quiet = |_| {
        let issued_at = ago(300);
        TokenFacts::new(issued_at, issued_at + Duration::days(365))
            .with_last_use(ago(80))
            .with_last_look(ago(29))
            .with_last_review(ago(89))
    };
    let states =
        [TokenState::Revoked { at: now() - Duration::DAY }, TokenState::Retiring { until: now() + Duration::DAY }];
    let in_state =
        |(at, facts): (usize, TokenFacts)| if at % 20 < 2 { facts.with_state(states[at % 20]) } else { facts };
    (0..count).map(quiet).enumerate().map(in_state).collect()
}

fn schedule() -> Schedule {
    LifecyclePolicy::default().schedule(&Environment::production())
}

fn next_due() {
    let (facts, schedule) = (facts(MANY), schedule());
    let other = TokenFacts::new(now(), now());
    let [ours, raw] = medians([
        contestant("next_due", || {
            black_box(schedule.next_due_of_all(black_box(&facts), black_box(now())));
        }),
        contestant("raw scan of facts", || {
            black_box(black_box(&facts).iter().filter(|facts| **facts == other).count());
        }),
    ])
    .map(|timed| each(timed, MANY));
    print_ratio("next_due of each of 10M", ours, bound("10 ns", 10.0), 1.0);
    print_ratio("next_due of each of 10M", ours, raw, 2.0);
    let some = &facts[..10_000];
    let [ours, one] = medians([
        contestant("next_due", || {
            black_box(schedule.next_due_of_all(black_box(some), black_box(now())));
        }),
        contestant("next_due with calendar dates", || {
            let now = black_box(now());
            black_box(black_box(some).iter().filter(|facts| schedule.next_due(facts, now) == Some(now)).count());
        }),
    ])
    .map(|timed| each(timed, 10_000));
    print_ratio("next_due of each of 10k, in cache", ours, bound("10 ns", 10.0), 1.0);
    print_ratio("next_due of each of 10k, in cache", ours, one, 1.0);
}

fn assess() {
    let (facts, schedule) = (facts(SOME), schedule());
    assert!(
        facts.iter().all(|facts| schedule.assess(facts, now()).capacity() == 0),
        "nothing found, nothing allocated"
    );
    let [ours] = medians([contestant("assess", || {
        let now = black_box(now());
        black_box(black_box(&facts).iter().filter(|facts| schedule.assess(facts, now).is_empty()).count());
    })])
    .map(|timed| each(timed, SOME));
    print_ratio("assess, nothing found, each of 1M", ours, bound("25 ns", 25.0), 1.0);
}
