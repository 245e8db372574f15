#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod call;
mod calls;
mod document;
mod examples;
mod extract;
mod idempotency;
mod json;
mod links;
mod path;
mod problems;
mod query;
mod refusal;
mod router;
mod wire;

pub use extract::{Authenticated, Require, connect_info};
pub use json::StrictJson;
pub use refusal::Refusal;
pub use router::{Room, api, method_not_allowed, not_found, openapi, rooms};
pub use service_accounts_tower as tower;
