//! What the fuzz targets check: one function a target, one module an area, called by libFuzzer and by stable property tests alike.

pub mod access;
pub mod audit;
pub mod http;
pub mod lifecycle;
pub mod naming;
pub mod oauth;
pub mod token;
