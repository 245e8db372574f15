//! The list of all calls, one function a router.
//!
//! Each entry is the one place that says the path, the right, what goes in and comes out, and what is refused. The router
//! and the document come from it.

mod audit;
mod governance;
mod insight;
mod oauth;
mod response;
mod subscriptions;

use serde_json::json;
use service_accounts::{Call as May, access::Permission, store::Store, token::TokenId};

use crate::{
    api::{accounts, imports, peppers, rotation, session, sessions, tokens},
    call::Call,
    examples,
    problems::{
        AUTHORITY_LOST, CONFLICT, GRANT_EXCEEDS_ACTOR, ID_TAKEN, INSUFFICIENT_SCOPE, INVALID_CREDENTIALS,
        IP_NOT_ALLOWED, NAME_TAKEN, NOT_A_SESSION, NOT_A_TOKEN, NOT_FOUND, NOT_PENDING, NOT_REVOKED, OUTDATED,
        OWN_APPROVAL, POLICY_BLOCKED, PREVIEW_STALE, REVOKED, ROTATION_IN_PROGRESS, ROTATION_NOT_ALLOWED,
        ROTATION_TOO_LATE, SERVICE_ACCOUNT_EXPIRED, SERVICE_ACCOUNT_INACTIVE, TOO_MANY_TOKENS,
    },
    wire::{
        account::{
            AccountQuery, AccountView, ApprovalQuery, CreateRequest, CreatedView, SecretView, UpdateRequest,
            UpdatedView,
        },
        import::{ImportPreviewView, ImportQuery, ImportedView},
        insight::SightingsView,
        page::PageQuery,
        pepper::PepperView,
        rotation::{RotateRequest, RotateSelfRequest, RotatedView, RotationView},
        session::{AuthRequest, AuthView, SessionView, VerifyView},
        token::{
            ListedTokenView, MintRequest, MintedView, ShownTokenView, TokenUpdateRequest, TokenView, UpdatedTokenView,
        },
    },
};

pub(crate) use self::{
    audit::audit,
    governance::{policies, reviews},
    insight::{insight, lifecycle},
    oauth::{METADATA, oauth},
    response::incidents,
    subscriptions::subscriptions,
};

const ACCOUNTS: &str = "/api/v1/service-accounts";
const ACCOUNT: &str = "/api/v1/service-accounts/{id}";
const TOKENS: &str = "/api/v1/service-accounts/{id}/tokens";
const TOKEN: &str = "/api/v1/service-accounts/{id}/tokens/{token_id}";

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
        Call::post("/api/v1/service-account/auth/rotate", "rotateSelf", rotation::rotate_self)
            .summary("Replace the token that the request came with")
            .bearer()
            .takes::<RotateSelfRequest>(examples::rotate())
            .answers::<RotatedView<'_>>(
                201,
                "The successor. Its text is shown here and never again.",
                examples::rotated(),
            )
            .again_with_200()
            .fails_with(&[
                NOT_FOUND,
                NOT_A_TOKEN,
                ROTATION_NOT_ALLOWED,
                ROTATION_IN_PROGRESS,
                ROTATION_TOO_LATE,
                REVOKED,
                NAME_TAKEN,
                TOO_MANY_TOKENS,
                GRANT_EXCEEDS_ACTOR,
                INSUFFICIENT_SCOPE,
                AUTHORITY_LOST,
                CONFLICT,
                POLICY_BLOCKED,
            ]),
        Call::post("/api/v1/service-account/auth/revoke", "endSession", session::revoke)
            .summary("End the session that the request came with")
            .bearer()
            .fails_with(&[NOT_A_SESSION, CONFLICT]),
    ]
}

