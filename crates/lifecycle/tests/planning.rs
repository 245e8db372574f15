//! Plans, forecasts and differences, and the sweep that carries plans out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

#[path = "support/random.rs"]
mod random;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use service_accounts_lifecycle::{
    DueIndex, Environment, Inventory, LifecycleFinding, LifecyclePolicy, Lifetime, Severity, Span, SweepBounds, Task,
    TaskKind, TokenEntry, TokenFacts, TokenState, diff, forecast, plan, sweep,
};
use time::macros::utc_datetime;
use time::{Duration, UtcDateTime};

const ISSUED: UtcDateTime = utc_datetime!(2024-01-01 0:00);

fn days(days: i64) -> UtcDateTime {
    ISSUED + Duration::days(days)
}

fn entry(key: u32, facts: TokenFacts) -> TokenEntry<u32> {
    TokenEntry { key, environment: Environment::production(), facts }
}

fn year() -> TokenFacts {
    TokenFacts::new(ISSUED, days(365))
}

fn actions(tasks: &[Task<u32>]) -> Vec<(u32, TaskKind)> {
    tasks.iter().map(|task| (task.key, task.kind)).collect()
}

#[test]
fn a_plan_puts_the_weightiest_first() {
    let (expired, tried) =
        (year(), year().with_state(TokenState::Revoked { at: days(364) }).with_last_attempt(days(365)));
    let due = TokenFacts::new(days(10), days(375))
        .with_last_use(days(364))
        .with_last_look(days(364))
        .with_last_review(days(364));
    let entries = [entry(1, due), entry(2, expired), entry(3, tried)];
    let tasks = plan(&entries, &LifecyclePolicy::default(), days(365));
    assert_eq!(actions(&tasks), [(2, TaskKind::Revoke), (3, TaskKind::Investigate), (1, TaskKind::Rotate)]);
    assert_eq!(tasks[0].severity(), Severity::Critical);
    assert_eq!(tasks[2].severity(), Severity::Warning);
}

#[test]
fn a_token_that_is_to_be_revoked_has_no_other_task() {
    let idle = entry(1, year());
    let tasks = plan([&idle], &LifecyclePolicy::default(), days(340));
    assert_eq!(actions(&tasks), [(1, TaskKind::Revoke)]);
    assert!(matches!(tasks[0].reasons[..], [LifecycleFinding::Idle { .. }]));
}

#[test]
fn rotation_and_replacement_are_one_task_with_both_reasons() {
    let facts = year().with_last_use(days(339)).with_last_look(days(339)).with_last_review(days(339));
    let tighter = LifecyclePolicy::default()
        .with_environment(Environment::production(), Lifetime::up_to(Span::days(364).unwrap()));
    let tasks = plan([&entry(1, facts)], &tighter, days(340));
    assert_eq!(actions(&tasks), [(1, TaskKind::Rotate)]);
    assert!(matches!(
        tasks[0].reasons[..],
        [LifecycleFinding::LifetimeTooLong { .. }, LifecycleFinding::RotationDue { .. }]
    ));
    assert_eq!(actions(&plan([&entry(1, facts)], &tighter, days(334))), [(1, TaskKind::Replace)]);
}

#[test]
fn a_forecast_tells_what_comes_on_which_day() {
    let facts = year().with_last_use(days(300)).with_last_look(days(364)).with_last_review(days(364));
    let forecast = forecast([&entry(1, facts)], &LifecyclePolicy::default(), days(300), Span::days(90).unwrap());
    let codes: Vec<_> = forecast
        .iter()
        .map(|(day, coming)| (*day, coming.iter().map(|each| each.finding.code()).collect::<Vec<_>>()))
        .collect();
    assert_eq!(codes, [(days(335).date(), vec!["rotation-due"]), (days(365).date(), vec!["expired"])]);
}

#[test]
fn within_a_day_the_earlier_comes_first() {
    let expires = |hour| TokenFacts::new(ISSUED, days(3) + Duration::hours(hour)).with_successor();
    let entries = [entry(1, expires(2)), entry(2, expires(1)), entry(3, expires(3))];
    let forecast = forecast(&entries, &LifecyclePolicy::default(), ISSUED, Span::days(7).unwrap());
    let keys: Vec<_> = forecast[&days(3).date()].iter().map(|coming| coming.key).collect();
    assert_eq!(keys, [2, 1, 3]);
}

