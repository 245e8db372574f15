//! What the facade promises, each promise as a test named for it.
//!
//! [`museum`] holds the failures of other systems that must not happen here; a security reviewer can start there and
//! read on to the end. The other modules hold the rules of this system itself.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test takes for granted and does not find is its failure"
)]

mod accounts;
mod at_once;
mod half_deleted;
mod histories;
#[cfg(feature = "import")]
mod imports;
mod museum;
mod recalled;
mod sessions;
mod support;
mod threads;
mod tokens;
