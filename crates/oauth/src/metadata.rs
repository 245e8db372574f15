//! What a server says of itself (RFC 8414 §2).

use alloc::{format, string::String, vec::Vec};

use serde::Serialize;

use crate::{AuthMethod, Issuer, ScopeList};

/// The document at `/.well-known/oauth-authorization-server`.
///
/// `response_types_supported` is there and empty: §2 requires the field, although §3.2 would leave out empty ones, and
/// clients look for it.
#[derive(Clone, Debug, Serialize)]
pub struct Metadata {
    issuer: Issuer,
    #[serde(flatten)]
    endpoints: Endpoints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [AuthMethod; 2],
    introspection_endpoint_auth_methods_supported: [AuthMethod; 2],
    revocation_endpoint_auth_methods_supported: [AuthMethod; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    service_documentation: Option<String>,
}

/// Where each endpoint is, as absolute URLs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endpoints {
    /// RFC 6749 §3.2.
    pub token_endpoint: String,
    /// RFC 7662 §2.
    pub introspection_endpoint: String,
    /// RFC 7009 §2.
    pub revocation_endpoint: String,
    /// RFC 7591 §3.
    pub registration_endpoint: String,
}

impl Metadata {
    /// Describes a server that knows the grant `client_credentials` and secrets in header and body.
    #[must_use]
    pub fn new(issuer: Issuer, endpoints: Endpoints, scopes: &ScopeList) -> Self {
        let both = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost];
        Self {
            issuer,
            endpoints,
            scopes_supported: scopes.iter().map(Into::into).collect(),
            response_types_supported: [],
            grant_types_supported: ["client_credentials"],
            token_endpoint_auth_methods_supported: both,
            introspection_endpoint_auth_methods_supported: both,
            revocation_endpoint_auth_methods_supported: both,
            service_documentation: None,
        }
    }

    /// Adds the page that developers read.
    #[must_use]
    pub fn with_documentation(self, url: impl Into<String>) -> Self {
        Self { service_documentation: Some(url.into()), ..self }
    }
}

impl Endpoints {
    /// The endpoints `token`, `introspect`, `revoke` and `register` under one address, such as
    /// `https://auth.example.com/oauth2`.
    #[must_use]
    pub fn under(base: &str) -> Self {
        let base = base.trim_end_matches('/');
        Self {
            token_endpoint: format!("{base}/token"),
            introspection_endpoint: format!("{base}/introspect"),
            revocation_endpoint: format!("{base}/revoke"),
            registration_endpoint: format!("{base}/register"),
        }
    }
}
