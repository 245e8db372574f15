//! A client that registers.

use utoipa::ToSchema;

use super::{AuthMethodShape, GrantTypeShape};

/// A client that registers (RFC 7591 §2), which makes its account. Metadata that is not listed here is ignored.
#[derive(ToSchema)]
#[schema(as = OAuthRegistration)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct RegistrationShape {
    /// What people call it; the account's id is made from it.
    #[schema(min_length = 1, example = "Catalogue Sync")]
    client_name: String,
    /// The scopes that it may ask for, with single spaces between names; left out, all that its role may.
    #[schema(required = false, min_length = 1)]
    scope: String,
    /// Whom to ask; the first is the account's owner, where `owner` names none.
    #[schema(required = false)]
    contacts: Vec<String>,
    /// Must include `client_credentials`, if it is sent.
    #[schema(required = false)]
    grant_types: Vec<String>,
    /// Must be empty, if it is sent.
    #[schema(required = false, max_items = 0)]
    response_types: Vec<String>,
    /// Where the client will put its secret; left out, into the header.
    #[schema(required = false)]
    token_endpoint_auth_method: AuthMethodShape,
    /// Who answers for the account; left out, the first of `contacts`, or else the caller.
    #[schema(required = false, min_length = 1)]
    owner: String,
    /// What the account is for; left out, `OAuth client`.
    #[schema(required = false, min_length = 1)]
    purpose: String,
    /// Where the account is used; left out, as the host has set it.
    #[schema(required = false, min_length = 1, example = "production")]
    environment: String,
    /// The account's role; left out, the lowest. Another one needs a justification.
    #[schema(required = false, min_length = 1, example = "Member")]
    role: String,
    /// Whose resources the account reaches; left out, only what belongs to nobody.
    #[schema(required = false)]
    teams: Vec<String>,
    /// Why the account needs more than the lowest role.
    #[schema(required = false, min_length = 1)]
    justification: String,
}

/// A client that has registered (RFC 7591 §3.2.1).
#[derive(ToSchema)]
#[schema(as = OAuthRegisteredClient)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct RegisteredClientShape {
    /// The account's id.
    client_id: String,
    /// Shown here and never again. Left out where a retry comes after it was used.
    #[schema(required = false)]
    client_secret: String,
    /// When the account was created.
    client_id_issued_at: i64,
    /// Always 0: the secret does not expire by itself.
    client_secret_expires_at: i64,
    /// What people call it.
    client_name: String,
    /// What it may ask for; left out, while the account waits for approval.
    #[schema(required = false)]
    scope: String,
    /// Where the client will put its secret.
    token_endpoint_auth_method: AuthMethodShape,
    /// Always `client_credentials` alone.
    grant_types: Vec<GrantTypeShape>,
}
