//! Permissions, roles and scopes that are ready to use.
//!
//! Each is an ordinary declaration, made with what every host can use; take one as it is, or as a start.

pub mod data_quality;
pub mod read_write_admin;
