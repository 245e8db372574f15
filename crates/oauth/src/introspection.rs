//! Somebody asks what a token is good for (RFC 7662).

use alloc::string::String;

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{Caller, Form, OAuthError, ScopeList, Secret, TokenTypeHint};

/// A well-formed question about a token.
#[derive(Clone, Debug)]
pub struct IntrospectionRequest<'a> {
    /// Who asks; to be verified (§2.1 demands it).
    pub caller: Caller<'a>,
    /// The token in question.
    pub token: Secret<'a>,
    /// What kind of token it is, as the caller says; it may be wrong.
    pub hint: Option<TokenTypeHint>,
}

/// The answer (§2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// Unknown, expired, revoked, or not for this caller to know: exactly `{"active":false}`.
    Inactive,
    /// The token works now.
    Active(ActiveToken),
}

/// What is told of a token that works; times are seconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActiveToken {
    /// What the token can do.
    pub scope: ScopeList,
    /// The client that it was issued to.
    pub client_id: String,
    /// Whom it stands for; with client credentials, the client itself.
    pub sub: String,
    /// When it stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
}

impl<'a> IntrospectionRequest<'a> {
    /// Reads a question from the values of `Authorization` and from the form.
    ///
    /// # Errors
    /// `invalid_client`, `invalid_token` or `invalid_request`.
    pub fn read<'h: 'a>(authorization: impl IntoIterator<Item = &'h [u8]>, form: &'a Form) -> Result<Self, OAuthError> {
        let caller = Caller::read(authorization, form)?;
        Ok(Self { caller, token: form.token()?, hint: TokenTypeHint::of(form) })
    }
}

impl Serialize for Introspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// `active` and the type first, as the examples of the standard have it.
        #[derive(Serialize)]
        struct Shape<'a> {
            active: bool,
            token_type: &'static str,
            #[serde(flatten)]
            token: &'a ActiveToken,
        }
        match self {
            Self::Active(token) => Shape { active: true, token_type: "Bearer", token }.serialize(serializer),
            Self::Inactive => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("active", &false)?;
                map.end()
            }
        }
    }
}