#[test]
fn the_horizon_is_part_of_the_forecast() {
    let facts = year().with_last_use(days(300)).with_last_look(days(330)).with_last_review(days(330));
    for (offset, expected) in [(-1, 0), (0, 1), (1, 1)] {
        let now = days(334) + Duration::seconds(offset);
        let forecast = forecast([&entry(1, facts)], &LifecyclePolicy::default(), now, Span::days(1).unwrap());
        assert_eq!(forecast.len(), expected);
    }
    let found_already = forecast([&entry(1, facts)], &LifecyclePolicy::default(), days(335), Span::days(1).unwrap());
    assert!(found_already.is_empty());
}

#[test]
fn a_difference_tells_what_a_policy_would_break() {
    let used = year().with_last_use(days(60)).with_last_look(days(100)).with_last_review(days(100));
    let fresh = TokenFacts::new(days(99), days(464)).with_last_use(days(100));
    let (from, to) = (LifecyclePolicy::default(), LifecyclePolicy::default().with_idle_after(Span::days(30).unwrap()));
    let entries = [entry(1, used), entry(2, fresh.with_state(TokenState::Revoked { at: days(99) }))];
    let differences = diff(&entries, &from, &to, days(100));
    assert_eq!(differences.len(), 1, "a revoked token does not go idle");
    assert_eq!(differences[0].appears, [LifecycleFinding::Idle { since: days(90), last_use: Some(days(60)) }]);
    assert_eq!(differences[0].next_due, (Some(days(130)), Some(days(130))));
    let back = diff(&entries, &to, &from, days(100));
    assert_eq!((&back[0].appears, &back[0].disappears), (&vec![], &differences[0].appears));
    let earlier = to.clone().with_idle_after(Span::days(20).unwrap());
    assert_eq!(diff(&entries, &to, &earlier, days(100)), [], "idle before and after, only since another day");
}

#[test]
fn a_difference_of_dates_only_is_told_by_the_next_date() {
    let to = LifecyclePolicy::default().with_look_every(Span::days(20).unwrap());
    let differences = diff([&entry(1, year())], &LifecyclePolicy::default(), &to, ISSUED);
    assert!(differences[0].appears.is_empty() && differences[0].disappears.is_empty());
    assert_eq!(differences[0].next_due, (Some(days(30)), Some(days(20))));
}

proptest! {
    /// A forecast misses nothing: whatever a plan finds at the horizon was there before or was foretold.
    #[test]
    fn what_is_planned_at_the_horizon_was_foretold(
        policy in random::policy(), facts in random::facts(), now in -50_i64..50, horizon in 1_u32..200,
    ) {
        let now = UtcDateTime::UNIX_EPOCH + Duration::seconds(now);
        let (environment, horizon) = (random::environment(), Span::seconds(horizon).unwrap());
        let entry = TokenEntry { key: (), environment: environment.clone(), facts };
        let foretold: Vec<_> = forecast([&entry], &policy, now, horizon).into_values().flatten().collect();
        let before = policy.assess(&environment, &facts, now);
        for finding in policy.assess(&environment, &facts, now + horizon.as_duration()) {
            prop_assert!(before.contains(&finding) || foretold.iter().any(|coming| coming.finding == finding));
        }
        prop_assert!(foretold.len() <= 5);
        for coming in foretold {
            prop_assert!(coming.at > now && coming.at <= now + horizon.as_duration());
            prop_assert!(policy.assess(&environment, &facts, coming.at).contains(&coming.finding));
        }
    }

    /// A policy differs in nothing from itself.
    #[test]
    fn a_policy_does_not_differ_from_itself(policy in random::policy(), facts in random::facts(), now in random::instant()) {
        let entry = TokenEntry { key: (), environment: random::environment(), facts };
        prop_assert!(diff([&entry], &policy, &policy, now).is_empty());
    }

    /// Sweeps with any bounds settle each due token once, and what a bound or a failure leaves is done next time.
    #[test]
    fn a_sweep_settles_what_is_due_once_however_it_is_cut(
        facts in prop::collection::vec(random::facts(), 0..30), now in random::instant(), batch in 1_usize..8,
        tokens in 0_usize..20, fails_at in prop::option::of(0_usize..30),
    ) {
        let policy = LifecyclePolicy::default();
        let table = Table::new(&facts, &policy);
        let due = table.index.lock().unwrap().due(now).count();
        let bounds = SweepBounds { batch: NonZeroUsize::new(batch).unwrap(), tokens };
        table.fails_after.replace(fails_at);
        let mut settled = 0;
        for _ in 0..200 {
            match block_on(sweep(&table, &policy, now, bounds)) {
                Ok(swept) => {
                    prop_assert!(swept.settled <= tokens);
                    settled += swept.settled;
                    if !swept.is_cut_short || tokens == 0 { break }
                }
                Err(error) => settled += error.swept.settled,
            }
        }
        prop_assert_eq!(settled, if tokens == 0 { 0 } else { due });
        let still_due = table.index.lock().unwrap().due(now).count();
        prop_assert_eq!(still_due, due - settled);
        prop_assert!(table.settled.lock().unwrap().values().all(|times| *times == 1));
    }
}

