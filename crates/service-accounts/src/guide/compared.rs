//! What else a Rust service could take, and when it is the better choice.
//!
//! | you need | take |
//! |---|---|
//! | machine users with tokens, rights, sessions, rotation and a trail, in your process | this library |
//! | only random API keys and their hashes | [`prefixed-api-key`](https://docs.rs/prefixed-api-key): a prefix, a short id and a long secret. You bring storage, rights, expiry and audit. Or `service-accounts-token` alone, which adds a checksum, peppers and a leak scanner |
//! | tokens that are checked without a store | [`jsonwebtoken`](https://docs.rs/jsonwebtoken): standard, fast, understood by every gateway. A token works until it expires; revoking one earlier needs a list of your own |
//! | tokens that their holder narrows and passes on | [`biscuit-auth`](https://docs.rs/biscuit-auth): signed, offline attenuation and a policy language. Revocation identifiers exist; distributing them is your part |
//! | to be an OAuth 2.0 server for people, with consent and redirects | [`oxide-auth`](https://docs.rs/oxide-auth). This library speaks client credentials, introspection and revocation only |
//! | to sign people in, with single sign-on | an identity provider such as Keycloak, Zitadel or Ory, beside your service. They have service accounts too, at the price of another server to run and a network hop |
//! | machine identity without any secret to hand out | SPIFFE or mutual TLS, where you control both ends. A cloud's workload identity, where both ends are in that cloud |
//! | a policy language over your own data | [`cedar-policy`](https://docs.rs/cedar-policy). It decides and keeps no credentials; the two go together |
//!
//! ## What this library costs
//!
//! - One read of a store for each request. A JWT or a biscuit needs none.
//! - A pepper to keep. Whoever loses it mints every credential anew.
//! - At most 128 permissions, which are code.
//! - It is opinionated: whole seconds, one role an account, no tokens that are shown twice.
//! - It is young. The others above have been used for years by many.
