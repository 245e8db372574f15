//! Containment, leaks, policies, insight and reviews through the facade.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test takes for granted and does not find is its failure"
)]

mod bounds;
mod incidents;
mod leaks;
mod paths;
mod policies;
mod reviews;
mod world;
