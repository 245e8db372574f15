//! The credential in a request (RFC 6750 §2.1).

use http::{HeaderMap, HeaderValue, Uri, header::AUTHORIZATION};

/// Why a request shows no credential that could be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// None at all, or one of another scheme.
    #[error("the request has no bearer credential")]
    Missing,
    /// More than one `Authorization` header: which one counts would be a guess.
    #[error("the request has more than one Authorization header")]
    Doubled,
    /// The header is not of the form `Bearer <token>`.
    #[error("the Authorization header is not of the form `Bearer <token>`")]
    Malformed,
    /// A token in the URL, where logs and histories keep it (RFC 6750 §5.3).
    #[error("a token in the URL is refused; send it in the Authorization header")]
    InUrl,
}

/// Finds the bearer token of a request; the scheme may be in any case, with any number of spaces behind it.
///
/// # Errors
/// There is none, or it is not clear which one is meant.
pub fn bearer<'r>(headers: &'r HeaderMap, uri: &Uri) -> Result<&'r str, BearerError> {
    token_of(sole_authorization(headers, uri)?)
}

/// The one `Authorization` header of a request.
pub(crate) fn sole_authorization<'r>(headers: &'r HeaderMap, uri: &Uri) -> Result<&'r HeaderValue, BearerError> {
    if uri.query().is_some_and(has_token) {
        return Err(BearerError::InUrl);
    }
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(BearerError::Missing)?;
    if values.next().is_some() { Err(BearerError::Doubled) } else { Ok(value) }
}

/// The token in the value of an `Authorization` header.
pub(crate) fn token_of(value: &HeaderValue) -> Result<&str, BearerError> {
    let text = str::from_utf8(value.as_bytes()).map_err(|_| BearerError::Malformed)?;
    let Some(token) = behind_scheme(text) else {
        let is_other_scheme = text.is_ascii() && text.contains(' ');
        return Err(if is_other_scheme { BearerError::Missing } else { BearerError::Malformed });
    };
    let token = token.trim_matches(' ');
    if token.is_empty() || !is_one_word(token) { Err(BearerError::Malformed) } else { Ok(token) }
}

fn behind_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked("bearer".len())?;
    if scheme.eq_ignore_ascii_case("bearer") { rest.strip_prefix(' ') } else { None }
}

/// All bytes are looked at, also behind a misfit: without a way out the loop takes many at a time.
fn is_one_word(token: &str) -> bool {
    token.bytes().fold(true, |is_fit, byte| is_fit & byte.is_ascii() & (byte != b' ') & (byte != b','))
}

fn has_token(query: &str) -> bool {
    query.split('&').any(|pair| pair.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("access_token")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: &[&[u8]]) -> Result<String, BearerError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        bearer(&headers, &Uri::from_static("/")).map(Into::into)
    }

    #[test]
    fn the_scheme_may_be_in_any_case_with_any_spaces() {
        for value in ["Bearer abc", "bearer abc", "BEARER abc", "bEaReR   abc", "Bearer abc  "] {
            assert_eq!(found(&[value.as_bytes()]).as_deref(), Ok("abc"), "{value}");
        }
    }

    #[test]
    fn what_is_no_bearer_token_is_named() {
        assert_eq!(found(&[]), Err(BearerError::Missing));
        assert_eq!(found(&[b"Basic abc"]), Err(BearerError::Missing));
        assert_eq!(found(&[b"Bearer a", b"Bearer a"]), Err(BearerError::Doubled));
        for value in
            [&b"Bearer"[..], b"Bearer ", b"garbage", b"", b"Bearer a b", b"Bearer a,Bearer b", b"Bearer \xff\xfe"]
        {
            assert_eq!(found(&[value]), Err(BearerError::Malformed), "{value:?}");
        }
    }

    #[test]
    fn a_token_in_the_url_is_refused() {
        for uri in ["/?access_token=x", "/?a=b&ACCESS_TOKEN=x", "/?access_token"] {
            assert_eq!(bearer(&HeaderMap::new(), &uri.parse().unwrap()), Err(BearerError::InUrl), "{uri}");
        }
        assert_eq!(bearer(&HeaderMap::new(), &Uri::from_static("/?not_access_token=x")), Err(BearerError::Missing));
    }
}
