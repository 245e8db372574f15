//! `POST /oauth2/register`: a client is registered, and so an account is made (RFC 7591).
//!
//! What an account needs beyond the standard's metadata comes as fields of its own, which §2 allows: `purpose`, `owner`,
//! `environment`, `role`, `teams`, `justification`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use service_accounts::{
    Actor, CreatedAccount, NewAccount,
    access::{Permission, RoleName, Scopes, Teams},
    lifecycle::Environment,
    naming::DisplayName,
    store::{Justification, Owner, Purpose, Store},
};
use service_accounts_oauth::{
    Caller, ErrorCode, Form, GrantTypes, OAuthError, RegistrationRequest, RegistrationResponse, ScopeList, Secret,
};

use super::{
    Desk,
    answer::{NO_STORE, Refused, of_registration},
    incoming::{Incoming, JsonText},
    token::scope_of,
};

/// Answers 201. The secret does not expire by itself (`client_secret_expires_at` 0); it is left out where a retry under the
/// same `Idempotency-Key` comes after it was used.
pub(crate) async fn register<S: Store + 'static, P: Permission>(
    State(desk): State<Desk<S, P>>,
    incoming: Incoming<JsonText>,
) -> Result<Response, Refused> {
    let actor = initial_access(&desk, &incoming).await?;
    let request = RegistrationRequest::parse(&incoming.body.0).map_err(|error| desk.refuse(error))?;
    let account = account(&request, &actor, &desk.server.environment).map_err(|error| desk.refuse(error))?;
    let key = incoming.idempotency_key().map_err(|error| desk.refuse(error))?;
    let created = desk.accounts.acting(&actor).create(NewAccount { request: key, ..account }).await;
    let created = created.map_err(|error| desk.refuse(of_registration(&error)))?;
    let scope = desk.scope_of_client(&actor, &created).await;
    Ok((StatusCode::CREATED, NO_STORE, Json(answer(&created, &request, scope))).into_response())
}

impl<S: Store + 'static, P: Permission> Desk<S, P> {
    /// What the new client can do; unknown while it waits for approval, or where a retry comes after its secret was used.
    /// The account is made, so nothing here may fail.
    async fn scope_of_client(&self, actor: &Actor<P>, created: &CreatedAccount) -> Option<ScopeList> {
        let secret = created.client_secret.as_ref()?;
        let found = self.accounts.introspect(actor, secret.expose()).await.ok()??;
        let (account, secret) = (found.credential.account(), found.credential.token());
        Some(scope_of(account, secret, found.principal.grants().permissions()))
    }
}

/// The initial access token of §3: a bearer that may create accounts, which the facade checks.
async fn initial_access<S: Store + 'static, P: Permission>(
    desk: &Desk<S, P>,
    incoming: &Incoming<JsonText>,
) -> Result<Actor<P>, Refused> {
    let missing = || Refused::without_bearer("register with a bearer token", desk.gate.realm_name());
    let empty = Form::parse(b"").map_err(|error| desk.refuse(error))?;
    match Caller::read(incoming.authorization(), &empty) {
        Ok(caller @ Caller::Bearer(_)) => desk.verify(&caller, incoming.address).await,
        Err(error) if matches!(error.code(), ErrorCode::InvalidRequest | ErrorCode::InvalidToken) => {
            Err(desk.refuse(error))
        }
        _ => Err(missing()),
    }
}

/// `client_name` is needed, for the id is made of it. Without `owner` the first contact answers for it, and without one
/// the caller.
fn account<P: Permission>(
    request: &RegistrationRequest,
    actor: &Actor<P>,
    environment: &Environment,
) -> Result<NewAccount, OAuthError> {
    let name = request.client_name().ok_or_else(|| unfit("client_name", "is missing"))?;
    let name = DisplayName::parse(name).map_err(|error| unfit("client_name", error))?;
    let contact = request.texts("contacts")?.and_then(|contacts| contacts.first().copied());
    let owner = request.text("owner")?.or(contact).unwrap_or(actor.name().as_str());
    let purpose = request.text("purpose")?.unwrap_or("OAuth client");
    Ok(NewAccount {
        role: read(request, "role", RoleName::parse)?,
        scopes: scopes(request.scope())?,
        teams: teams(request)?,
        justification: read(request, "justification", Justification::parse)?,
        ..NewAccount::new(
            name,
            Purpose::parse(purpose).map_err(|error| unfit("purpose", error))?,
            Owner::parse(owner).map_err(|error| unfit("owner", error))?,
            read(request, "environment", Environment::parse)?.unwrap_or_else(|| environment.clone()),
        )
    })
}

/// No `scope` is all that the role allows, as in every other call.
fn scopes(scope: Option<&ScopeList>) -> Result<Scopes, OAuthError> {
    let Some(scope) = scope else { return Ok(Scopes::Inherited) };
    Scopes::only(scope.iter()).map_err(|error| unfit("scope", error))
}

fn teams(request: &RegistrationRequest) -> Result<Teams, OAuthError> {
    let Some(names) = request.texts("teams")? else { return Ok(Teams::none()) };
    Teams::only(names).map_err(|error| unfit("teams", error))
}

fn read<T, E: std::fmt::Display>(
    request: &RegistrationRequest,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, OAuthError> {
    request.text(name)?.map(parse).transpose().map_err(|error| unfit(name, error))
}

/// The field is named as the client wrote it.
fn unfit(name: &str, reason: impl std::fmt::Display) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, format!("{name}: {reason}"))
}

fn answer<'a>(
    created: &'a CreatedAccount,
    request: &RegistrationRequest,
    scope: Option<ScopeList>,
) -> RegistrationResponse<'a> {
    let account = &created.account;
    RegistrationResponse {
        client_id: account.id.to_string(),
        client_secret: created.client_secret.as_ref().map(|secret| Secret::new(secret.expose())),
        client_id_issued_at: account.created_at.unix_timestamp(),
        client_secret_expires_at: 0,
        client_name: account.name.as_str().into(),
        scope,
        token_endpoint_auth_method: request.auth_method(),
        grant_types: GrantTypes,
    }
}
