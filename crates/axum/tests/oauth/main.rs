//! The OAuth endpoints, called in process as clients of the standards call them.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod clients;
mod document;
mod foreign;
mod introspection;
mod registration;
mod revocation;
mod support;
mod tokens;
