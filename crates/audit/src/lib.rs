#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod action;
mod changed;
#[cfg(feature = "coalesce")]
mod coalesce;
#[cfg(feature = "csv")]
mod csv;
#[cfg(feature = "detect")]
pub mod detect;
mod event;
mod label;
#[cfg(feature = "lines")]
mod lines;
mod payload;
mod query;
#[cfg(feature = "seal")]
pub mod seal;
mod source;
mod trail;
#[cfg(feature = "serde")]
mod unix_seconds;

pub use action::{Action, ActionError};
pub use changed::{Changed, Value};
#[cfg(feature = "coalesce")]
pub use coalesce::{Batch, BatchId, Coalescer, Row, Stranger, Subject, Tally};
#[cfg(feature = "csv")]
pub use csv::{csv_header, to_csv};
pub use event::Event;
pub use label::Label;
#[cfg(feature = "lines")]
pub use lines::{LineError, from_line, to_line};
pub use payload::{Payload, PayloadError};
pub use query::{Order, Page, Query};
pub use source::{Source, SourceError};
pub use trail::{Recorded, Sequence, Trail};
