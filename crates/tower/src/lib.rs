#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bearer;
mod client;
mod gate;
mod head;
mod layer;
mod observe;
mod problem;
mod render;
mod require;
mod span;

pub use bearer::{BearerError, bearer, parse_bearer};
pub use client::{ClientAddress, ClientAddressError, Peer};
pub use gate::{Gate, ROTATE_AFTER};
pub use head::RequestHead;
pub use layer::{Authenticate, AuthenticateLayer, Guarded};
pub use observe::{Observer, Outcome};
pub use problem::{Disclose, Problem};
pub use render::{Grpc, ProblemJson, Render};
