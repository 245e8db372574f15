#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cache;
mod change;
mod classify;
mod connections;
mod deadline;
mod decoded;
mod documents;
mod error;
mod events;
mod import;
mod lineage;
mod link;
mod listen;
mod lists;
mod marks;
mod needs;
mod pool;
mod retry;
mod rows;
mod schema;
mod servers;
mod settings;
mod statements;
mod store;
mod within;

pub use error::PostgresError;
pub use import::{ImportError, Imported};
pub use settings::{Prepared, Settings};
pub use store::PostgresStore;
