//! The one place that reads the machine's clock.

use time::UtcDateTime;

/// Tells the time; the host may bring its own.
pub trait Clock: Send + Sync + 'static {
    /// The present instant. Only whole seconds count.
    fn now(&self) -> UtcDateTime;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "every other place takes the time from a `Clock`")]
    fn now(&self) -> UtcDateTime {
        UtcDateTime::now()
    }
}

impl<F: Fn() -> UtcDateTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> UtcDateTime {
        self()
    }
}
