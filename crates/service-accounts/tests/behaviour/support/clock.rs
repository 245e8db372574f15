//! A clock that stands still until a test moves it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use service_accounts::Clock;
use time::{Duration, UtcDateTime};

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub(crate) struct FakeClock(Arc<AtomicI64>);

impl FakeClock {
    pub(crate) fn at(seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(seconds)))
    }

    pub(crate) fn reader(&self) -> impl Clock {
        let seconds = self.0.clone();
        move || UtcDateTime::from_unix_timestamp(seconds.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn now(&self) -> UtcDateTime {
        self.reader().now()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.whole_seconds(), Ordering::SeqCst);
    }

    pub(crate) fn set(&self, now: UtcDateTime) {
        self.0.store(now.unix_timestamp(), Ordering::SeqCst);
    }
}
