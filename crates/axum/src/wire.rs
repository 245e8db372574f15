//! Every JSON shape, one file a noun: what clients send, what they get, and how both become the facade's types.
//!
//! A shape that clients send ends in `Request` or `Query` and refuses what it does not know; one that they get ends in
//! `View` and borrows what it shows; a `Shape` only lends its schema to the document. Doc comments on fields are the
//! text of `openapi.json`: they are written for the authors of clients. Fields are added and never change their
//! meaning.

pub(crate) mod account;
pub(crate) mod event;
pub(crate) mod import;
pub(crate) mod incident;
pub(crate) mod insight;
pub(crate) mod instant;
pub(crate) mod oauth;
pub(crate) mod page;
pub(crate) mod pepper;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod problem;
pub(crate) mod review;
pub(crate) mod rotation;
pub(crate) mod session;
pub(crate) mod shapes;
pub(crate) mod sighting;
pub(crate) mod subscription;
pub(crate) mod token;
pub(crate) mod trail;
