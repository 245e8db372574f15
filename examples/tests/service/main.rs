//! The example service from outside: a process of its own, a file database, plain sockets.
//!
//! `cargo test` builds the examples before it runs these; after `cargo test --test service` alone they may be old.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod bad_bodies;
mod bad_input;
mod canary;
mod client;
mod doors;
mod health;
mod home;
mod keys;
mod kill;
mod limits;
mod nodes;
mod readme;
mod resource;
mod responding;
mod restart;
mod sessions;
mod settings;
mod whole_path;
