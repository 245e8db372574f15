#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod connection;
mod error;
mod reader;
mod records;
mod rows;
mod snapshot;
mod store;
mod writer;

pub use error::SqliteError;
pub use store::SqliteStore;
