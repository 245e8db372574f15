//! Who may what: the table of `SECURITY.md`, tried against the facade.
//!
//! Fails with `expect`s and panics on purpose: these are tests.

mod attempts;
mod every_call;
mod table;
mod world;
