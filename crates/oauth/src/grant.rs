//! A client asks for an access token (RFC 6749 §4.4 and §5.1).

use serde::Serialize;

use crate::{Caller, ClientCredentials, ErrorCode, Form, OAuthError, ScopeList, Secret, secret::hand_out};

/// A well-formed request for an access token with the grant `client_credentials`.
#[derive(Clone, Debug)]
pub struct TokenRequest<'a> {
    /// Who asks; to be verified.
    pub client: ClientCredentials<'a>,
    /// The scopes that are asked for; `None` asks for all that the client holds.
    pub scope: Option<ScopeList>,
}

/// A successful answer (§5.1). There is no refresh token (§4.4.3).
///
/// Answer 200 with `Cache-Control: no-store`.
#[derive(Clone, Debug, Serialize)]
pub struct TokenResponse<'a> {
    #[serde(serialize_with = "hand_out")]
    access_token: Secret<'a>,
    token_type: &'static str,
    expires_in: u64,
    scope: ScopeList,
}

impl<'a> TokenRequest<'a> {
    /// Reads a request from the values of `Authorization` and from the form.
    ///
    /// An empty `scope` is refused rather than taken for one that was left out, which would widen the request; §3.3
    /// leaves the choice to the server.
    ///
    /// # Errors
    /// `invalid_client`, `invalid_request`, `unsupported_grant_type` or `invalid_scope`.
    pub fn read<'h: 'a>(authorization: impl IntoIterator<Item = &'h [u8]>, form: &'a Form) -> Result<Self, OAuthError> {
        let client = Caller::read(authorization, form)?.client()?;
        if form.required("grant_type")? != "client_credentials" {
            return Err(OAuthError::new(
                ErrorCode::UnsupportedGrantType,
                "the only grant_type here is client_credentials",
            ));
        }
        let scope = form.sent("scope").map(ScopeList::parse).transpose()?;
        Ok(Self { client, scope })
    }
}

impl<'a> TokenResponse<'a> {
    /// A bearer token that works for `expires_in` seconds, with the scopes it really has.
    #[must_use]
    pub const fn new(access_token: Secret<'a>, expires_in: u64, scope: ScopeList) -> Self {
        Self { access_token, token_type: "Bearer", expires_in, scope }
    }
}
