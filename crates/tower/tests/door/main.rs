//! What the layer lets in, what it turns away, and with which words.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod address;
mod answers;
mod layer;
mod support;
