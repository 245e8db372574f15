//! The right to deliver, of which this process has none, or some time left.

use std::time::Duration;

use futures_util::lock::Mutex;
use service_accounts::{Outbox, Unavailable, access::Permission, store::Store};
use time::UtcDateTime;

/// What this process knows of its lease.
#[derive(Debug)]
pub(crate) struct Lease {
    holder: String,
    /// `None` where it is not held. Whoever renews it makes the others wait.
    until: Mutex<Option<UtcDateTime>>,
}

impl Lease {
    pub(crate) fn of(holder: String) -> Self {
        Self { holder, until: Mutex::new(None) }
    }

    pub(crate) fn holder(&self) -> &str {
        &self.holder
    }

    /// Whether it is held for `needed` at least; it is renewed for `time` once half of that is over.
    pub(crate) async fn hold<S: Store + 'static, P: Permission>(
        &self,
        outbox: &Outbox<'_, S, P>,
        time: Duration,
        needed: Duration,
    ) -> Result<bool, Unavailable> {
        let mut until = self.until.lock().await;
        if until.is_some_and(|until| until - outbox.now() > needed.max(time / 2)) {
            return Ok(true);
        }
        // Held no longer, if this fails or is dropped.
        *until = None;
        let time = time::Duration::try_from(time).unwrap_or(time::Duration::HOUR);
        *until = outbox.hold(&self.holder, time).await?;
        Ok(until.is_some())
    }
}
