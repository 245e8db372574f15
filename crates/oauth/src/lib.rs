#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod caller;
mod error;
mod form;
mod grant;
mod introspection;
mod issuer;
mod metadata;
mod object;
mod registration;
mod revocation;
mod scope;
mod secret;

pub use caller::{Caller, ClientCredentials};
pub use error::{ErrorCode, OAuthError};
pub use form::{Form, is_form};
pub use grant::{TokenRequest, TokenResponse};
pub use introspection::{ActiveToken, Introspection, IntrospectionRequest};
pub use issuer::{Issuer, IssuerError};
pub use metadata::{Endpoints, Metadata};
pub use registration::{AuthMethod, GrantTypes, RegistrationRequest, RegistrationResponse};
pub use revocation::{RevocationRequest, TokenTypeHint};
pub use scope::ScopeList;
pub use secret::Secret;
