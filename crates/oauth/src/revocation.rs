//! A token is given back (RFC 7009).

use crate::{Caller, Form, OAuthError, Secret};

/// A well-formed request to revoke a token.
///
/// Answer 200, for a token that is unknown too; the body is ignored (§2.2), but some clients want JSON.
#[derive(Clone, Debug)]
pub struct RevocationRequest<'a> {
    /// Who asks; to be verified.
    pub caller: Caller<'a>,
    /// The token to revoke.
    pub token: Secret<'a>,
    /// What kind of token it is, as the client says; it may be wrong.
    pub hint: Option<TokenTypeHint>,
}

/// What a client believes a token to be (RFC 7009 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTypeHint {
    /// An access token.
    AccessToken,
    /// A refresh token, which no client credentials come with.
    RefreshToken,
}

impl<'a> RevocationRequest<'a> {
    /// Reads a request from the values of `Authorization` and from the form.
    ///
    /// # Errors
    /// `invalid_client`, `invalid_token` or `invalid_request`.
    pub fn read<'h: 'a>(authorization: impl IntoIterator<Item = &'h [u8]>, form: &'a Form) -> Result<Self, OAuthError> {
        let caller = Caller::read(authorization, form)?;
        Ok(Self { caller, token: form.token()?, hint: TokenTypeHint::of(form) })
    }
}

impl TokenTypeHint {
    /// A hint that is not known is none (§2.1).
    pub(crate) fn of(form: &Form) -> Option<Self> {
        match form.value("token_type_hint")? {
            "access_token" => Some(Self::AccessToken),
            "refresh_token" => Some(Self::RefreshToken),
            _ => None,
        }
    }
}
