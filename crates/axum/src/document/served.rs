//! The document as it is sent.

use axum::{
    body::Bytes,
    response::{IntoResponse, Response},
};
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::router::DOCUMENT;

/// The document as bytes, written once: it is asked for by anybody, and is as long as many answers.
///
/// Where it is asked for under a prefix, it names that as its server, and is copied once.
#[derive(Clone)]
pub(crate) struct Served {
    whole: Bytes,
    /// All but the servers, from the first comma on.
    rest: Bytes,
}

impl Served {
    pub(crate) fn new(mut document: Value) -> Self {
        let whole = document.to_string().into();
        if let Some(fields) = document.as_object_mut() {
            fields.remove("servers");
        }
        let without = document.to_string();
        let rest = without.strip_prefix('{').map_or_else(Bytes::new, |rest| format!(",{rest}").into());
        Self { whole, rest }
    }

    /// The prefix is found from the request, because a nested router does not know where it was nested.
    pub(crate) fn under(&self, path: &str) -> Response {
        let prefix = path.strip_suffix(DOCUMENT).filter(|prefix| !prefix.is_empty());
        let body = prefix.map_or_else(|| self.whole.clone(), |prefix| self.with_server(prefix));
        ([(CONTENT_TYPE, "application/json")], body).into_response()
    }

    fn with_server(&self, prefix: &str) -> Bytes {
        let servers = format!("{{\"servers\":{}", json!([{ "url": prefix }]));
        [servers.as_bytes(), &self.rest].concat().into()
    }
}
