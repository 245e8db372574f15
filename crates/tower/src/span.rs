//! What a request's `tracing` span tells, and what it leaves out.

use std::fmt;

use http::Request;
use service_accounts::{Principal, access::Permission, token::Vendor};
use tracing::{Span, field};

/// The query may hold what is nobody's business, so the span has the path alone; and a client may put a credential into
/// that too, so parts that are long enough to be one are left out,
/// as is the end of a long path.
pub(crate) fn span_of<B>(request: &Request<B>) -> Span {
    tracing::info_span!(
        target: "service_accounts::request",
        "request",
        method = %ShortParts(request.method().as_str()),
        path = %ShortParts(request.uri().path()),
        account = field::Empty,
        token = field::Empty,
        address = field::Empty,
        refused = field::Empty,
    )
}

/// The length of the shortest credential: vendor, underscore, kind, underscore, and 60 characters.
const SHORTEST: usize = Vendor::MIN + 1 + 3 + 1 + 60;

/// The most bytes of a path that a span tells; the rest is the client's, and up to a whole header in length.
const LONGEST: usize = 512;

/// A path or a method without the parts that could be a credential, and without its end where it is too long.
struct ShortParts<'a>(&'a str);

impl fmt::Display for ShortParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut end = 0_usize;
        for (place, part) in self.0.split('/').enumerate() {
            f.write_str(if place == 0 { "" } else { "/" })?;
            end = end.saturating_add(part.len()).saturating_add(usize::from(place > 0));
            if end > LONGEST {
                return f.write_str("…");
            }
            f.write_str(if part.len() < SHORTEST { part } else { "…" })?;
        }
        Ok(())
    }
}

/// Adds who was let in.
pub(crate) fn describe<P: Permission>(principal: &Principal<P>, span: &Span) {
    span.record("account", principal.id().as_str());
    span.record("token", principal.token_id().as_str());
    if let Some(address) = principal.address() {
        span.record("address", field::display(address));
    }
}
