//! The layer, called in process.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod address;
mod answers;
mod gates;
mod layer;
mod observer;
mod renderers;
mod requirements;
mod span;
mod stack;
mod support;
