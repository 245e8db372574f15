#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod action;
mod event;
mod label;
mod trail;

pub use action::{Action, ActionError};
pub use event::Event;
pub use label::Label;
pub use trail::{Page, Query, Recorded, Sequence, Trail};
