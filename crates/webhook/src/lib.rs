#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attempt;
#[cfg(feature = "client")]
mod client;
mod deliverer;
mod lease;
mod places;
mod timer;

pub use attempt::TargetRefused;
#[cfg(feature = "client")]
#[cfg_attr(docsrs, doc(cfg(feature = "client")))]
pub use client::{Client, ClientError, TokioTimer};
pub use deliverer::{Deliverer, Settings};
pub use timer::Timer;
