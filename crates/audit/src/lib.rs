#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod action;
mod changed;
mod event;
mod label;
mod query;
mod trail;
#[cfg(feature = "serde")]
mod unix_seconds;

pub use action::{Action, ActionError};
pub use changed::{Changed, Value};
pub use event::Event;
pub use label::Label;
pub use query::{Order, Page, Query};
pub use trail::{Recorded, Sequence, Trail};