/// A host's own table with the one extra column a sweep needs.
struct Table {
    rows: Vec<TokenEntry<usize>>,
    index: Mutex<DueIndex<usize>>,
    due: Mutex<BTreeMap<usize, UtcDateTime>>,
    settled: Mutex<BTreeMap<usize, usize>>,
    fails_after: Fails,
    batches: Mutex<usize>,
}

/// Counts down to one failure of the store.
struct Fails(Mutex<RefCell<Option<usize>>>);

impl Fails {
    fn replace(&self, after: Option<usize>) {
        self.0.lock().unwrap().replace(after);
    }

    fn now(&self) -> bool {
        let left = self.0.lock().unwrap();
        let fails = *left.borrow() == Some(0);
        let next = left.borrow().and_then(|left| left.checked_sub(1));
        left.replace(next);
        fails
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the table cannot be written")]
struct Unwritable;

impl Table {
    fn new(facts: &[TokenFacts], policy: &LifecyclePolicy) -> Self {
        let rows: Vec<_> = facts
            .iter()
            .enumerate()
            .map(|(key, facts)| TokenEntry { key, environment: Environment::production(), facts: *facts })
            .collect();
        let due: BTreeMap<_, _> =
            rows.iter().filter_map(|row| Some((row.key, policy.schedule(&row.environment).due(&row.facts)?))).collect();
        Self {
            index: Mutex::new(due.iter().map(|(key, due)| (*due, *key)).collect()),
            due: Mutex::new(due),
            rows,
            settled: Mutex::default(),
            fails_after: Fails(Mutex::default()),
            batches: Mutex::default(),
        }
    }
}

impl Inventory for Table {
    type Key = usize;
    type Error = Unwritable;

    async fn due(&self, now: UtcDateTime, limit: NonZeroUsize) -> Result<Vec<TokenEntry<usize>>, Unwritable> {
        let mut batches = self.batches.lock().unwrap();
        *batches += 1;
        assert!(*batches < 1_000, "the sweep does not end");
        Ok(self.index.lock().unwrap().due(now).take(limit.get()).map(|key| self.rows[*key].clone()).collect())
    }

    async fn settle(&self, key: &usize, _: &[Task<usize>], next_due: Option<UtcDateTime>) -> Result<(), Unwritable> {
        if self.fails_after.now() {
            return Err(Unwritable);
        }
        let (mut index, mut due) = (self.index.lock().unwrap(), self.due.lock().unwrap());
        let before = due.remove(key).unwrap();
        assert!(index.remove(before, key));
        if let Some(next) = next_due {
            index.insert(next, *key);
            due.insert(*key, next);
        }
        *self.settled.lock().unwrap().entry(*key).or_default() += 1;
        Ok(())
    }
}

/// The table answers at once, so one poll is enough.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
