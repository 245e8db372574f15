#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod account_id;
mod advice;
mod allocate;
mod compact_id;
mod display_name;
mod email;
#[cfg(feature = "fold")]
mod fold;
mod local_part;
#[cfg(feature = "confusables")]
mod look_alikes;
mod readable;
mod realm;
mod registry;
mod reserved;
mod text;
mod token_name;

pub use account_id::{AccountId, AccountIdError, AccountIdRef};
pub use advice::{Advisor, NameAdvice, NameAdviceCode, WordClass};
pub use allocate::{AllocateError, Allocator, OnTaken};
pub use compact_id::CompactAccountId;
pub use display_name::{DisplayName, DisplayNameError};
pub use email::{EmailError, UndeliverableEmail, is_undeliverable};
pub use local_part::{LocalPart, LocalPartError, SanitiseError};
#[cfg(feature = "confusables")]
pub use look_alikes::LookAlikes;
pub use readable::{ReadableError, check_readable};
pub use realm::{Realm, RealmError};
pub use registry::{BoxedClaim, Claim, DynIdRegistry, IdRegistry};
pub use reserved::ReservedIds;
pub use token_name::{TokenName, TokenNameError};
