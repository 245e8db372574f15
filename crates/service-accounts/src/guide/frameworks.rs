//! For authors of a face: how to put this behind another framework.
//!
//! `service-accounts-tower` serves any stack that speaks in `http` 1.x requests, and `service-accounts-axum` adds extractors and
//! the REST calls. For everything else, a face is these steps:
//!
//! 1. Take the text behind `Bearer ` from the one `Authorization` header. Refuse two headers, and a token in the URL (RFC 6750
//!    §2).
//! 2. Find the client's address: the socket's, unless the peer is a proxy that you trust.
//! 3. Call [`authenticate`](crate::ServiceAccounts::authenticate), and answer by the table below.
//! 4. Remove the `Authorization` header before the handler sees the request, so that it cannot log it.
//! 5. Hand the [`Principal`](crate::Principal) to the handler, and call [`authorize`](crate::ServiceAccounts::authorize) with the
//!    permission that the route asks for.
//!
//! | outcome | answer |
//! |---|---|
//! | no credential | 401 with `WWW-Authenticate: Bearer` |
//! | [`AuthenticateError::Rejected`](crate::AuthenticateError::Rejected) | 401 with `error="invalid_token"`; one body for every reason |
//! | [`AuthenticateError::Unavailable`](crate::AuthenticateError::Unavailable) | 503 with `Retry-After`; never 401, or clients throw good tokens away |
//! | [`Forbidden`](crate::Forbidden) | 403 with `error="insufficient_scope"` |
//!
//! ```
//! # mod host { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host.rs")); }
//! use std::net::IpAddr;
//!
//! use service_accounts::{AuthenticateError, ServiceAccounts, access::Permission, store::Store};
//!
//! /// The status for a request, with the header as it came.
//! async fn status<S: Store + 'static, P: Permission>(
//!     accounts: &ServiceAccounts<S, P>,
//!     needed: P,
//!     header: Option<&str>,
//!     peer: Option<IpAddr>,
//! ) -> u16 {
//!     let Some(text) = header.and_then(|header| header.strip_prefix("Bearer ")) else { return 401 };
//!     match accounts.authenticate(text, peer).await {
//!         Ok(principal) if accounts.authorize(&principal, needed, None).is_ok() => 200,
//!         Ok(_) => 403,
//!         Err(AuthenticateError::Rejected(_)) => 401,
//!         Err(AuthenticateError::Unavailable(_)) => 503,
//!     }
//! }
//! # host::with(async |host::Host { accounts, text, .. }| {
//! # use service_accounts::access::presets::data_quality::Permission;
//! # let header = format!("Bearer {text}");
//! # assert_eq!(status(&accounts, Permission::ResultsRead, Some(&header), None).await, 200);
//! # assert_eq!(status(&accounts, Permission::ResourcesWrite, Some(&header), None).await, 403);
//! # assert_eq!(status(&accounts, Permission::ResultsRead, Some("Bearer x"), None).await, 401);
//! # assert_eq!(status(&accounts, Permission::ResultsRead, None, None).await, 401);
//! # Ok(())
//! # }).unwrap();
//! ```
//!
//! The scheme is read without regard to case (RFC 9110 §11.1), which this sketch leaves out; the tower crate's `parse_bearer`
//! does it. `examples/actix` is a face of ten lines over it, `examples/tonic` one for gRPC.
//!
//! Every future may be dropped at any await: a client that hangs up leaves nothing half done.
//!
//! Two tenants in one process are two `ServiceAccounts` with two realms. Mark a principal with the face that let it in, or
//! tenant A's principal counts behind tenant B's routes.
