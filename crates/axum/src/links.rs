//! Where what was made can be found.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use http::{HeaderName, header::LOCATION, request::Parts};

/// The path that a request was sent to, with whatever prefix the host has mounted the endpoints at.
///
/// So a link leads where the client is, and not where the router believes to be mounted.
pub(crate) struct Links(String);

impl<S: Send + Sync> FromRequestParts<S> for Links {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let OriginalUri(uri) = OriginalUri::from_request_parts(parts, state).await?;
        Ok(Self(uri.path().trim_end_matches('/').into()))
    }
}

impl Links {
    /// The `Location` of another member of the collection, where the request was sent to a call on one of them.
    pub(crate) fn sibling(&self, id: &str) -> [(HeaderName, String); 1] {
        let collection = self.0.rsplitn(3, '/').nth(2).unwrap_or_default();
        [(LOCATION, format!("{collection}/{id}"))]
    }

    /// The `Location` of a new member of the collection that the request was sent to.
    pub(crate) fn member(&self, id: &str) -> [(HeaderName, String); 1] {
        [(LOCATION, format!("{}/{id}", self.0))]
    }
}