/// What stands under `/service-accounts`, without tokens and sessions.
pub(crate) fn accounts<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    let mut calls = vec![
        Call::get(ACCOUNTS, "listAccounts", accounts::list)
            .summary("List accounts in the order of their ids")
            .administers(May::ReadAccounts)
            .query::<AccountQuery>()
            .lists::<AccountView<'_>>(examples::account()),
        Call::post(ACCOUNTS, "createAccount", accounts::create)
            .summary("Create an account, with its client secret and, if asked for, a first token")
            .administers(May::CreateAccount)
            .can_be_repeated()
            .takes::<CreateRequest>(examples::new_account())
            .makes::<CreatedView<'_>>(
                "The account, with its secrets. They are shown here and never again.",
                examples::created(),
            )
            .fails_with(&[ID_TAKEN]),
        Call::get(ACCOUNT, "getAccount", accounts::show)
            .summary("Show an account")
            .administers(May::ReadAccounts)
            .answers::<AccountView<'_>>(200, "The account.", examples::account()),
        Call::patch(ACCOUNT, "updateAccount", accounts::update)
            .summary("Change an account; a field that is left out stays")
            .administers(May::UpdateAccount)
            .takes::<UpdateRequest>(json!({ "purpose": "loads the warehouse at night" }))
            .answers::<UpdatedView<'_>>(200, "The account as it is now.", examples::updated()),
        Call::delete(ACCOUNT, "deleteAccount", accounts::delete)
            .summary("Delete an account for good: everything is revoked, its history stays")
            .administers(May::DeleteAccount),
        Call::post(
            "/api/v1/service-accounts/{id}/client-secret",
            "regenerateClientSecret",
            accounts::regenerate_secret,
        )
        .summary("Make a new client secret; open sessions go on")
        .administers(May::RegenerateSecret)
        .answers::<SecretView<'_>>(
            201,
            "The secret. It is shown here and never again.",
            examples::client_secret(),
        ),
    ];
    calls.extend(states());
    calls
}

fn states<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::post("/api/v1/service-accounts/{id}/disable", "disableAccount", accounts::disable)
            .summary("Suspend all access of an account")
            .administers(May::DisableAccount)
            .answers::<AccountView<'_>>(200, "The account as it is now.", examples::account()),
        Call::post("/api/v1/service-accounts/{id}/enable", "enableAccount", accounts::enable)
            .summary("Let a disabled account in again")
            .administers(May::EnableAccount)
            .answers::<UpdatedView<'_>>(200, "The account as it is now.", examples::updated()),
        Call::post("/api/v1/service-accounts/{id}/approve", "approveAccount", accounts::approve)
            .summary("Approve an account that somebody else has created")
            .administers(May::ApproveAccount)
            .query::<ApprovalQuery>()
            .answers::<UpdatedView<'_>>(200, "The account as it is now.", examples::updated())
            .fails_with(&[NOT_PENDING, OUTDATED, OWN_APPROVAL]),
    ]
}

/// The tokens of an account.
pub(crate) fn tokens<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::get(TOKENS, "listTokens", tokens::list)
            .summary("List an account's tokens with their last use")
            .administers(May::ReadTokens)
            .query::<PageQuery<TokenId>>()
            .lists::<ListedTokenView>(examples::listed_token()),
        Call::post(TOKENS, "mintToken", tokens::mint)
            .summary("Mint a token")
            .administers(May::MintToken)
            .takes::<MintRequest>(json!({ "name": "nightly-load-2026", "scopes": ["datastores:view"] }))
            .makes::<MintedView<'_>>("The token. Its text is shown here and never again.", examples::minted())
            .fails_with(&[NAME_TAKEN, TOO_MANY_TOKENS]),
        Call::get(TOKEN, "getToken", tokens::show)
            .summary("Show a token")
            .administers(May::ReadTokens)
            .answers::<ShownTokenView>(200, "The token.", examples::shown_token()),
        Call::get("/api/v1/service-accounts/{id}/tokens/{token_id}/sightings", "listSightings", tokens::sightings)
            .summary("List what a token was seen to do: addresses and permissions used, attempts after its end")
            .administers(May::ReadTokens)
            .answers::<SightingsView>(200, "What it was seen to do.", examples::sightings()),
        Call::patch(TOKEN, "updateToken", tokens::update)
            .summary("Change what a token may do at most; its text stays the same")
            .administers(May::SetTokenScopes)
            .takes::<TokenUpdateRequest>(json!({ "scopes": ["datastores:view"] }))
            .answers::<UpdatedTokenView<'_>>(200, "The token as it is now.", examples::updated_token())
            .fails_with(&[REVOKED]),
        Call::post("/api/v1/service-accounts/{id}/tokens/{token_id}/revoke", "revokeToken", tokens::revoke)
            .summary("End a token, at once and for good")
            .administers(May::RevokeToken)
            .answers::<TokenView>(200, "The token as it is now.", examples::token()),
        Call::delete(TOKEN, "deleteToken", tokens::delete)
            .summary("Take a revoked token off the lists; its history stays")
            .administers(May::DeleteToken)
            .fails_with(&[NOT_REVOKED]),
    ]
}

