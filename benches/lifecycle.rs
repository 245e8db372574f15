//! Sweeps over due dates and the arithmetic behind them.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use service_accounts_lifecycle::{DateColumn, DueIndex, Environment, LifecyclePolicy, TokenFacts};
use time::{Duration, UtcDateTime};

const TOKENS: u32 = 1_000_000;

fn now() -> UtcDateTime {
    UtcDateTime::UNIX_EPOCH
}

/// Dates spread so that one in a thousand has come; neighbours are far apart.
fn dates() -> impl Iterator<Item = UtcDateTime> {
    (0..TOKENS).map(|key| now() + Duration::seconds(i64::from(key.wrapping_mul(7_919) % TOKENS) - 999))
}

fn sweep(bench: &mut Criterion) {
    let index: DueIndex<u32> = dates().zip(0..).collect();
    let mut group = bench.benchmark_group("sweep/1M");
    group.bench_function("nothing due", |b| b.iter(|| index.due(black_box(now() - Duration::DAY)).next()));
    group.bench_function("0.1 % due", |b| b.iter(|| index.due(black_box(now())).fold(0, |sum, key| sum ^ key)));
    group.finish();
}

fn column(bench: &mut Criterion) {
    let column: DateColumn = dates().map(Some).collect();
    let mut group = bench.benchmark_group("column/1M");
    group.throughput(Throughput::Elements(TOKENS.into()));
    group.bench_function("count", |b| b.iter(|| column.count_until(black_box(now()))));
    group.bench_function("positions", |b| b.iter(|| column.until(black_box(now())).fold(0, |sum, at| sum ^ at)));
    group.finish();
}

fn schedule(bench: &mut Criterion) {
    let schedule = LifecyclePolicy::default().schedule(&Environment::production());
    let facts: Vec<_> = dates().take(10_000).map(|at| TokenFacts::new(at, at + Duration::days(365))).collect();
    let mut group = bench.benchmark_group("schedule/10k");
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("next_due", |b| b.iter(|| schedule.next_due_of_all(black_box(&facts), black_box(now()))));
    group.bench_function("assess", |b| {
        b.iter(|| facts.iter().filter(|facts| schedule.assess(facts, black_box(now())).is_empty()).count());
    });
    group.finish();
}

criterion_group!(benches, sweep, column, schedule);
criterion_main!(benches);
