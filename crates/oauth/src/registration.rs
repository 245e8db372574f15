//! A client is registered, for client credentials only (RFC 7591).

use alloc::{string::String, vec::Vec};

use serde::Serialize;

use crate::{ErrorCode, OAuthError, ScopeList, Secret, object::Object, secret::hand_out_any};

/// A well-formed request to register a client.
///
/// Metadata that nothing here knows is ignored (§2). `grant_types` and `response_types` that are left out become what
/// this server has, which §3.2.1 allows; ones that exclude it are refused.
#[derive(Debug)]
pub struct RegistrationRequest {
    metadata: Object,
    scope: Option<ScopeList>,
    auth_method: AuthMethod,
}

/// How the client will send its secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// In the header; the default of §2.
    #[default]
    ClientSecretBasic,
    /// In the body.
    ClientSecretPost,
}

/// The answer to a registration (§3.2.1): 201 with `Cache-Control: no-store`.
#[derive(Clone, Debug, Serialize)]
pub struct RegistrationResponse<'a> {
    /// The id of the client.
    pub client_id: String,
    /// Its secret, in this answer only; left out where the answer repeats an earlier one and the secret was used since.
    #[serde(serialize_with = "hand_out_any", skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret<'a>>,
    /// When it was issued, in seconds since 1970.
    pub client_id_issued_at: i64,
    /// When the secret stops working, in seconds since 1970; 0 if it does not.
    pub client_secret_expires_at: i64,
    /// The name for people.
    pub client_name: String,
    /// The scopes that the client may ask for, where they are known by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeList>,
    /// How the client will send its secret.
    pub token_endpoint_auth_method: AuthMethod,
    /// Always the one.
    pub grant_types: GrantTypes,
}

/// `["client_credentials"]`, the only answer that this server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantTypes;

impl RegistrationRequest {
    /// The largest body that is read.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads a body.
    ///
    /// # Errors
    /// `invalid_client_metadata` if the body is not one JSON object, repeats a name, or a known field does not fit.
    pub fn parse(body: &[u8]) -> Result<Self, OAuthError> {
        if body.len() > Self::MAX_BYTES {
            return Err(OAuthError::too_large());
        }
        let metadata = Object::parse(body)?;
        must_include(&metadata.texts("grant_types")?)?;
        if metadata.texts("response_types")?.is_some_and(|types| !types.is_empty()) {
            return Err(unfit("client credentials have no response_types, leave them out"));
        }
        let scope = metadata.text("scope")?.map(ScopeList::parse).transpose();
        let scope = scope.map_err(|_| unfit("scope must name scopes with single spaces between them"))?;
        let auth_method = AuthMethod::of(metadata.text("token_endpoint_auth_method")?)?;
        metadata.text("client_name")?;
        Ok(Self { metadata, scope, auth_method })
    }

    /// The name for people.
    #[must_use]
    pub fn client_name(&self) -> Option<&str> {
        self.metadata.text("client_name").ok().flatten()
    }

    /// The scopes that the client will ask for; `None` leaves them to the server.
    #[must_use]
    pub const fn scope(&self) -> Option<&ScopeList> {
        self.scope.as_ref()
    }

    /// How the client will send its secret.
    #[must_use]
    pub const fn auth_method(&self) -> AuthMethod {
        self.auth_method
    }

    /// A field that the host adds to the standard's (§2), as a text.
    ///
    /// # Errors
    /// `invalid_client_metadata` if it is there and is not a text, `null` included.
    pub fn text(&self, name: &str) -> Result<Option<&str>, OAuthError> {
        self.metadata.text(name)
    }

    /// A field that the host adds to the standard's (§2), as a list of texts.
    ///
    /// # Errors
    /// `invalid_client_metadata` if it is there and is not a list of texts, `null` included.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, OAuthError> {
        self.metadata.texts(name)
    }
}

impl AuthMethod {
    fn of(text: Option<&str>) -> Result<Self, OAuthError> {
        match text {
            None | Some("client_secret_basic") => Ok(Self::ClientSecretBasic),
            Some("client_secret_post") => Ok(Self::ClientSecretPost),
            Some(_) => Err(unfit("token_endpoint_auth_method must be client_secret_basic or client_secret_post")),
        }
    }
}

impl Serialize for GrantTypes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ["client_credentials"].serialize(serializer)
    }
}

fn must_include(grant_types: &Option<Vec<&str>>) -> Result<(), OAuthError> {
    match grant_types {
        Some(types) if !types.contains(&"client_credentials") => {
            Err(unfit("grant_types must include client_credentials"))
        }
        _ => Ok(()),
    }
}

fn unfit(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, description)
}
