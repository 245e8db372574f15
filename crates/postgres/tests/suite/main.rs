//! The store on a private Postgres server.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

mod conformance;
mod nodes;
mod pooler;
mod speed;
mod support;
