//! How often a call is tried.

use std::time::Duration;

use crate::PostgresError;

/// Tries left to a call whose failures have changed nothing. The deadline of the call bounds them all.
pub(crate) struct Tries {
    left: u32,
    pause: Duration,
}

impl Tries {
    pub(crate) const fn new() -> Self {
        Self { left: 4, pause: Duration::from_millis(5) }
    }

    /// Whether to try again, after a pause that grows.
    pub(crate) async fn again_after(&mut self, error: &PostgresError) -> bool {
        if self.left == 0 || !error.has_changed_nothing() {
            return false;
        }
        self.left -= 1;
        tokio::time::sleep(self.pause).await;
        self.pause = self.pause.saturating_mul(4);
        true
    }
}

/// Evaluates the expression again as long as its failure has changed nothing and tries are left.
macro_rules! retrying {
    ($attempt:expr) => {{
        let mut tries = $crate::retry::Tries::new();
        loop {
            match $attempt {
                Err(error) if tries.again_after(&error).await => {}
                answer => break answer,
            }
        }
    }};
}

pub(crate) use retrying;
