#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod allowlist;
mod catalogue;
mod checkboxes;
mod grant;
mod grants;
mod insight;
mod name;
mod network;
#[cfg(feature = "serde")]
mod object;
mod permission;
pub mod presets;
mod replay;
mod scopes;
mod teams;
mod unknown;

pub use allowlist::{Allowlist, AllowlistError, BoundedAllowlistError};
#[cfg(feature = "std")]
pub use catalogue::LiveCatalogue;
pub use catalogue::{
    Catalogue, CatalogueBuilder, CatalogueError, CatalogueId, CatalogueImpact, Definition, EntryPlace, Remedy, Role,
    RoleCatalogue, RoleMatrix, Scope, SetChange,
};
#[cfg(feature = "serde")]
pub use catalogue::{CatalogueDocument, CatalogueDocumentEntry};
pub use checkboxes::Checkboxes;
pub use grant::{Grant, GrantError, TokenGrant};
pub use grants::{Decision, Denial, Grants};
pub use insight::RightsAdvice;
pub use name::{NameError, RoleName, ScopeName, TeamName};
pub use network::{Network, NetworkError};
#[doc(hidden)]
pub use permission::declare as __declare;
pub use permission::{Permission, PermissionError, PermissionSet, Required};
pub use replay::{RecordedRequest, Replay, ReplayDenial, replay};
pub use scopes::Scopes;
pub use teams::Teams;
pub use unknown::{NameKind, UnknownName};
