//! The museum and the rules of the facade on Postgres: each world has a database of its own on a private server.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test takes for granted and does not find is its failure"
)]

mod accounts;
#[cfg(feature = "import")]
mod imports;
mod museum;
mod sessions;
mod support;
mod threads;
mod tokens;