/// Tokens are replaced.
pub(crate) fn rotation<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::post("/api/v1/service-accounts/{id}/tokens/{token_id}/rotate", "rotateToken", rotation::rotate)
            .summary("Replace a token; the same key again gets the same successor")
            .administers(May::RotateToken)
            .takes::<RotateRequest>(examples::rotate())
            .answers::<RotatedView<'_>>(
                201,
                "The successor. Its text is shown here and never again.",
                examples::rotated(),
            )
            .again_with_200()
            .fails_with(&[ROTATION_IN_PROGRESS, ROTATION_TOO_LATE, REVOKED, NAME_TAKEN, TOO_MANY_TOKENS]),
        Call::get("/api/v1/service-accounts/{id}/tokens/{token_id}/rotation", "getRotation", rotation::show)
            .summary("Show a token's last rotation, step by step")
            .administers(May::ReadTokens)
            .answers::<RotationView>(200, "The rotation.", examples::rotation()),
        Call::post(
            "/api/v1/service-accounts/{id}/tokens/{token_id}/rotation/cancel",
            "cancelRotation",
            rotation::cancel,
        )
        .summary("Call a rotation off: the old token works as before, the new one is revoked")
        .administers(May::SteerRotation)
        .answers::<RotationView>(200, "The rotation as it is now.", examples::rotation())
        .fails_with(&[ROTATION_TOO_LATE]),
        Call::post(
            "/api/v1/service-accounts/{id}/tokens/{token_id}/rotation/finish",
            "finishRotation",
            rotation::finish,
        )
        .summary("End the overlap now: the old token is revoked")
        .administers(May::SteerRotation)
        .answers::<RotationView>(200, "The rotation as it is now.", examples::rotation())
        .fails_with(&[ROTATION_TOO_LATE]),
    ]
}

/// The open sessions of an account.
pub(crate) fn sessions<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::get("/api/v1/service-accounts/{id}/sessions", "listSessions", sessions::list)
            .summary("List an account's sessions")
            .administers(May::ReadTokens)
            .query::<PageQuery<TokenId>>()
            .lists::<SessionView>(examples::open_session()),
        Call::post("/api/v1/service-accounts/{id}/sessions/{session_id}/revoke", "revokeSession", sessions::revoke)
            .summary("End a session, at once and for good")
            .administers(May::RevokeSession),
    ]
}

/// Accounts from files.
pub(crate) fn imports<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::post("/api/v1/imports", "importAccounts", imports::import)
            .summary("Preview the accounts of a CSV file, or with `confirm` create them all in one step")
            .administers(May::CreateAccount)
            .query::<ImportQuery>()
            .takes_text("text/csv", examples::IMPORT_FILE)
            .answers::<ImportPreviewView>(
                200,
                "What would come of the file. Nothing is written.",
                examples::import_preview(),
            )
            .or_answers::<ImportedView<'_>>(
                201,
                "The accounts. Their secrets are shown here and never again.",
                examples::imported(),
            )
            .also_as("text/csv", examples::IMPORTED_FILE)
            .fails_with(&[PREVIEW_STALE]),
    ]
}

/// How many credentials still stand under each pepper.
pub(crate) fn peppers<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::get("/api/v1/peppers", "listPeppers", peppers::list)
            .summary("List the peppers, the current one first, and how many credentials stand under each")
            .administers(May::ReadPolicies)
            .answers_all::<PepperView>("All peppers.", examples::pepper()),
    ]
}
