//! `GET /.well-known/oauth-authorization-server`: what this server is and where its endpoints are (RFC 8414).

use axum::{Json, extract::State};
use service_accounts::{access::Permission, store::Store};
use service_accounts_oauth::{Metadata, ScopeList};

use super::Desk;

/// It names every scope that the present catalogue knows, and every permission as one; which of them a client has is not
/// in it.
pub(crate) async fn metadata<S: Store + 'static, P: Permission>(State(desk): State<Desk<S, P>>) -> Json<Metadata> {
    let server = &desk.server;
    let known = desk.accounts.scope_names();
    let scopes = ScopeList::of(known.iter().map(|scope| scope.as_str())).unwrap_or_default();
    let metadata = Metadata::new(server.issuer.clone(), server.endpoints.clone(), &scopes);
    Json(match &server.documentation {
        Some(url) => metadata.with_documentation(url),
        None => metadata,
    })
}
