//! How the deliverer waits.

use std::time::Duration;

/// Waits on whatever runtime the host has; a test may let time fly.
pub trait Timer: Send + Sync {
    /// Is ready after this time.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}
