//! The examples live beside this file; it holds nothing itself.
