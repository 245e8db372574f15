//! The list of all calls, one function a router.

use serde_json::json;
use service_accounts::{access::Permission, naming::AccountId, store::Store, token::TokenId};

use crate::{
    api::{accounts, audit, session, tokens},
    call::Call,
    examples,
    problems::{
        AUTHORITY_LOST, CONFLICT, GRANT_EXCEEDS_ACTOR, ID_TAKEN, INVALID_CREDENTIALS, IP_NOT_ALLOWED, NAME_TAKEN,
        NOT_A_SESSION, NOT_PENDING, NOT_REVOKED, OWN_APPROVAL, REVOKED, SERVICE_ACCOUNT_EXPIRED,
        SERVICE_ACCOUNT_INACTIVE,
    },
    wire::{
        account::{AccountView, CreateRequest, CreatedView, SecretView, UpdateRequest},
        event::{AuditQuery, EventView},
        page::PageQuery,
        session::{AuthRequest, AuthView, VerifyView},
        token::{ListedTokenView, MintRequest, MintedView, TokenUpdateRequest, TokenView},
    },
};

const ACCOUNTS: &str = "/api/v1/service-accounts";
const ACCOUNT: &str = "/api/v1/service-accounts/{id}";
const TOKENS: &str = "/api/v1/service-accounts/{id}/tokens";
const TOKEN: &str = "/api/v1/service-accounts/{id}/tokens/{token_id}";

const MANAGE: &str = "manage service accounts";

/// For the machine user itself.
pub(crate) fn machine_user<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::post("/api/v1/service-account/auth", "openSession", session::auth)
            .summary("Exchange client credentials for a session")
            .takes::<AuthRequest>(examples::credentials())
            .answers::<AuthView<'_>>(200, "A session. Its text is shown here and never again.", examples::session())
            .fails_with(&[
                INVALID_CREDENTIALS,
                SERVICE_ACCOUNT_INACTIVE,
                SERVICE_ACCOUNT_EXPIRED,
                IP_NOT_ALLOWED,
                GRANT_EXCEEDS_ACTOR,
                CONFLICT,
            ]),
        Call::get("/api/v1/service-account/auth/verify", "verifyCredential", session::verify)
            .summary("Tell what the credential is good for")
            .bearer()
            .answers::<VerifyView<'_>>(200, "What it is good for.", examples::verified()),
        Call::post("/api/v1/service-account/auth/revoke", "endSession", session::revoke)
            .summary("End the session that the request came with")
            .bearer()
            .fails_with(&[NOT_A_SESSION, CONFLICT]),
    ]
}

/// The accounts.
pub(crate) fn accounts<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    let mut calls = vec![
        Call::get(ACCOUNTS, "listAccounts", accounts::list)
            .summary("List accounts in the order of their ids")
            .needs(MANAGE)
            .query::<PageQuery<AccountId>>()
            .lists::<AccountView<'_>>(examples::account()),
        Call::post(ACCOUNTS, "createAccount", accounts::create)
            .summary("Create an account, with its client secret and, if asked for, a first token")
            .needs(MANAGE)
            .takes::<CreateRequest>(examples::new_account())
            .makes::<CreatedView<'_>>(
                "The account, with its secrets. They are shown here and never again.",
                examples::created(),
            )
            .fails_with(&[ID_TAKEN, GRANT_EXCEEDS_ACTOR, AUTHORITY_LOST, CONFLICT]),
        Call::get(ACCOUNT, "getAccount", accounts::show)
            .summary("Show an account")
            .needs(MANAGE)
            .answers::<AccountView<'_>>(200, "The account.", examples::account()),
        Call::patch(ACCOUNT, "updateAccount", accounts::update)
            .summary("Change an account; a field that is left out stays")
            .needs(MANAGE)
            .takes::<UpdateRequest>(json!({ "purpose": "loads the warehouse at night" }))
            .answers::<AccountView<'_>>(200, "The account as it is now.", examples::account())
            .fails_with(&[GRANT_EXCEEDS_ACTOR, AUTHORITY_LOST, CONFLICT]),
        Call::delete(ACCOUNT, "deleteAccount", accounts::delete)
            .summary("Delete an account for good: everything is revoked, its history stays")
            .needs(MANAGE)
            .fails_with(&[GRANT_EXCEEDS_ACTOR, AUTHORITY_LOST, CONFLICT]),
        Call::post(
            "/api/v1/service-accounts/{id}/client-secret",
            "regenerateClientSecret",
            accounts::regenerate_secret,
        )
        .summary("Make a new client secret; open sessions go on")
        .needs(MANAGE)
        .answers::<SecretView<'_>>(201, "The secret. It is shown here and never again.", examples::client_secret())
        .fails_with(&[GRANT_EXCEEDS_ACTOR, AUTHORITY_LOST, CONFLICT]),
    ];
    calls.extend(states());
    calls
}

