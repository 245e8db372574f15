#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod api;
mod call;
mod calls;
mod document;
mod examples;
mod extract;
mod guarded;
mod idempotency;
mod json;
mod links;
pub mod oauth;
mod optional;
mod path;
mod problems;
mod query;
mod refusal;
mod router;
mod wire;

pub use extract::{Authenticated, Require, RequireIn, TeamInQuery, TeamOf, connect_info};
pub use guarded::{GuardedRouter, Guards};
pub use json::StrictJson;
pub use oauth::{OAuthServer, oauth_router};
pub use optional::OptionallyAuthenticated;
pub use refusal::Refusal;
pub use router::{Room, api, api_with_oauth, method_not_allowed, not_found, openapi, rooms};
pub use service_accounts_tower as tower;
