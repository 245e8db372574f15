//! The credential in a request (RFC 6750 §2.1).

use http::{HeaderMap, HeaderValue, Request, Uri, header::AUTHORIZATION};

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
    token_of(credential(headers, uri)?)
}

/// Reads the value of an `Authorization` header, for stacks that have no [`HeaderMap`] of this version of `http`.
///
/// It sees one value only: that there is exactly one `Authorization` header, and no token in the URL, is for the caller
/// to check.
///
/// ```
/// use service_accounts_tower::{BearerError, parse_bearer};
///
/// assert_eq!(parse_bearer("bearer  acme_sat_abc"), Ok("acme_sat_abc"));
/// assert_eq!(parse_bearer("Basic YTpi"), Err(BearerError::Missing));
/// assert_eq!(parse_bearer("Bearer a b"), Err(BearerError::Malformed));
/// ```
///
/// # Errors
/// [`BearerError::Missing`] for another scheme, [`BearerError::Malformed`] for anything that is no `Bearer <token>`.
pub fn parse_bearer(value: &str) -> Result<&str, BearerError> {
    let Some(token) = behind_scheme(value) else {
        let is_other_scheme = value.is_ascii() && value.contains(' ');
        return Err(if is_other_scheme { BearerError::Missing } else { BearerError::Malformed });
    };
    let token = token.trim_matches(' ');
    if token.is_empty() || !is_one_word(token) { Err(BearerError::Malformed) } else { Ok(token) }
}

/// The value of the one `Authorization` header.
pub(crate) fn credential<'r>(headers: &'r HeaderMap, uri: &Uri) -> Result<&'r HeaderValue, BearerError> {
    refuse_token_in(uri)?;
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(BearerError::Missing)?;
    if values.next().is_some() { Err(BearerError::Doubled) } else { Ok(value) }
}

/// As [`credential`], and the request is left without it.
pub(crate) fn take_credential<B>(request: &mut Request<B>) -> Result<HeaderValue, BearerError> {
    refuse_token_in(request.uri())?;
    let headers = request.headers_mut();
    let others = headers.len().saturating_sub(1);
    let value = headers.remove(AUTHORIZATION).ok_or(BearerError::Missing)?;
    if headers.len() == others { Ok(value) } else { Err(BearerError::Doubled) }
}

/// The token in the value of an `Authorization` header.
pub(crate) fn token_of(value: &HeaderValue) -> Result<&str, BearerError> {
    parse_bearer(str::from_utf8(value.as_bytes()).map_err(|_| BearerError::Malformed)?)
}

fn behind_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked("bearer".len())?;
    if scheme.eq_ignore_ascii_case("bearer") { rest.strip_prefix(' ') } else { None }
}

/// All bytes are looked at, also behind a misfit: without a way out the loop takes many at a time.
fn is_one_word(token: &str) -> bool {
    token.bytes().fold(true, |is_fit, byte| is_fit & byte.is_ascii() & (byte != b' ') & (byte != b','))
}

fn refuse_token_in(uri: &Uri) -> Result<(), BearerError> {
    if uri.query().is_some_and(has_token) { Err(BearerError::InUrl) } else { Ok(()) }
}

fn has_token(query: &str) -> bool {
    query.split('&').any(|pair| is_access_token(pair.split('=').next().unwrap_or_default()))
}

/// Compares after decoding, so that `access%5Ftoken` is no way around.
fn is_access_token(name: &str) -> bool {
    let mut expected = b"access_token".iter();
    decoded(name.as_bytes()).all(|byte| expected.next() == Some(&byte.to_ascii_lowercase()))
        && expected.next().is_none()
}

/// The bytes that a percent-encoded text stands for; a `%` without two hex digits stands for itself.
fn decoded(mut text: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let (byte, rest) = match text {
            [b'%', high, low, rest @ ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, rest),
                _ => (b'%', text.get(1..)?),
            },
            [byte, rest @ ..] => (*byte, rest),
            [] => return None,
        };
        text = rest;
        Some(byte)
    })
}

fn hex(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, HOST};

    use super::*;

    /// What is found, whether the request is looked at or its credential taken out.
    fn found(values: &[&[u8]]) -> Result<String, BearerError> {
        let mut request = Request::new(());
        for (name, value) in [(ACCEPT, "a"), (ACCEPT, "b"), (HOST, "c")] {
            request.headers_mut().append(name, HeaderValue::from_static(value));
        }
        for value in values {
            request.headers_mut().append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        let found = bearer(request.headers(), request.uri()).map(Into::into);
        let taken = take_credential(&mut request).and_then(|value| token_of(&value).map(Into::into));
        assert_eq!((taken, request.headers().get(AUTHORIZATION)), (found.clone(), None));
        found
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
        for value in [&b"Basic abc"[..], b"Bearerabc d", b"Bear abc", b" Bearer abc", b" "] {
            assert_eq!(found(&[value]), Err(BearerError::Missing), "{value:?}");
        }
        for values in [&[&b"Bearer a"[..], b"Bearer a"][..], &[b"Bearer a", b"Basic a", b""]] {
            assert_eq!(found(values), Err(BearerError::Doubled), "{values:?}");
        }
        let malformed = [&b"Bearer"[..], b"Bearer ", b"Beare", b"garbage", b"", b"Bearer a b", b"Bearer a,Bearer b"];
        let beyond_ascii =
            [&b"Bearer \xff\xfe"[..], b"Bearer \xc3\xa9", b"Basic \xc3\xa9", b"\xc3\xa9\xc3\xa9\xc3\xa9 a"];
        for value in malformed.into_iter().chain(beyond_ascii) {
            assert_eq!(found(&[value]), Err(BearerError::Malformed), "{value:?}");
        }
    }

    #[test]
    fn a_token_in_the_url_is_refused() {
        for uri in ["/?access_token=x", "/?a=b&ACCESS_TOKEN=x", "/?access_token"] {
            assert_eq!(bearer(&HeaderMap::new(), &uri.parse().unwrap()), Err(BearerError::InUrl), "{uri}");
        }
    }

    /// navidrome#6013: a filter compared the name as it was written.
    #[test]
    fn the_name_of_a_token_in_the_url_is_compared_after_decoding() {
        for uri in ["/?access%5Ftoken=x", "/?a=b&%41ccess%5ftoken=x", "/?access_toke%6E"] {
            assert_eq!(bearer(&HeaderMap::new(), &uri.parse().unwrap()), Err(BearerError::InUrl), "{uri}");
        }
        for uri in ["/?not_access_token=x", "/?access_token2=x", "/?access_toke=x", "/?access%25_token", "/?%", "/?%5"]
        {
            assert_eq!(bearer(&HeaderMap::new(), &uri.parse().unwrap()), Err(BearerError::Missing), "{uri}");
        }
    }
}
