//! The trail in the long run: sealed, trimmed, watched, handed out as a file and verified without the service.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests")]

mod alerts;
mod export;
mod faults;
mod growth;
mod killed;
mod observed;
mod realms;
mod retention;
mod sealing;
mod trimming;
mod world;
