//! Bodies in JSON, read strictly: the whole of a body is understood, or the first thing that is not gets named.
//!
//! `serde` alone takes an array for any struct, so that `["id", "secret"]` would sign in, and its errors name Rust
//! types and repeat what was sent. `serde_json` still parses; the reader between its tree and the types asks each
//! value for its kind. Given up: a body is held as a tree for a moment, at most 64 KiB of text.

mod document;
mod misfit;
mod node;

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{FromRequest, Request},
};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use service_accounts_tower::Problem;

pub(crate) use self::{
    document::{Document, Object},
    misfit::Misfit,
    node::read,
};
use crate::Refusal;

/// The largest body, in bytes.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// A JSON object of at most 64 KiB that must be understood whole.
///
/// Refused are, with the field named by its path and its value never repeated: unknown fields (give `T` the attribute
/// `#[serde(deny_unknown_fields)]`), fields that come twice, values of another type, and arrays where an object belongs,
/// which `serde` by itself would accept. What is no JSON at all is 400, what is sent as anything but JSON in UTF-8 is 415.
///
/// ```
/// use service_accounts_axum::StrictJson;
///
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Order { item: String, count: u8 }
///
/// async fn order(StrictJson(order): StrictJson<Order>) -> String {
///     format!("{} × {}", order.count, order.item)
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::post(order));
/// ```
///
/// 400 `MALFORMED_JSON`, 413 `BODY_TOO_LARGE`, 415 `UNSUPPORTED_MEDIA_TYPE` and 422 `VALIDATION_ERROR` are problems
/// (RFC 9457).
#[derive(Clone, Copy, Debug)]
pub struct StrictJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for StrictJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        check_media_type(request.headers(), "application/json")?;
        let bytes = collect(request.into_body(), MAX_BYTES).await?;
        parse(&bytes).map(Self)
    }
}

/// As [`StrictJson`], for a body whose every field may be left out: no body at all is then the empty object, whatever its media
/// type.
pub(crate) struct JsonOrNothing<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonOrNothing<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if request.body().is_end_stream() {
            return parse(b"{}").map(Self);
        }
        StrictJson::from_request(request, state).await.map(|StrictJson(read)| Self(read))
    }
}

/// Reads the bytes of a body.
///
/// First the whole text as a tree, then the tree as a type: so a body that is no JSON is told from one that does not
/// fit.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    if bytes.trim_ascii().is_empty() {
        return Err(malformed("The body is empty; send a JSON object."));
    }
    let document = Document::parse(bytes).map_err(|error| malformed(broken_at(&error)))?;
    read(&document).map_err(|misfit| Refusal::validation(&misfit.path(), misfit.message()))
}

/// One `Content-Type`, of this media type, in UTF-8, and not packed: anything else would be read as what it is not.
pub(crate) fn check_media_type(headers: &HeaderMap, expected: &str) -> Result<(), Refusal> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let fits = match (types.next(), types.next()) {
        (Some(value), None) => value.to_str().is_ok_and(|given| is_utf_8(given, expected)),
        _ => false,
    };
    if !fits {
        return Err(unsupported(format!("Send the body as {expected}, in UTF-8.")));
    }
    if is_plain(headers) { Ok(()) } else { Err(unsupported("Send the body without Content-Encoding.")) }
}

/// Whether the body is sent as it is; `identity` says no more than that (RFC 9110 §8.4.1).
pub(crate) fn is_plain(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    encodings.all(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

/// JSON has one encoding (RFC 8259 §8.1), and so has every text here; a parameter that names it, or one that says nothing of
/// it, does no harm.
pub(crate) fn is_utf_8(media_type: &str, expected: &str) -> bool {
    let mut parts = media_type.split(';');
    let is_expected = parts.next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(expected));
    is_expected && parts.all(|parameter| charset(parameter).is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8")))
}

fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
}

/// At most `limit` bytes of a body.
///
/// A body without an announced length is read up to the limit and no further.
pub(crate) async fn collect(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    // What is announced as too large need not be read to be refused.
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > limit) {
        return Err(too_large(limit));
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(_) => Err(malformed("The body broke off.")),
    }
}

fn too_large(limit: usize) -> Refusal {
    let detail = format!("The body is larger than {limit} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", detail).into()
}

fn unsupported(detail: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", detail).into()
}

/// The place and nothing that stands there. Text that is no UTF-8 has no place.
fn broken_at(error: &serde_json::Error) -> String {
    match (error.line(), error.column()) {
        (0, _) => "The body is not JSON: it is not UTF-8.".into(),
        (line, column) => format!("The body is not JSON: see line {line}, column {column}."),
    }
}

fn malformed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Problem::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON", detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_json_in_utf_8_or_nothing() {
        for fit in [
            "application/json",
            "Application/JSON",
            " application/json ; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; version=1",
        ] {
            assert!(is_utf_8(fit, "application/json"), "{fit}");
        }
        for unfit in [
            "",
            "text/json",
            "application/jsonp",
            "application/json; charset=utf-16",
            "application/json; charset=latin1; charset=utf-8",
            "application/json, text/plain",
            "application/json; charset=",
        ] {
            assert!(!is_utf_8(unfit, "application/json"), "{unfit}");
        }
    }
}
