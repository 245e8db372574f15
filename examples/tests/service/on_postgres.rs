//! The same from outside on Postgres, and what only several nodes can show: `cargo test -p service-accounts-examples`.
//!
//! Left out is what has nothing to do with where records are kept: key files, the README, slow clients.

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
mod kill;
mod moving;
mod nodes;
mod pooler;
mod resource;
mod restart;
mod sessions;
mod settings;
mod two_nodes;
mod whole_path;
