//! Messages reach their receivers, whatever these do.

#![cfg(feature = "client")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test takes for granted and does not find is its failure"
)]

mod killed;
mod nodes;
mod panics;
mod receiver;
mod receivers;
mod refused;
mod world;
