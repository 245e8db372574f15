#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bearer;
mod client;
mod gate;
mod layer;
mod problem;

pub use bearer::{BearerError, bearer};
pub use client::{ClientAddress, ClientAddressError, Peer};
pub use gate::{Gate, ROTATE_AFTER};
pub use layer::{Authenticate, AuthenticateLayer, Guarded};
pub use problem::{Disclose, Problem};
