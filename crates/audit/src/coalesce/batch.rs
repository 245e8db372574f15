//! Rows on their way to the trail.

use alloc::sync::Arc;

use super::Row;

/// Names a batch for as long as its coalescer lives; another coalescer uses the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(u64);

impl BatchId {
    /// The number, counted from zero.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Rows on their way to the trail; cloning it copies no row.
#[derive(Debug)]
pub struct Batch<T> {
    id: BatchId,
    rows: Arc<[Row<T>]>,
}

impl<T> Batch<T> {
    pub(super) const fn new(number: u64, rows: Arc<[Row<T>]>) -> Self {
        Self { id: BatchId(number), rows }
    }

    /// What to [`confirm`](super::Coalescer::confirm) or [`give_back`](super::Coalescer::give_back).
    #[must_use]
    pub const fn id(&self) -> BatchId {
        self.id
    }

    /// The rows, each close to become one event.
    #[must_use]
    pub fn rows(&self) -> &[Row<T>] {
        &self.rows
    }
}

impl<T> Clone for Batch<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, rows: self.rows.clone() }
    }
}

/// The batch that is not yet confirmed, and whether somebody is writing it.
#[derive(Debug)]
pub(super) struct Outgoing<T> {
    pub(super) batch: Batch<T>,
    pub(super) is_out: bool,
}
