//! The store on a private Postgres server.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "the helpers of tests")]

mod cache;
mod clock;
mod conformance;
mod connections;
mod frozen;
mod moving;
mod nodes;
mod pooler;
mod support;
