//! Rotation and upkeep on Postgres, and upkeep on two nodes at once.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test takes for granted and does not find is its failure"
)]

mod interrupted;
mod rotation;
mod rotation_model;
mod two_nodes;
mod upkeep;
mod world;
mod year;
