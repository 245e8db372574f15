//! Steps that are done over where somebody else was faster.

use crate::Error;

/// How often a step is tried that loses a race or meets a taken id.
const ATTEMPTS: usize = 8;

/// Does a step over while [`Error::Conflict`] comes of it, though not for ever.
///
/// The step reads what it decides by, so each time it decides by what is true then.
///
/// A step that only lost is no failure of the caller's, and after eight it is told: a record that changes that often is
/// no accident.
pub(crate) async fn retry_on_conflict<T, F: Future<Output = Result<T, Error>>>(
    step: impl Fn() -> F,
) -> Result<T, Error> {
    for _ in 1..ATTEMPTS {
        match step().await {
            Err(Error::Conflict) => {}
            done => return done,
        }
    }
    step().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn tried(answer: impl Fn(usize) -> Result<(), Error>) -> (usize, Result<(), Error>) {
        let tries = Cell::new(0);
        let step = || {
            tries.set(tries.get() + 1);
            std::future::ready(answer(tries.get()))
        };
        let answer = retry_on_conflict(step).await;
        (tries.get(), answer)
    }

    #[test]
    fn a_conflict_is_tried_again_and_in_the_end_reported() {
        let (tries, answer) = pollster::block_on(tried(|_| Err(Error::Conflict)));
        assert!(tries == ATTEMPTS && matches!(answer, Err(Error::Conflict)));
        for good in [1, 2, ATTEMPTS] {
            let (tries, answer) = pollster::block_on(tried(|at| if at < good { Err(Error::Conflict) } else { Ok(()) }));
            assert!(tries == good && answer.is_ok());
        }
    }

    #[test]
    fn any_other_answer_is_final() {
        let (tries, answer) = pollster::block_on(tried(|_| Err(Error::NameTaken)));
        assert!(tries == 1 && matches!(answer, Err(Error::NameTaken)));
    }
}
