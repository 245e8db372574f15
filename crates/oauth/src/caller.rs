//! Who is calling (RFC 6749 §2.3, RFC 6750 §2.1).

use alloc::{borrow::Cow, string::String};

use base64ct::{Base64, Encoding};

use crate::{ErrorCode, Form, OAuthError, Secret, form};

/// Who asks, as it says itself; nothing is verified yet.
#[derive(Clone, Debug)]
pub enum Caller<'a> {
    /// A client with its id and secret, in the header or in the body.
    Client(ClientCredentials<'a>),
    /// The bearer of an access token.
    Bearer(Secret<'a>),
}

/// The id and the secret of a client; neither is empty.
#[derive(Clone, Debug)]
pub struct ClientCredentials<'a> {
    client_id: Cow<'a, str>,
    client_secret: Secret<'a>,
}

impl<'a> Caller<'a> {
    /// Reads who is calling from the values of `Authorization` and from the form, which never both authenticate (§2.3).
    ///
    /// A `client_id` in the form beside Basic is allowed if it is the same one: it identifies, it does not authenticate.
    ///
    /// # Errors
    /// `invalid_client` where nobody authenticates or the credentials cannot be read; `invalid_request` where more than
    /// one way of authenticating is used.
    pub fn read<'h: 'a>(authorization: impl IntoIterator<Item = &'h [u8]>, form: &'a Form) -> Result<Self, OAuthError> {
        let mut values = authorization.into_iter();
        let Some(value) = values.next() else { return in_body(form).map(Self::Client) };
        if values.next().is_some() {
            return Err(OAuthError::invalid_request("the header Authorization occurs twice"));
        }
        if form.value("client_secret").is_some() {
            return Err(OAuthError::invalid_request("authenticate in the header or in the body, not in both"));
        }
        let caller = in_header(value)?;
        match (&caller, form.value("client_id")) {
            (Self::Client(client), Some(id)) if id != client.client_id() => {
                Err(OAuthError::invalid_request("client_id differs from the client of the header"))
            }
            _ => Ok(caller),
        }
    }

    /// The client, where only a client may ask.
    ///
    /// # Errors
    /// `invalid_client` for a bearer.
    pub fn client(self) -> Result<ClientCredentials<'a>, OAuthError> {
        match self {
            Self::Client(client) => Ok(client),
            Self::Bearer(_) => Err(unsupported()),
        }
    }
}

impl<'a> ClientCredentials<'a> {
    /// Pairs an id with a secret.
    ///
    /// # Errors
    /// `invalid_client` if either is empty or has a character outside `%x20-7E` (RFC 6749 appendix A.1, A.2).
    pub fn new(client_id: impl Into<Cow<'a, str>>, client_secret: impl Into<Cow<'a, str>>) -> Result<Self, OAuthError> {
        let (client_id, client_secret) = (client_id.into(), client_secret.into());
        if !is_visible(&client_id) || !is_visible(&client_secret) {
            return Err(OAuthError::invalid_client());
        }
        Ok(Self { client_id, client_secret: Secret::new(client_secret) })
    }

    /// The id, as the client says.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The secret, to be verified.
    #[must_use]
    pub const fn client_secret(&self) -> &Secret<'a> {
        &self.client_secret
    }

    /// Reads the credentials of a Basic header: both halves are form-encoded before they are joined (§2.3.1).
    fn of_basic(encoded: &str) -> Option<Self> {
        let joined = String::from_utf8(Base64::decode_vec(encoded).ok()?).ok()?;
        let (id, secret) = joined.split_once(':')?;
        Self::new(form::word(id)?, form::word(secret)?).ok()
    }
}

fn in_body(form: &Form) -> Result<ClientCredentials<'_>, OAuthError> {
    match (form.value("client_id"), form.value("client_secret")) {
        (Some(id), Some(secret)) => ClientCredentials::new(id, secret),
        _ => Err(OAuthError::new(ErrorCode::InvalidClient, "no client authentication was sent")),
    }
}

fn in_header(value: &[u8]) -> Result<Caller<'_>, OAuthError> {
    let text = core::str::from_utf8(value).map_err(|_| OAuthError::invalid_client())?.trim_matches([' ', '\t']);
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim_start_matches(' ');
    if scheme.eq_ignore_ascii_case("Basic") {
        return ClientCredentials::of_basic(rest).map(Caller::Client).ok_or_else(OAuthError::invalid_client);
    }
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(unsupported());
    }
    if rest.is_empty() || !rest.bytes().all(is_token68) {
        return Err(OAuthError::new(ErrorCode::InvalidToken, "the bearer token cannot be read"));
    }
    Ok(Caller::Bearer(Secret::new(rest)))
}

fn unsupported() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClient, "authenticate with client_secret_basic or client_secret_post")
}

fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// RFC 6750 §2.1: `b64token`.
const fn is_token68(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}
