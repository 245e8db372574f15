//! No sequence of calls makes anybody more than somebody above them could have made them.
//!
//! By hand, in release: `cargo test --release -p service-accounts --test escalation -- --ignored --nocapture`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test takes for granted and does not find is its failure"
)]

mod calls;
mod model;
mod search;
mod world;
