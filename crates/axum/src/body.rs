//! What a client sends, read strictly: the whole of it is understood, or the first thing that is not gets named.

use axum::{
    body::{Body, HttpBody},
    extract::{FromRequest, FromRequestParts, Request},
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use service_accounts_tower::Problem;

use crate::Refusal;

/// The largest body, in bytes.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// The longest path of a field that is repeated to the client; every token is longer.
const LONGEST_PATH: usize = 64;

/// A JSON body of at most 64 KiB that must be understood whole.
///
/// What does not fit is answered with a problem that names the field and never repeats its value. Give `T` the attribute
/// `#[serde(deny_unknown_fields)]`.
#[derive(Clone, Copy, Debug)]
pub struct StrictJson<T>(pub T);

/// The query string.
pub(crate) struct Query<T>(pub(crate) T);

/// The variable parts of the path; what cannot be read names nothing that is here.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for StrictJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        check_content_type(request.headers())?;
        let bytes = collect(request.into_body()).await?;
        let mut source = serde_json::Deserializer::from_slice(&bytes);
        let read = serde_path_to_error::deserialize(&mut source);
        let value = read.map_err(|error| refuse_json(&error.path().to_string(), error.inner()))?;
        source.end().map_err(|_| malformed("The body goes on behind the JSON value."))?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let read = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        read.map(Self).map_err(|error| invalid(&error.path().to_string(), &error.inner().to_string()))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|path| Self(path.0)).map_err(|_| Refusal::not_found())
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is_json = essence.eq_ignore_ascii_case("application/json");
    let problem = Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        "Send the body as application/json.",
    );
    if is_json { Ok(()) } else { Err(problem.into()) }
}

async fn collect(body: Body) -> Result<axum::body::Bytes, Refusal> {
    // What is announced as too large need not be read to be refused.
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > MAX_BYTES) {
        return Err(too_large());
    }
    match Limited::new(body, MAX_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(malformed("The body broke off.")),
    }
}

fn refuse_json(path: &str, error: &serde_json::Error) -> Refusal {
    match error.classify() {
        serde_json::error::Category::Data => invalid(path, &without_place(error)),
        _ => malformed("The body is not JSON."),
    }
}

fn too_large() -> Refusal {
    let detail = format!("The body is larger than {MAX_BYTES} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", detail).into()
}

/// Names the field, unless the client made up a name that could be anything, a secret included.
fn invalid(path: &str, message: &str) -> Refusal {
    let is_plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.' | '[' | ']');
    let path = if path.len() <= LONGEST_PATH && path.chars().all(is_plain) { path } else { "" };
    Refusal::validation(path, &without_input(message))
}

fn malformed(detail: &'static str) -> Refusal {
    Problem::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON", detail).into()
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.into())
}

/// Serde quotes the value it did not expect; only what it did expect goes out.
fn without_input(message: &str) -> String {
    const QUOTING: [&str; 5] =
        ["invalid type:", "invalid value:", "invalid length", "unknown variant", "unknown field"];
    if !QUOTING.iter().any(|start| message.starts_with(start)) {
        return message.into();
    }
    let what = if message.starts_with("unknown field") { "unknown field" } else { "wrong type or value" };
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
    expected.map_or_else(|| what.into(), |expected| format!("{what}, expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_never_repeats_what_was_sent() {
        let quoted = "invalid type: string \"acme_sat_secret, expected nothing\", expected u32";
        assert_eq!(without_input(quoted), "wrong type or value, expected u32");
        assert_eq!(
            without_input("unknown field `acme_sat_secret`, expected `name` or `role`"),
            "unknown field, expected `name` or `role`"
        );
        assert_eq!(without_input("unknown field `acme_sat_secret`, there are no fields"), "unknown field");
        assert_eq!(without_input("missing field `name`"), "missing field `name`");
    }
}
