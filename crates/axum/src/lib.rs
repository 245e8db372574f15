#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod body;
mod extract;
mod instant;
mod refusal;
mod router;

pub use body::StrictJson;
pub use extract::{Authenticated, Require, connect_info};
pub use refusal::Refusal;
pub use router::{api, method_not_allowed, not_found};
pub use service_accounts_tower as tower;
