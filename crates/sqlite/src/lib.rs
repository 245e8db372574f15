#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backup;
mod begun;
mod briefs;
mod changes;
mod checkpoints;
mod connection;
mod documents;
mod error;
mod event_row;
mod events;
mod file;
mod labels;
mod later;
mod lists;
mod reader;
mod records;
mod rows;
mod schema;
mod snapshot;
mod store;
mod trail;
mod uses;
mod watch;
mod writer;

pub use error::SqliteError;
pub use store::SqliteStore;
