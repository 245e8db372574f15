//! Who may what: the table of `SECURITY.md`, tried against the facade.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test takes for granted and does not find is its failure"
)]

mod attempts;
mod every_call;
mod table;
mod world;
