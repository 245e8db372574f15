//! What a token is good for, in one word.

use service_accounts::{
    lifecycle::TokenState,
    store::{Credential, Token},
};
use time::UtcDateTime;
use utoipa::ToSchema;

/// What a token is good for right now.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
#[schema(as = TokenState)]
pub(crate) enum TokenStateShape {
    Active,
    Retiring,
    Expired,
    Revoked,
    Deleted,
}

/// What a token or a session is good for by itself; that its account may be suspended stands with the account.
pub(crate) fn state(found: &Credential, now: UtcDateTime) -> &'static str {
    named(found.state(now), found.token(), now)
}

pub(super) fn named(state: TokenState, token: &Token, now: UtcDateTime) -> &'static str {
    match state {
        TokenState::Deleted { .. } => "deleted",
        _ if !state.may_authenticate(now) => "revoked",
        _ if token.expires_at.is_some_and(|end| end <= now) => "expired",
        TokenState::Retiring { .. } => "retiring",
        _ => "active",
    }
}
