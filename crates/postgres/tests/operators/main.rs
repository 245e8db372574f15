//! What operators do to a server, a network and a pooler while nodes are at work.
//!
//! In all of it no acknowledged change is lost, no credential is refused for the database's fault, each caller has its answer
//! within its deadline, connections stay bounded, and nodes recover by themselves.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of tests"
)]

mod errors;
mod failover;
mod load;
mod network;
mod pooling;
mod roles;
mod server;
mod tables;
