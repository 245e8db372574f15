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
        if self.left == 0 || !error.is_worth_another_try() {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a call is made that fails like this each time.
    fn calls(failure: impl Fn() -> PostgresError) -> usize {
        let mut calls = 0;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let answer: Result<(), PostgresError> = runtime.block_on(async {
            retrying!({
                calls += 1;
                Err(failure())
            })
        });
        assert!(answer.is_err());
        calls
    }

    #[test]
    fn what_changed_nothing_is_tried_again_four_times_and_nothing_else_is() {
        assert_eq!(calls(|| PostgresError::Unavailable("no route".into())), 5);
        assert_eq!(calls(|| PostgresError::Contended("40001".into())), 5);
        assert_eq!(calls(|| PostgresError::OutcomeUnknown("gone".into())), 1);
        assert_eq!(calls(|| PostgresError::TooSlow), 1);
        assert_eq!(calls(|| PostgresError::Database("23505".into())), 1);
    }
}
