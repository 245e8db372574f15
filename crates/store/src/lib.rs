#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod change;
#[cfg(feature = "conformance")]
pub mod conformance;
mod credential;
mod decide;
mod erased;
mod memory;
mod port;
mod ports;
mod seconds;
mod shared;
mod text;

pub use account::{Account, Approval, Status};
pub use change::{Authority, Change, Committed, Refusal, Revision};
pub use credential::{Class, Credential, Token};
pub use decide::{Facts, Needs, Verdict, Write, decide};
pub use erased::{BoxError, BoxStore};
pub use memory::MemoryStore;
pub use port::{LastUsed, ListedToken, Paged, Store, Usage};
pub use ports::{Found, PortError, Ports};
pub use text::{Justification, Owner, Purpose, SystemName, TextError};
