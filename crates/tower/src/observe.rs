//! What a host's metrics learn of each request.

use std::time::Duration;

use http::StatusCode;

use crate::Problem;

/// Is told how each request fared at the gate; a host counts it in its own metrics.
///
/// It is called on the request's path: count and return. Nothing that it is told comes from the client.
///
/// ```
/// use std::{sync::atomic::{AtomicU64, Ordering}, time::{Duration, Instant}};
///
/// use service_accounts_tower::{Observer, Outcome};
///
/// struct Metrics { start: Instant, admitted: AtomicU64, nanoseconds: AtomicU64 }
///
/// impl Observer for Metrics {
///     fn now(&self) -> Duration {
///         self.start.elapsed()
///     }
///
///     fn observe(&self, outcome: Outcome, took: Duration) {
///         if outcome == Outcome::Admitted {
///             self.admitted.fetch_add(1, Ordering::Relaxed);
///         }
///         self.nanoseconds.fetch_add(took.as_nanos().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
///     }
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// A reading of the host's monotonic clock, counted from any fixed instant.
    ///
    /// Without it every request takes no time at all, as this crate reads no clock.
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    /// One request was judged; `took` is the time it waited at the gate, not the time it was served.
    ///
    /// A permission that is refused behind the gate is told apart, with no time. A request whose client goes away while
    /// it is judged is not told.
    fn observe(&self, outcome: Outcome, took: Duration);
}

/// How a request fared at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was let in.
    Admitted,
    /// It was refused as unauthenticated or malformed, with this code on the wire.
    Refused(&'static str),
    /// It was let in, and then lacked a permission.
    Forbidden,
    /// The store or a strict audit trail failed: nothing was decided.
    Unavailable,
}

impl Outcome {
    /// A stable name, for a metric's label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Refused(_) => "refused",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
        }
    }

    pub(crate) fn of<T>(judged: &Result<T, Problem>) -> Self {
        match judged {
            Ok(_) => Self::Admitted,
            Err(problem) if problem.status() == StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            Err(problem) if problem.status() == StatusCode::FORBIDDEN => Self::Forbidden,
            Err(problem) => Self::Refused(problem.code()),
        }
    }
}
