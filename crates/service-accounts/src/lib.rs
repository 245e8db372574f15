#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access_log;
mod accounts;
mod actor;
mod attempts;
mod authenticate;
mod builder;
mod clock;
mod error;
mod principal;
mod randomness;
mod rejection;
mod service;
mod sessions;
mod tokens;
mod usage;

pub use service_accounts_access as access;
pub use service_accounts_audit as audit;
pub use service_accounts_lifecycle as lifecycle;
pub use service_accounts_naming as naming;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use service_accounts_sqlite as sqlite;
pub use service_accounts_store as store;
pub use service_accounts_token as token;

pub use access_log::AccessEvents;
pub use accounts::{AccountUpdate, CreatedAccount, Expiry, NewAccount};
pub use actor::Actor;
pub use builder::Builder;
pub use clock::{Clock, SystemClock};
pub use error::Error;
pub use principal::Principal;
pub use randomness::{Randomness, RandomnessError, SystemRandomness};
pub use rejection::{AuthenticateError, Disclosure, Rejection, Unavailable};
pub use service::{ApprovalRule, Forbidden, ServiceAccounts};
pub use sessions::{ExchangeError, Narrowing, OpenedSession, SESSION_LIFETIME};
pub use tokens::{MintedToken, NewToken};
