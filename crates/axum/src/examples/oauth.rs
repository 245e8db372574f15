//! What clients of the OAuth standards send and get.
//!
//! Forms are shown as JSON objects, which is how OpenAPI writes the fields of a form.

use serde_json::{Value, json};

pub(crate) fn token_request() -> Value {
    json!({ "grant_type": "client_credentials", "scope": "datastores:view" })
}

pub(crate) fn token() -> Value {
    json!({
        "access_token": "acme_ses_0123456789abcdef…",
        "token_type": "Bearer",
        "expires_in": 86400,
        "scope": "datastores:view",
    })
}

pub(crate) fn presented() -> Value {
    json!({ "token": "acme_ses_0123456789abcdef", "token_type_hint": "access_token" })
}

pub(crate) fn introspection() -> Value {
    json!({
        "active": true,
        "token_type": "Bearer",
        "scope": "datastores:view",
        "client_id": "pipeline_automation@service",
        "sub": "pipeline_automation@service",
        "exp": 1_769_947_200,
        "iat": 1_769_860_800,
    })
}

pub(crate) fn registration() -> Value {
    json!({ "client_name": "Catalogue Sync", "scope": "datastores:view", "contacts": ["data team"] })
}

pub(crate) fn registered() -> Value {
    json!({
        "client_id": "catalogue_sync@service",
        "client_secret": "acme_sec_0123456789abcdef…",
        "client_id_issued_at": 1_769_860_800,
        "client_secret_expires_at": 0,
        "client_name": "Catalogue Sync",
        "scope": "datastores:view",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["client_credentials"],
    })
}

pub(crate) fn metadata() -> Value {
    let methods = ["client_secret_basic", "client_secret_post"];
    json!({
        "issuer": "https://auth.example.com",
        "token_endpoint": "https://auth.example.com/oauth2/token",
        "introspection_endpoint": "https://auth.example.com/oauth2/introspect",
        "revocation_endpoint": "https://auth.example.com/oauth2/revoke",
        "registration_endpoint": "https://auth.example.com/oauth2/register",
        "scopes_supported": ["datastores:view"],
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
    })
}
