//! The tokens a host has, and the sweep over those that are due.
//!
//! The host keeps one date beside each token: when the answer of
//! [`Schedule::assess`](crate::Schedule::assess) next changes. A sweep asks for the tokens whose date has
//! come, oldest first, hands each its tasks, and the host stores the next date with what it did. So a
//! sweep is resumable by nature: whatever was not settled is still due.

use alloc::vec::Vec;
use core::future::Future;
use core::num::NonZeroUsize;

use time::UtcDateTime;

use crate::entry::TokenEntry;
use crate::policy::LifecyclePolicy;
use crate::task::{Task, tasks_of};

/// The dated facts a host keeps; the sweep's only view of it.
pub trait Inventory {
    /// How the host names a token.
    type Key: Clone + Send + Sync;
    /// What can go wrong in the host's store.
    type Error;

    /// At most `limit` tokens whose date is at or before `now`, the earliest date first.
    ///
    /// A new token's date is [`Schedule::due`](crate::Schedule::due).
    fn due(
        &self,
        now: UtcDateTime,
        limit: NonZeroUsize,
    ) -> impl Future<Output = Result<Vec<TokenEntry<Self::Key>>, Self::Error>> + Send;

    /// Does, or hands on, the tasks of one token, and stores its next date, in one step.
    ///
    /// Without a next date the token is not due again until its facts change.
    fn settle(
        &self,
        key: &Self::Key,
        tasks: &[Task<Self::Key>],
        next_due: Option<UtcDateTime>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// How much one sweep may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepBounds {
    /// How many tokens are asked for at once.
    pub batch: NonZeroUsize,
    /// After how many tokens the sweep stops.
    pub tokens: usize,
}

/// What a sweep did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepReport<K> {
    /// How many tokens were settled.
    pub settled: usize,
    /// The tasks they were settled with.
    pub tasks: Vec<Task<K>>,
    /// Whether the bound stopped the sweep; what is left is due still.
    pub is_cut_short: bool,
}

/// A sweep that a failing store has stopped; what was settled before stays so.
#[derive(Debug, thiserror::Error)]
#[error("the sweep was stopped by the inventory")]
pub struct SweepError<K: core::fmt::Debug, E: core::error::Error + 'static> {
    /// What was done before.
    pub swept: SweepReport<K>,
    /// Why it stopped.
    pub source: E,
}

/// Settles the tokens that are due, in batches, up to the bounds.
///
/// # Errors
///
/// Stops at the first error of the inventory, and says what was done before.
pub async fn sweep<I>(
    inventory: &I,
    policy: &LifecyclePolicy,
    now: UtcDateTime,
    bounds: SweepBounds,
) -> Result<SweepReport<I::Key>, SweepError<I::Key, I::Error>>
where
    I: Inventory<Key: core::fmt::Debug, Error: core::error::Error + 'static>,
{
    let mut swept = SweepReport { settled: 0, tasks: Vec::new(), is_cut_short: false };
    loop {
        let room = bounds.tokens.saturating_sub(swept.settled).min(bounds.batch.get());
        let Some(limit) = NonZeroUsize::new(room) else {
            swept.is_cut_short = true;
            return Ok(swept);
        };
        let result = sweep_batch(inventory, policy, now, limit, &mut swept).await;
        match result {
            Ok(found) if found < limit.get() => return Ok(swept),
            Ok(_) => {}
            Err(source) => return Err(SweepError { swept, source }),
        }
    }
}

/// How many tokens the inventory had to offer.
async fn sweep_batch<I: Inventory>(
    inventory: &I,
    policy: &LifecyclePolicy,
    now: UtcDateTime,
    limit: NonZeroUsize,
    swept: &mut SweepReport<I::Key>,
) -> Result<usize, I::Error> {
    let entries = inventory.due(now, limit).await?;
    let found = entries.len();
    for entry in entries {
        let schedule = policy.schedule(&entry.environment);
        let tasks = tasks_of(&entry.key, schedule.assess(&entry.facts, now));
        inventory.settle(&entry.key, &tasks, schedule.next_due(&entry.facts, now)).await?;
        swept.settled += 1;
        swept.tasks.extend(tasks);
    }
    Ok(found)
}
