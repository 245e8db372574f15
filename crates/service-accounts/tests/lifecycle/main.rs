//! Tokens and accounts as time passes: rotation, upkeep, plans.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test takes for granted and does not find is its failure"
)]

mod insight;
mod interrupted;
mod rotation;
mod rotation_model;
mod upkeep;
mod world;