fn states<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::post("/api/v1/service-accounts/{id}/disable", "disableAccount", accounts::disable)
            .summary("Suspend all access of an account")
            .needs(MANAGE)
            .answers::<AccountView<'_>>(200, "The account as it is now.", examples::account())
            .fails_with(&[AUTHORITY_LOST, CONFLICT]),
        Call::post("/api/v1/service-accounts/{id}/enable", "enableAccount", accounts::enable)
            .summary("Let a disabled account in again")
            .needs(MANAGE)
            .answers::<AccountView<'_>>(200, "The account as it is now.", examples::account())
            .fails_with(&[GRANT_EXCEEDS_ACTOR, AUTHORITY_LOST, CONFLICT]),
        Call::post("/api/v1/service-accounts/{id}/approve", "approveAccount", accounts::approve)
            .summary("Approve an account that somebody else has created")
            .needs(MANAGE)
            .answers::<AccountView<'_>>(200, "The account as it is now.", examples::account())
            .fails_with(&[NOT_PENDING, OWN_APPROVAL, GRANT_EXCEEDS_ACTOR, AUTHORITY_LOST, CONFLICT]),
    ]
}

/// The tokens of an account.
pub(crate) fn tokens<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::get(TOKENS, "listTokens", tokens::list)
            .summary("List an account's tokens with their last use")
            .needs(MANAGE)
            .query::<PageQuery<TokenId>>()
            .lists::<ListedTokenView>(examples::listed_token()),
        Call::post(TOKENS, "mintToken", tokens::mint)
            .summary("Mint a token")
            .needs(MANAGE)
            .takes::<MintRequest>(json!({ "name": "nightly-load-2026", "scopes": ["datastores:view"] }))
            .makes::<MintedView<'_>>("The token. Its text is shown here and never again.", examples::minted())
            .fails_with(&[NAME_TAKEN, GRANT_EXCEEDS_ACTOR, AUTHORITY_LOST, CONFLICT]),
        Call::patch(TOKEN, "updateToken", tokens::update)
            .summary("Change what a token may do at most; its text stays the same")
            .needs(MANAGE)
            .takes::<TokenUpdateRequest>(json!({ "scopes": ["datastores:view"] }))
            .answers::<TokenView>(200, "The token as it is now.", examples::token())
            .fails_with(&[REVOKED, GRANT_EXCEEDS_ACTOR, AUTHORITY_LOST, CONFLICT]),
        Call::post("/api/v1/service-accounts/{id}/tokens/{token_id}/revoke", "revokeToken", tokens::revoke)
            .summary("End a token, at once and for good")
            .needs(MANAGE)
            .answers::<TokenView>(200, "The token as it is now.", examples::token())
            .fails_with(&[AUTHORITY_LOST, CONFLICT]),
        Call::delete(TOKEN, "deleteToken", tokens::delete)
            .summary("Take a revoked token off the lists; its history stays")
            .needs(MANAGE)
            .fails_with(&[NOT_REVOKED, AUTHORITY_LOST, CONFLICT]),
    ]
}

/// The audit trail.
pub(crate) fn audit<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::get("/api/v1/audit", "listEvents", audit::list)
            .summary("Read the audit trail")
            .needs(MANAGE)
            .query::<AuditQuery>()
            .lists::<EventView>(examples::event()),
    ]
}
