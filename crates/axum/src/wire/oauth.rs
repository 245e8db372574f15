//! Schemas of what the crate `oauth` reads and writes itself.
//!
//! Times are seconds since 1970 in UTC, as the standards have them; everywhere else they are RFC 3339.
//!
//! Nothing here is read or written by the endpoints, which use `service_accounts_oauth`: these shapes lend their
//! schemas to the document.

mod registration;

use utoipa::ToSchema;

pub(crate) use self::registration::{RegisteredClientShape, RegistrationShape};

/// A request for an access token (RFC 6749 §4.4.2).
#[derive(ToSchema)]
#[schema(as = OAuthTokenRequest)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct TokenRequestShape {
    /// The only grant that this server knows.
    grant_type: GrantTypeShape,
    /// Scope names with single spaces between them, at least one; left out, all that the client has.
    #[schema(required = false, min_length = 1)]
    scope: String,
    /// The account's id, where the client authenticates in the form and not by Basic.
    #[schema(required = false, example = "pipeline_automation@service")]
    client_id: String,
    /// The account's client secret, beside `client_id`.
    #[schema(required = false)]
    client_secret: String,
}

/// How an access token is obtained.
#[derive(ToSchema)]
#[schema(as = GrantType, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum GrantTypeShape {
    ClientCredentials,
}

/// An access token (RFC 6749 §5.1). There is no refresh token: ask again.
#[derive(ToSchema)]
#[schema(as = OAuthToken)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct TokenShape {
    /// Shown here and never again.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: String,
    /// Seconds.
    expires_in: u64,
    /// What it can do, with single spaces between names; empty, if it reaches nothing.
    scope: String,
}

/// A token that is asked about (RFC 7662 §2.1), or given back (RFC 7009 §2.1).
#[derive(ToSchema)]
#[schema(as = OAuthPresentedToken)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct PresentedShape {
    /// The text of a token or a session.
    #[schema(min_length = 1)]
    token: String,
    /// What kind of token the caller takes it for; it may be wrong, and an unknown one counts as none.
    #[schema(required = false, example = "access_token")]
    token_type_hint: String,
    /// The caller's account id, where it authenticates in the form and not in the header.
    #[schema(required = false, example = "pipeline_automation@service")]
    client_id: String,
    /// The caller's client secret, beside `client_id`.
    #[schema(required = false)]
    client_secret: String,
}

/// What a token is good for (RFC 7662 §2.2). Of one that does not work, or that the caller may not know of, only `active`.
#[derive(ToSchema)]
#[schema(as = OAuthIntrospection)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct IntrospectionShape {
    /// Whether it works now.
    active: bool,
    /// Always `Bearer`.
    #[schema(required = false, example = "Bearer")]
    token_type: String,
    /// What it can do, with single spaces between names.
    #[schema(required = false)]
    scope: String,
    /// The account that it was issued to.
    #[schema(required = false)]
    client_id: String,
    /// Whom it stands for: the same account.
    #[schema(required = false)]
    sub: String,
    /// The first second at which it is refused; left out, where it does not expire.
    #[schema(required = false)]
    exp: i64,
    /// When it was issued.
    #[schema(required = false)]
    iat: i64,
}

/// Nothing: the standard has clients ignore this body, and some insist that it is JSON.
#[derive(ToSchema)]
#[schema(as = OAuthRevocation)]
pub(crate) struct RevocationShape {}

/// What the server says of itself (RFC 8414 §2).
#[derive(ToSchema)]
#[schema(as = OAuthServerMetadata)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct MetadataShape {
    /// The server's own URL, as the host has set it.
    issuer: String,
    /// Where tokens are obtained.
    token_endpoint: String,
    /// Where tokens are asked about.
    introspection_endpoint: String,
    /// Where tokens are given back.
    revocation_endpoint: String,
    /// Where clients register.
    registration_endpoint: String,
    /// Every name that `scope` may hold: the catalogue's scopes, and all permissions; left out, where the host has none.
    #[schema(required = false)]
    scopes_supported: Vec<String>,
    /// Always empty: there is no authorization endpoint.
    response_types_supported: Vec<String>,
    /// Always `client_credentials` alone.
    grant_types_supported: Vec<GrantTypeShape>,
    /// How a client may authenticate to obtain a token.
    token_endpoint_auth_methods_supported: Vec<AuthMethodShape>,
    /// How a client may authenticate to ask about a token.
    introspection_endpoint_auth_methods_supported: Vec<AuthMethodShape>,
    /// How a client may authenticate to give a token back.
    revocation_endpoint_auth_methods_supported: Vec<AuthMethodShape>,
    /// The page that developers read, where the host names one.
    #[schema(required = false)]
    service_documentation: String,
}

/// Where a client puts its secret: into the header (Basic), or into the form.
#[derive(ToSchema)]
#[schema(as = OAuthAuthMethod, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum AuthMethodShape {
    ClientSecretBasic,
    ClientSecretPost,
}
