//! Calls of clients that speak OAuth 2.0.

use service_accounts::{Duty, access::Permission, store::Store};

use crate::{
    call::{Endpoint, Needs},
    examples::oauth as examples,
    oauth::{Desk, introspect, metadata, register, revoke, token},
    problems::oauth::{INVALID_CLIENT_METADATA, INVALID_SCOPE, UNSUPPORTED_GRANT_TYPE},
    wire::oauth::{
        IntrospectionShape, MetadataShape, PresentedShape, RegisteredClientShape, RegistrationShape, RevocationShape,
        TokenRequestShape, TokenShape,
    },
};

/// Where the metadata are, for an issuer without a path.
pub(crate) const METADATA: &str = "/.well-known/oauth-authorization-server";

/// The endpoints of the authorization server.
pub(crate) fn oauth<S: Store + 'static, P: Permission>() -> Vec<Endpoint<Desk<S, P>>> {
    vec![
        Endpoint::post("/oauth2/token", "requestToken", token::token)
            .summary("Exchange client credentials for an access token (RFC 6749 §4.4)")
            .needs(Needs::Client)
            .takes_form::<TokenRequestShape>(examples::token_request())
            .answers::<TokenShape>(200, "An access token. It is shown here and never again.", examples::token())
            .fails_as_oauth(&[UNSUPPORTED_GRANT_TYPE, INVALID_SCOPE]),
        Endpoint::post("/oauth2/introspect", "introspectToken", introspect::introspect)
            .summary("Tell what a token is good for, without using it (RFC 7662)")
            .needs(Needs::ClientOrBearer)
            .takes_form::<PresentedShape>(examples::presented())
            .answers::<IntrospectionShape>(200, "What it is good for.", examples::introspection())
            .fails_as_oauth(&[]),
        Endpoint::post("/oauth2/revoke", "giveTokenBack", revoke::revoke)
            .summary("End a token or a session; one that is unknown counts as ended (RFC 7009)")
            .needs(Needs::ClientOrBearer)
            .takes_form::<PresentedShape>(examples::presented())
            .answers::<RevocationShape>(200, "It does not work, or never did.", serde_json::json!({}))
            .fails_as_oauth(&[]),
        Endpoint::post("/oauth2/register", "registerClient", register::register)
            .summary("Register a client, which creates its account (RFC 7591)")
            .needs(Needs::Administration(Duty::Create))
            .can_be_repeated()
            .takes::<RegistrationShape>(examples::registration())
            .answers::<RegisteredClientShape>(
                201,
                "The client. Its secret is shown here and never again.",
                examples::registered(),
            )
            .fails_as_oauth(&[INVALID_CLIENT_METADATA]),
        Endpoint::get(METADATA, "showServerMetadata", metadata::metadata)
            .summary("Tell where the OAuth endpoints are and what they understand (RFC 8414)")
            .answers::<MetadataShape>(200, "The metadata.", examples::metadata())
            .fails_as_oauth(&[]),
    ]
}
