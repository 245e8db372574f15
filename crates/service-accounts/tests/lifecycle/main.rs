//! Tokens and accounts as time passes: rotation, upkeep, plans.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test takes for granted and does not find is its failure"
)]

mod boundaries;
mod clocks;
mod insight;
mod interrupted;
mod left_over;
mod limits;
mod outbox;
mod realms;
mod room;
mod rotation;
mod rotation_model;
mod subscriptions;
mod two_nodes;
mod upkeep;
mod world;
mod year;
