//! What is looked at to judge a request: everything but its body.

use http::{Extensions, HeaderMap, Method, Request, Uri, request::Parts};

/// The parts of a request that a gate reads, borrowed from it.
///
/// ```
/// use http::Request;
/// use service_accounts_tower::RequestHead;
///
/// let request = Request::builder().uri("/datastores?team=finance").body(())?;
/// assert_eq!(RequestHead::from(&request).uri.path(), "/datastores");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestHead<'r> {
    /// The method.
    pub method: &'r Method,
    /// The target, as the service sees it: a router may have taken a prefix off.
    pub uri: &'r Uri,
    /// The headers; behind the gate without `Authorization`.
    pub headers: &'r HeaderMap,
    /// What layers before this one have left, such as the [`Peer`](crate::Peer).
    pub extensions: &'r Extensions,
}

impl<'r, B> From<&'r Request<B>> for RequestHead<'r> {
    fn from(request: &'r Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }
}

impl<'r> From<&'r Parts> for RequestHead<'r> {
    fn from(parts: &'r Parts) -> Self {
        Self { method: &parts.method, uri: &parts.uri, headers: &parts.headers, extensions: &parts.extensions }
    }
}
