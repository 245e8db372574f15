#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(target_has_atomic = "64"))]
compile_error!(
    "this target has no 64-bit atomics, without which no store and nothing above it works; use the leaf crates"
);

mod account;
mod brief;
mod change;
#[cfg(feature = "conformance")]
pub mod conformance;
mod credential;
mod cursor;
mod decide;
mod document;
mod erased;
mod filter;
mod listed;
mod memory;
mod port;
mod port_calls;
mod ports;
mod seconds;
mod shared;
mod sighting;
mod standing;
mod text;

pub use account::{Account, Approval, Generation, Proposal, ProposedEnd, Status};
pub use brief::{Brief, Told};
pub use change::{Applied, Authority, Change, Committed, Newcomer, Refusal, Revision, Room, Tended};
pub use credential::{Class, Clearance, Credential, Predecessor, Token};
pub use cursor::Cursor;
pub use decide::{Needs, Records, Write, decide};
pub use document::{Document, DocumentId, DocumentIdError, DocumentKind};
pub use erased::{BoxError, BoxStore};
pub use filter::{AccountFilter, StatusFilter};
pub use listed::{LastUsed, Listed, Paged, Usage};
pub use memory::MemoryStore;
pub use port::Store;
pub use ports::{Found, PortError, Ports};
pub use sighting::{Seen, SeenError, SeenKind, Sighting};
pub use standing::Unusable;
pub use text::{Email, Justification, Owner, Purpose, RequestKey, SystemName, TextError, Title};
